"""News of conversations, for whoever waits in this process: something came, was said or was answered."""

from __future__ import annotations

import asyncio
import contextlib


class News:
    """Take the `event` before looking, then wait for it: nothing that happens in between is missed."""

    def __init__(self) -> None:
        self._events: dict[str, asyncio.Event] = {}

    def event(self, conversation_id: str) -> asyncio.Event:
        return self._events.setdefault(conversation_id, asyncio.Event())

    def tell(self, conversation_id: str) -> None:
        """Wake everyone who waits for news of this conversation; the next to wait gets a fresh event."""
        if event := self._events.pop(conversation_id, None):
            event.set()


async def within(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, or for so long."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
