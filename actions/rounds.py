"""Work in the background that is done in rounds, such as sending what waits."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger("rounds")

#: Seconds until something that could not be delivered is tried again, by how often it failed; the last one repeats.
RETRY_AFTER = (1.0, 2.0, 5.0, 15.0, 60.0, 300.0)
#: Seconds after a round that failed as a whole.
AFTER_FAULT = 5.0


class Rounds:
    """Calls `one` again and again: at once when woken, else after the seconds that it returned."""

    def __init__(self, name: str, one: Callable[[], Awaitable[float]]) -> None:
        self._name, self._one = name, one
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._work())

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def wake(self) -> None:
        self._woken.set()

    async def _work(self) -> None:
        while True:
            self._woken.clear()
            try:
                pause = await self._one()
            except Exception as problem:
                # It must outlive a fault of one round, such as a full disk; the next round tries again.
                log.error("round_failed", of=self._name, kind=type(problem).__name__)
                pause = AFTER_FAULT
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), pause)


def retry_after(tries: int) -> float:
    """Seconds until the next attempt after `tries` vain ones before this one."""
    return RETRY_AFTER[min(tries, len(RETRY_AFTER) - 1)]
