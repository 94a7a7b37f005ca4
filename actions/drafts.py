"""Drafts on disk: a report being filled outlives the conversation's memory, and keeps its edition of the standard."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import sqlalchemy as sa

from actions import records
from actions.interview import Interview
from actions.standard import Standard

_NAMESPACE = uuid.UUID("5f0c9e0a-3f0b-5a53-9b43-0b1e7c6f2d11")


class Store(Protocol):
    """Transactions on the service's database."""

    async def read(self, work: Any) -> Any: ...
    async def write(self, work: Any) -> Any: ...
    def write_now(self, work: Any) -> Any: ...
    def read_now(self, work: Any) -> Any: ...


class Sealing(Protocol):
    def seal_json(self, value: Any, context: str) -> bytes: ...
    def open_json(self, blob: bytes, context: str) -> Any: ...


@dataclass(frozen=True)
class Draft:
    """A report being filled. `body`: ``{"matter", "values", "skipped", "given", "told"}``."""

    id: str
    edition: str
    body: dict[str, Any]
    updated_at: datetime


def stored(content: str) -> Standard:
    """An edition as it was kept. What a later program no longer knows of it is left out."""
    return Standard.model_validate_json(content, extra="ignore")


def editions_in_use(connection: sa.Connection) -> list[Standard]:
    """The editions that drafts still stand under; none in a database without drafts."""
    if not sa.inspect(connection).has_table(records.drafts.name):
        return []
    drafts, editions = records.drafts, records.editions
    begun = sa.select(drafts.c.edition).where(drafts.c.state == "open").distinct()
    query = sa.select(editions.c.content).where(editions.c.edition.in_(begun)).order_by(editions.c.edition)
    return [stored(content) for content in connection.execute(query).scalars()]


class Drafts:
    """Saves and finds drafts. Every edition that a draft was begun under stays readable."""

    def __init__(self, store: Store, sealer: Sealing, current: Standard) -> None:
        self._store, self._sealer, self.current = store, sealer, current
        self._editions = {current.edition: current}
        store.write_now(self._remember_edition)

    def _remember_edition(self, connection: sa.Connection) -> None:
        table = records.editions
        if not connection.execute(sa.select(table.c.edition).where(table.c.edition == self.current.edition)).first():
            connection.execute(
                table.insert().values(edition=self.current.edition, content=self.current.model_dump_json())
            )

    def standard(self, edition: str | None) -> Standard:
        """The standard of this edition; the current one for a conversation that has none yet."""
        if edition is None:
            return self.current
        if edition not in self._editions:

            def read(connection: sa.Connection) -> Any:
                table = records.editions
                return connection.execute(sa.select(table.c.content).where(table.c.edition == edition)).scalar()

            content = self._store.read_now(read)
            if content is None:
                raise KeyError(f"no edition {edition} of the standard is kept")
            self._editions[edition] = stored(content)
        return self._editions[edition]

    @staticmethod
    def new_id(conversation_id: str, message_id: str) -> str:
        """The id of the draft begun by a message: the same again if that turn has to be taken again."""
        return str(uuid.uuid5(_NAMESPACE, f"{conversation_id}/{message_id}"))

    async def save(self, draft_id: str, conversation_id: str, interview: Interview, told: list[str]) -> None:
        body = {
            "matter": interview.matter_id,
            "values": interview.values,
            "skipped": interview.skipped,
            "given": interview.given,
            "told": told,
        }
        sealed = self._sealer.seal_json(body, f"draft:{draft_id}")

        def write(connection: sa.Connection) -> None:
            table = records.drafts
            done = connection.execute(
                table.update().where(table.c.id == draft_id).values(body=sealed, state="open", updated_at=time.time())
            )
            if done.rowcount == 0:
                connection.execute(
                    table.insert().values(
                        id=draft_id,
                        conversation_id=conversation_id,
                        body=sealed,
                        state="open",
                        edition=interview.standard.edition,
                        updated_at=time.time(),
                    )
                )

        await self._store.write(write)

    async def of(self, conversation_id: str) -> list[Draft]:
        """All drafts of a conversation, the one last worked on first."""

        def read(connection: sa.Connection) -> Any:
            table = records.drafts
            query = sa.select(table).where(table.c.conversation_id == conversation_id, table.c.state == "open")
            return connection.execute(query.order_by(table.c.updated_at.desc())).all()

        return [
            Draft(
                row.id,
                row.edition,
                self._sealer.open_json(row.body, f"draft:{row.id}"),
                datetime.fromtimestamp(row.updated_at, UTC),
            )
            for row in await self._store.read(read)
        ]

    async def drop(self, draft_id: str) -> None:
        """Give a draft up. Its row goes, and with it the only copy of what was told."""

        def write(connection: sa.Connection) -> None:
            connection.execute(records.drafts.delete().where(records.drafts.c.id == draft_id))

        await self._store.write(write)
