"""`reportguide bench`: our brain and stock Rasa at the same dialogue, in turn, on the same machine."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console

from bot.cli.faults import Fault
from bot.settings import ROOT, Settings
from bot.supervisor import brain_python, prepare

#: The stock project and the dialogue that both sides are taken through.
BENCH = ROOT / "tests" / "bench"
STOCK = BENCH / "stock"
SIDES = ("ours", "stock")
#: Conversations of each side that are counted, and how many of them one side takes before it is the other's turn.
CONVERSATIONS, BLOCK = 40, 5
#: Stock Rasa's turns grow with the conversation: beyond this many its long conversation is not waited for.
STOCK_LONG = 300
#: Turns of the long conversation that are shown, besides the last.
SHOWN = (5, 50, 100, 200)
#: Seconds until a process must be ready, and until a block of conversations must be over.
READY, BLOCK_ENDS = 180, 1800


def run(settings: Settings, turns: int, as_json: bool, conversations: int = CONVERSATIONS) -> None:
    """Measure both sides and print tables, or one JSON object. `turns`: length of the long conversation."""
    if turns < 12:
        raise Fault("a long conversation has at least 12 turns", "give --turns 12 or more")
    console = Console(stderr=True)
    with _terminable(), contextlib.ExitStack() as held:
        prepare(settings, console)
        progress = held.enter_context(_Steps(console))
        stock_model = _stock_model(settings, progress)
        home = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="reportguide-bench-")))
        sides = {
            "ours": held.enter_context(_ours(settings, home, progress)),
            "stock": held.enter_context(_stock(home, stock_model, progress)),
        }
        result = _measure(sides, turns, conversations, progress)
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        _print(result)


# -- measuring -------------------------------------------------------------------------------------------------------


@dataclass
class Figures:
    """What was measured of one side: milliseconds by conversation and turn, of the long conversation, peak memory."""

    turns: list[list[float]] = field(default_factory=list)
    long: list[float] = field(default_factory=list)
    rss_mb: float = 0.0


def _measure(sides: dict[str, Agent], turns: int, conversations: int, progress: _Steps) -> dict[str, Any]:
    """A block of one side, then of the other, again and again: what slows the machine down meets both."""
    figures = {name: Figures() for name in SIDES}
    with progress.step("taking both through the dialogue", 2 * conversations) as advance:
        for start in range(0, conversations, BLOCK):
            count = min(BLOCK, conversations - start)
            for name in SIDES:
                answer = sides[name].ask({"conversations": count})
                figures[name].turns += answer["turns"]
                advance(count)
    # Memory in ordinary use: the long conversation is a case of its own.
    for name in SIDES:
        figures[name].rss_mb = answer_rss(sides[name])
    for name, length in (("ours", turns), ("stock", min(turns, STOCK_LONG))):
        with progress.step(f"a conversation of {length} turns: {name}"):
            figures[name].long = sides[name].ask({"long": length})["long"]
    return _summary(figures, conversations)


def answer_rss(agent: Agent) -> float:
    return float(agent.ask({})["rss_mb"])


def _summary(figures: dict[str, Figures], conversations: int) -> dict[str, Any]:
    all_turns = {name: [ms for one in found.turns for ms in one] for name, found in figures.items()}
    turn_ms = {
        name: {
            "p50": _ms(statistics.median(every)),
            "p95": _ms(_percentile(every, 0.95)),
            "mean": _ms(statistics.fmean(every)),
        }
        for name, every in all_turns.items()
    }
    per_second = {name: round(1000 / statistics.fmean(every), 2) for name, every in all_turns.items()}
    growth = {name: _growth(found.long) for name, found in figures.items()}
    return {
        "turn_ms": turn_ms,
        "turn_ratio_p50": round(turn_ms["ours"]["p50"] / turn_ms["stock"]["p50"], 4),
        "turns_per_second": per_second,
        "turns_per_second_ratio": round(per_second["ours"] / per_second["stock"], 2),
        "by_turn_ms": {
            name: [_ms(statistics.median(column)) for column in zip(*found.turns, strict=True)]
            for name, found in figures.items()
        },
        "long_conversation_ratio": growth["ours"],
        "long_conversation_ratio_stock": growth["stock"],
        "long_conversation_ms": {name: _milestones(found.long) for name, found in figures.items()},
        "rss_mb": {name: found.rss_mb for name, found in figures.items()},
        "conversations": conversations,
        "cpus": os.cpu_count(),
    }


def _growth(long: list[float]) -> float:
    """The last ten turns of a conversation against its third to twelfth."""
    return round(statistics.median(long[-10:]) / statistics.median(long[2:12]), 3)


def _milestones(long: list[float]) -> dict[str, float]:
    """Turn → median of the ten turns around it; one turn alone says little."""
    at = [turn for turn in SHOWN if turn < len(long)] + [len(long)]
    return {
        str(turn): _ms(statistics.median(long[max(0, turn - 6) :][:10] if turn < len(long) else long[-10:]))
        for turn in at
    }


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def _ms(value: float) -> float:
    return round(value, 2)


# -- the two sides ---------------------------------------------------------------------------------------------------


class Agent:
    """One side, loaded in a process of its own (`bot.brain.measure`), which measures what it is asked to."""

    def __init__(self, side: str, environment: dict[str, str], log: Path, *options: str) -> None:
        self._side, self._log = side, log
        command = [
            str(brain_python()),
            "-m",
            "bot.brain.measure",
            side,
            "--follow",
            "--dialogue",
            str(BENCH / "dialogue.yml"),
            *options,
        ]
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        try:
            self._read()
        except BaseException:
            self._end()
            raise
        return self

    def ask(self, wanted: dict[str, int]) -> dict[str, Any]:
        """``{"conversations": n}`` or ``{"long": n}`` → ``{"turns": [[ms]], "long": [ms], "rss_mb"}``."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(wanted) + "\n")
            self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise Fault(f"{self._side} ended while it was measured: {_last_line(self._log)}")
        told: dict[str, Any] = json.loads(line)
        if "error" in told:
            raise Fault(
                f"the dialogue was not followed. {told['error']}", "tests/bench/dialogue.yml says what both must ask"
            )
        return told

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        _end(self._process)
