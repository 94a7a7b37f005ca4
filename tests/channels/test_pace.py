"""A short run of the measurement in `tests/channels/pace.py`: what it measures happens. It asserts no time."""

from __future__ import annotations

import pytest

from tests.channels import pace

pytestmark = pytest.mark.system


def test_everybody_is_heard_and_answered() -> None:
    told = pace.run(people=3, messages=2, think=0.3)
    assert told["stored_ms"]["count"] == told["reply_ms"]["count"] == 6
    assert told["replies"] + told["sent_later"] >= 3
    print(told)
