"""`reportguide bench`: our brain and stock Rasa at the same dialogue, in turn, on the same machine."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import statistics
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bot.cli.bench_sides import Agent, Steps, ours, stock, stock_model
from bot.cli.faults import Fault
from bot.settings import Settings
from bot.supervisor import prepare, shown

SIDES = ("ours", "stock")
#: Conversations of each side that count, and how many one side takes before it is the other's turn.
CONVERSATIONS, BLOCK = 40, 5
#: Stock Rasa's turns grow with the conversation: a longer one is not waited for.
STOCK_LONG = 300
#: Turns of the long conversation that are shown, besides the last.
SHOWN = (5, 50, 100, 200)
#: The shortest long conversation whose growth means anything.
SHORTEST = 20


def run(settings: Settings, turns: int, as_json: bool, conversations: int = CONVERSATIONS, short: bool = False) -> None:
    """Measure both sides and print tables, or one JSON object. `turns`: length of the long conversation.

    `short`: stock Rasa learns for fewer rounds than by default; its turns take as long.
    """
    if turns < SHORTEST:
        raise Fault(f"{turns} turns are no long conversation", f"give --turns {SHORTEST} or more")
    console = Console(stderr=True)
    with _terminable(), contextlib.ExitStack() as held:
        prepare(settings, console)
        progress = Steps(held.enter_context(shown(console)))
        model = stock_model(settings, progress, short)
        home = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="reportguide-bench-")))
        agents = {
            "ours": ours(settings, home, progress, held),
            "stock": stock(model, home, progress, held),
        }
        result = _summary(_measure(agents, turns, conversations, progress))
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        _print(result)


@dataclass
class _Figures:
    """Of one side: milliseconds by conversation and turn, and of the long conversation; peak memory."""

    turns: list[list[float]] = field(default_factory=list)
    long: list[float] = field(default_factory=list)
    rss_mb: float = 0.0


def _measure(agents: dict[str, Agent], turns: int, conversations: int, progress: Steps) -> dict[str, _Figures]:
    """A block of one side, then of the other, and so on: what slows the machine down for a while meets both."""
    figures = {side: _Figures() for side in SIDES}
    with progress.step("both sides take the dialogue", 2 * conversations) as advance:
        for start in range(0, conversations, BLOCK):
            count = min(BLOCK, conversations - start)
            for side in SIDES:
                told = agents[side].ask({"conversations": count})
                figures[side].turns += told["turns"]
                # Before the long conversation, which is a case of its own.
                figures[side].rss_mb = told["rss_mb"]
                advance(count)
    for side, length in (("ours", turns), ("stock", min(turns, STOCK_LONG))):
        with progress.step(f"one conversation of {length} turns: {side}"):
            figures[side].long = agents[side].ask({"long": length})["long"]
    return figures


def _summary(figures: dict[str, _Figures]) -> dict[str, Any]:
    every = {side: [ms for conversation in found.turns for ms in conversation] for side, found in figures.items()}
    turn_ms = {
        side: {
            "p50": _ms(statistics.median(all_ms)),
            "p95": _ms(sorted(all_ms)[int(0.95 * (len(all_ms) - 1))]),
            "mean": _ms(statistics.fmean(all_ms)),
        }
        for side, all_ms in every.items()
    }
    per_second = {side: round(1000 / statistics.fmean(all_ms), 2) for side, all_ms in every.items()}
    growth = {side: _growth(found.long) for side, found in figures.items()}
    return {
        "turn_ms": turn_ms,
        "turn_ratio_p50": round(turn_ms["ours"]["p50"] / turn_ms["stock"]["p50"], 4),
        "turns_per_second": per_second,
        "turns_per_second_ratio": round(per_second["ours"] / per_second["stock"], 2),
        "turn_by_turn_ms": {
            side: [_ms(statistics.median(column)) for column in zip(*found.turns, strict=True)]
            for side, found in figures.items()
        },
        "long_conversation_ms": {side: _milestones(found.long) for side, found in figures.items()},
        "long_conversation_ratio": growth["ours"],
        "long_conversation_ratio_stock": growth["stock"],
        "rss_mb": {side: found.rss_mb for side, found in figures.items()},
        "conversations": len(figures["ours"].turns),
        "cpus": os.cpu_count(),
    }


def _growth(long: list[float]) -> float:
    """The last ten turns of a conversation against its third to twelfth."""
    return round(statistics.median(long[-10:]) / statistics.median(long[2:12]), 3)


def _milestones(long: list[float]) -> dict[str, float]:
    """Turn → median of the ten turns around it, because one turn alone says little."""
    shown = {str(turn): _ms(statistics.median(long[max(0, turn - 6) : turn + 4])) for turn in SHOWN if turn < len(long)}
    return {**shown, str(len(long)): _ms(statistics.median(long[-10:]))}


def _ms(value: float) -> float:
    return round(value, 2)


def _print(result: dict[str, Any]) -> None:
    ours, stock = result["turn_ms"]["ours"], result["turn_ms"]["stock"]
    table = Table("", "ours", "stock Rasa", "ours / stock", title=f"{result['conversations']} conversations each")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, key in (("turn, median", "p50"), ("turn, 95th percentile", "p95"), ("turn, mean", "mean")):
        table.add_row(name, f"{ours[key]:.1f} ms", f"{stock[key]:.1f} ms", f"{ours[key] / stock[key]:.3f}")
    for name, key, unit in (("turns per second", "turns_per_second", ""), ("peak memory", "rss_mb", " MB")):
        mine, theirs = result[key]["ours"], result[key]["stock"]
        table.add_row(name, f"{mine:.0f}{unit}", f"{theirs:.0f}{unit}", f"{mine / theirs:.3f}")
    table.add_section()
    long = result["long_conversation_ms"]
    for turn in dict.fromkeys([*long["stock"], *long["ours"]]):
        mine, theirs = long["ours"].get(turn), long["stock"].get(turn)
        shown = [f"{ms:.1f} ms" if ms else "—" for ms in (mine, theirs)]
        table.add_row(f"turn {turn} of a long one", *shown, f"{mine / theirs:.3f}" if mine and theirs else "—")
    table.add_row(
        "its last turns / its first",
        f"{result['long_conversation_ratio']:.2f}",
        f"{result['long_conversation_ratio_stock']:.2f}",
        "",
    )
    Console().print(table)


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM end the command as Ctrl-C does, so that what was started is stopped either way."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
