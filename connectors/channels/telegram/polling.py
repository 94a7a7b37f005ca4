"""Asking Telegram for updates, for a start without a public address.

An update counts as taken when the next question says so, and that is asked after the update was stored: what a crash
leaves open comes again, under the same number, and is known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from telegram import Bot
from telegram.error import RetryAfter, TelegramError

from connectors.channels.telegram.codec import UPDATES
from connectors.channels.telegram.errors import heard, pause

log = structlog.get_logger("telegram")

#: Seconds that Telegram holds a question open while there is nothing to tell.
HOLD = 25
_AGAIN = (1.0, 2.0, 5.0, 15.0, 60.0)


class Poller:
    """One task. `take` stores one raw update before it returns."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._task: asyncio.Task[None] | None = None

    def start(self, take: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        self._task = asyncio.create_task(self._run(take))

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, take: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        offset, tries, webhook = 0, 0, True
        while True:
            try:
                if webhook:
                    # While one is set, Telegram answers no questions.
                    await self._bot.delete_webhook()
                    webhook = False
                for update in await self._ask(offset):
                    await take(update)
                    offset = int(update["update_id"]) + 1
                tries = 0
            except RetryAfter as problem:
                await asyncio.sleep(pause(problem))
            except Exception as problem:
                # Telegram is away, or our own database: the same update is asked for again.
                log.warning("polling_failed", problem=heard(problem) if isinstance(problem, TelegramError) else "fault")
                await asyncio.sleep(_AGAIN[min(tries, len(_AGAIN) - 1)])
                tries += 1

    async def _ask(self, offset: int) -> list[dict[str, Any]]:
        """Updates as they came: read together, one that cannot be read would cost all the others."""
        asked = {"offset": offset, "timeout": HOLD, "allowed_updates": list(UPDATES)}
        # The API's names are case-insensitive; by its own name the library would insist on reading them.
        found = await self._bot.do_api_request("GetUpdates", api_kwargs=asked, read_timeout=HOLD + 10)
        return [update for update in found if isinstance(update, dict)] if isinstance(found, list) else []
