"""Access tokens: one refresher at a time, renewed before they end, and never asked for in a loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from connectors.channels.contract import Busy
from connectors.channels.tencent.answers import TOKEN_REFUSED, ApiError

T = TypeVar("T")

#: Seconds before its end at which a token is renewed.
EARLY = 300.0
#: Least seconds between two forced renewals: Tencent allows one in thirty seconds and twenty a day.
FORCE_EVERY = 60.0
#: Seconds until something is tried again for which two tokens were refused.
REFUSED_AGAIN = 30.0

#: ``(force)`` → token and the seconds that it lives. Raises Busy.
Issue = Callable[[bool], Awaitable[tuple[str, float]]]


class AccessToken:
    """The token of one account, shared by all that call its API. It stays in memory."""

    def __init__(self, issue: Issue) -> None:
        self._issue = issue
        self._lock = asyncio.Lock()
        self._token = ""
        self._until = 0.0
        self._forced_at = -FORCE_EVERY

    async def used(self, call: Callable[[str], Awaitable[T]]) -> T:
        """Make `call` with a token, once more with another if it was refused. Raises Busy, and whatever it raises."""
        token = await self.get()
        try:
            return await call(token)
        except ApiError as problem:
            if problem.code not in TOKEN_REFUSED:
                raise
        token = await self.other_than(token)
        try:
            return await call(token)
        except ApiError as problem:
            if problem.code in TOKEN_REFUSED:
                raise Busy("token_refused", REFUSED_AGAIN) from None
            raise

    async def get(self) -> str:
        """A token that is good for now. Raises Busy."""
        if time.monotonic() < self._until:
            return self._token
        async with self._lock:
            if time.monotonic() >= self._until:
                await self._renew(force=False)
            return self._token

    async def other_than(self, stale: str) -> str:
        """A token in place of one that was refused, by whoever finds out first. Raises Busy."""
        async with self._lock:
            if self._token == stale:
                # Somebody else's renewal may be all that happened: ask plainly first, then by force, then wait.
                await self._renew(force=False)
                if self._token == stale:
                    if time.monotonic() - self._forced_at < FORCE_EVERY:
                        raise Busy("token_refused", FORCE_EVERY)
                    self._forced_at = time.monotonic()
                    await self._renew(force=True)
            return self._token

    async def _renew(self, *, force: bool) -> None:
        token, lives = await self._issue(force)
        self._token, self._until = token, time.monotonic() + max(lives - EARLY, lives / 2)
