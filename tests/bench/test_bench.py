"""The benchmark runs to its end and prints what it promises. Its figures are never asserted: CI machines vary."""

from __future__ import annotations

import json

import pytest

from bot.cli.bench import run
from bot.settings import Settings

pytestmark = pytest.mark.system


def positive(value: object) -> bool:
    return isinstance(value, int | float) and value > 0


def test_bench_prints_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    run(Settings(), turns=30, as_json=True, conversations=2, short=True)
    told = json.loads(capsys.readouterr().out)
    for side in ("ours", "stock"):
        assert all(positive(told["turn_ms"][side][name]) for name in ("p50", "p95", "mean"))
        assert len(told["turn_by_turn_ms"][side]) == 7
        assert set(told["long_conversation_ms"][side]) == {"5", "30"}
        assert all(map(positive, told["long_conversation_ms"][side].values()))
        assert positive(told["rss_mb"][side])
        assert positive(told["turns_per_second"][side])
    ratios = ("turn_ratio_p50", "turns_per_second_ratio", "long_conversation_ratio", "long_conversation_ratio_stock")
    assert all(positive(told[name]) for name in ratios)
    assert told["conversations"] == 2
