"""Runs the publication gate in a process of its own: seconds of work that must not slow down anybody's conversation.

What to compare comes pickled on standard input, from the parent alone; out come lines of JSON: ``{"done", "total"}``
now and then, at last ``{"report"}``.
"""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from knowledge.library import Library
from knowledge.meaning import Meaning
from knowledge.publication.gate import Regression, Report, run
from knowledge.statutes import StatuteStore

#: Seconds between two signs of progress, and within which a run must be done.
TELL, PATIENCE = 0.2, 600.0
#: The longest line, in bytes: a report that names every question there is.
LINE = 16 * 1024 * 1024


class Beside(NamedTuple):
    """Folders of what is searched beside the entries: imported texts, and vectors where meaning is searched, too."""

    statutes: Path | None = None
    vectors: Path | None = None


ALONE = Beside()


class GateFailed(Exception):
    """The run did not come to its end."""


async def run_apart(
    before: Library,
    after: Library,
    changed: set[str],
    regressions: Sequence[Regression],
    day: date,
    progress: Callable[[int, int], Awaitable[None]],
    beside: Beside = ALONE,
) -> Report:
    """As `gate.run`. Raises GateFailed if the process ends before it has told its report."""
    work = await asyncio.to_thread(pickle.dumps, (before, after, changed, list(regressions), day, beside))
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", __name__, stdin=PIPE, stdout=PIPE, limit=LINE)
    if process.stdin is None or process.stdout is None:
        raise GateFailed("no pipes")
    try:
        async with asyncio.timeout(PATIENCE):
            process.stdin.write(work)
            process.stdin.close()
            async for line in process.stdout:
                told = json.loads(line)
                if "report" in told:
                    return Report.model_validate(told["report"])
                await progress(told["done"], told["total"])
        raise GateFailed(f"ended with code {await process.wait()}")
    except (TimeoutError, BrokenPipeError, ConnectionResetError) as problem:
        raise GateFailed(type(problem).__name__) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def main() -> None:
    # Whoever waits for an answer goes first.
    os.nice(5)
    before, after, changed, regressions, day, beside = pickle.load(sys.stdin.buffer)  # noqa: S301 - from its own parent
    started = told = time.monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal told
        if done == total or time.monotonic() - told >= TELL:
            told = time.monotonic()
            _tell({"done": done, "total": total})

    statutes = StatuteStore(beside.statutes).current(day) if beside.statutes else ()
    meaning = Meaning.load(beside.vectors) if beside.vectors else None
    report = run(before, after, changed, regressions, day, progress, statutes, meaning)
    seconds = round(time.monotonic() - started, 2)
    _tell({"report": report.model_copy(update={"seconds": seconds}).model_dump()})


def _tell(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
