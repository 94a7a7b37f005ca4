"""Delivery of status callbacks: at least once, in order for each case, for as long as it takes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ParamSpec, TypeVar

import httpx
import structlog

from ..signing import sign
from .store import Clock, Store, WaitingCallback

# A look at the queue now and then even when nothing is due, so that a clock set back cannot make news wait for hours.
LONGEST_NAP = 30.0
_log = structlog.get_logger(__name__)
_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True)
class CallbackTarget:
    """Where callbacks go, and the secret they are signed with."""

    url: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True)
class RetryPlan:
    """Seconds to wait after a failed attempt: `first`, then twice as long each time, at most `longest`; for ever.

    `timeout` is that of one attempt.
    """

    first: float = 2.0
    longest: float = 600.0
    timeout: float = 10.0

    def wait(self, failures: int) -> timedelta:
        """After the given number of failed attempts (from 1)."""
        return timedelta(seconds=min(self.longest, self.first * 2 ** min(failures - 1, 30)))


class Courier:
    """The background task that empties the queue. One per store."""

    def __init__(
        self,
        store: Store,
        target: CallbackTarget,
        clock: Clock,
        plan: RetryPlan,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._store = store
        self._target = target
        self._clock = clock
        self._plan = plan
        self._transport = transport
        self._news = asyncio.Event()

    def wake(self) -> None:
        """Say that there may be something to deliver. Only from the event loop's own thread."""
        self._news.set()

    @contextlib.asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Deliver for as long as the block runs."""
        task = asyncio.create_task(self._run(), name="backend-callbacks")
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        async with httpx.AsyncClient(timeout=self._plan.timeout, transport=self._transport) as http:
            while True:
                self._news.clear()
                try:
                    nap = await self._deliver_due(http)
                except Exception as error:
                    # A full disk or a locked file must not end delivery for good.
                    _log.error("backend.callbacks_failing", error=type(error).__name__)
                    nap = self._plan.longest
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), min(nap, LONGEST_NAP))

    async def _deliver_due(self, http: httpx.AsyncClient) -> float:
        """Attempt all that is due; returns the seconds until there is more to do."""
        while True:
            waiting = await _in_thread(self._store.waiting_callbacks)
            now = self._clock()
            due = [event for event in waiting if event.due_at <= now]
            if not due:
                return (waiting[0].due_at - now).total_seconds() if waiting else LONGEST_NAP
            for event in due:
                await self._attempt(http, event)

    async def _attempt(self, http: httpx.AsyncClient, event: WaitingCallback) -> None:
        headers = {"Content-Type": "application/json", **sign(self._target.secret, event.body, self._clock())}
        try:
            answer = await http.post(self._target.url, content=event.body, headers=headers)
            outcome = str(answer.status_code)
            delivered = answer.is_success
        except httpx.RequestError as error:
            outcome, delivered = type(error).__name__, False
        if delivered:
            await _in_thread(self._store.callback_delivered, event.event_id)
            _log.info("backend.callback_delivered", case_no=event.case_no, event_id=event.event_id)
            return
        wait = self._plan.wait(event.attempts + 1)
        await _in_thread(self._store.callback_failed, event.event_id, self._clock() + wait)
        _log.warning(
            "backend.callback_failed",
            case_no=event.case_no,
            event_id=event.event_id,
            outcome=outcome,
            retry_in=wait.total_seconds(),
        )


async def _in_thread(work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Run `work` in a thread and, even when cancelled, not return before it has ended.

    So an acknowledgement that arrives at shutdown is still written down, and nobody uses the file after it was closed.
    """
    running = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
