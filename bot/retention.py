"""Retention: what need not be kept any longer goes, once a day and by `reportguide retention run`.

A conversation goes whole: what was said, its drafts, its files, what the brain remembers of it. What the agency has
been given is the agency's to keep. Files go first by their keys, so that a run that breaks off leaves nothing half
readable, and is finished by the next.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Protocol

import sqlalchemy as sa
import structlog

from actions import retention as handed_over
from bot.settings import Settings
from connectors.gateway import Database, Vault
from connectors.gateway import retention as said
from connectors.gateway.turns import BrainAway, BrainFailed

log = structlog.get_logger("retention")

DAY = 86400.0


class Memory(Protocol):
    """What remembers conversations besides the service's database. `forget` raises BrainAway or BrainFailed."""

    async def forget(self, conversation_id: str) -> None: ...


class Questions(Protocol):
    """Questions that staff are shown."""

    async def forget(self) -> int:
        """Delete those that were not asked for long; how many went."""
        ...


class StillNeeded(Exception):
    """Something of the conversation is on its way to the agency: it cannot be erased yet."""


@dataclass(frozen=True)
class Gone:
    """How many of each went. `left`: conversations whose time has come and that could not be erased yet."""

    files: int
    questions: int
    conversations: int
    left: int


class Retention:
    """One per process; several may run at the same time."""

    def __init__(
        self, settings: Settings, database: Database, vault: Vault, questions: Questions, memory: Memory
    ) -> None:
        self._settings, self._database, self._vault = settings, database, vault
        self._questions, self._memory = questions, memory

    async def run(self) -> Gone:
        """Erase all whose time has come."""
        files = await self._vault.erase_unused(time.time() - self._settings.keep_unused_days * DAY)
        questions = await self._questions.forget()
        over = await self._database.read(self._over)
        left = 0
        for conversation_id in over:
            try:
                await self.erase(conversation_id, "retention")
            except (StillNeeded, BrainAway, BrainFailed) as problem:
                log.warning("conversation_not_erased", kind=type(problem).__name__)
                left += 1
        gone = Gone(files, questions, len(over) - left, left)
        log.info("retention", **asdict(gone))
        return gone

    async def round(self) -> float:
        """One run; seconds until the next."""
        return DAY if (await self.run()).left == 0 else 3600.0

    def _over(self, connection: sa.Connection) -> list[str]:
        now, reported = time.time(), handed_over.reported(connection)

        def quiet(days: int) -> Iterable[str]:
            return said.quiet_since(connection, now - days * DAY) if days else ()

        unreported = [item for item in quiet(self._settings.keep_unreported_days) if item not in reported]
        return unreported + [item for item in quiet(self._settings.keep_reported_days) if item in reported]

    async def erase(self, conversation_id: str, who: str) -> None:
        """Erase a conversation. Raises StillNeeded, BrainAway or BrainFailed; done again, it does what was left."""
        if await self._database.read(lambda connection: handed_over.waits(connection, conversation_id)):
            raise StillNeeded
        await self._memory.forget(conversation_id)
        await self._vault.erase_conversation(conversation_id, who)

        def forget(connection: sa.Connection) -> None:
            handed_over.forget(connection, conversation_id)
            said.forget(connection, conversation_id)

        await self._database.write(forget)
        self._database.settle()
