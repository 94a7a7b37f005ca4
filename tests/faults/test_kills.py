"""The short form of `tests.faults.kills`, for every run."""

from __future__ import annotations

import pytest

from tests.faults.kills import run

pytestmark = pytest.mark.system


def test_a_report_survives_its_processes() -> None:
    result = run(kills=4, seed=7)
    assert len(result["kills"]) == 4
    assert result["cases"] == result["reports"]
