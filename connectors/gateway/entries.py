"""The conversation as people see it, both sides: entries are added in a transaction and read back opened."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from connectors.gateway import schema
from connectors.gateway.messages import Entry
from connectors.gateway.vault import EvidenceFacts, Sealing

_table = schema.entries


class Entries:
    """What was said. Those of the assistant are the outbox too, where the channel must be sent to."""

    def __init__(self, sealer: Sealing) -> None:
        self._sealer = sealer

    def add(
        self,
        connection: sa.Connection,
        conversation_id: str,
        side: str,
        text: str,
        *,
        inbox_id: int | None = None,
        at: float | None = None,
        message_id: str | None = None,
        buttons: Sequence[Mapping[str, str]] = (),
        files: Sequence[EvidenceFacts] = (),
        once: str | None = None,
    ) -> None:
        """Add one bubble. With `once`, the same name is said only once, ever."""
        if once and connection.execute(sa.select(_table.c.seq).where(_table.c.once == once)).first():
            return
        body = {
            "text": text,
            "message_id": message_id,
            "buttons": [dict(button) for button in buttons],
            "files": [item.shown().model_dump() for item in files],
        }
        sent_to = sa.select(schema.conversations.c.address).where(schema.conversations.c.id == conversation_id)
        owed = side == "assistant" and connection.execute(sent_to).scalar() is not None
        connection.execute(
            _table.insert().values(
                conversation_id=conversation_id,
                inbox_id=inbox_id,
                side=side,
                delivery="waiting" if owed else "shown",
                at=at or time.time(),
                body=self._sealer.seal_json(body, f"entry:{conversation_id}"),
                once=once,
            )
        )

    def open(self, row: Any) -> Entry:
        body = self._sealer.open_json(row.body, f"entry:{row.conversation_id}")
        return Entry(seq=row.seq, side=row.side, at=datetime.fromtimestamp(row.at, UTC), **body)

    def after(self, connection: sa.Connection, conversation_id: str, seq: int) -> list[Entry]:
        """The conversation after entry `seq`, oldest first."""
        query = sa.select(_table).where(_table.c.conversation_id == conversation_id, _table.c.seq > seq)
        return [self.open(row) for row in connection.execute(query.order_by(_table.c.seq))]

    def said(self, connection: sa.Connection, conversation_id: str, seq: int) -> Entry | None:
        """One entry of the assistant in this conversation."""
        query = sa.select(_table).where(
            _table.c.conversation_id == conversation_id, _table.c.seq == seq, _table.c.side == "assistant"
        )
        row = connection.execute(query).first()
        return self.open(row) if row else None

    def said_since(self, connection: sa.Connection, conversation_id: str, inbox_id: int | None) -> list[Entry]:
        """What the assistant said since it began to answer that message; all, without one."""
        query = sa.select(_table).where(_table.c.conversation_id == conversation_id, _table.c.side == "assistant")
        if inbox_id is not None:
            began = sa.select(sa.func.min(_table.c.seq)).where(_table.c.inbox_id == inbox_id)
            query = query.where(_table.c.seq >= began.scalar_subquery())
        return [self.open(row) for row in connection.execute(query.order_by(_table.c.seq))]

    def answers(self, connection: sa.Connection, inbox_ids: Any) -> list[Entry]:
        """What was said to these messages (ids, or a query for them)."""
        query = sa.select(_table).where(_table.c.inbox_id.in_(inbox_ids), _table.c.side == "assistant")
        return [self.open(row) for row in connection.execute(query.order_by(_table.c.seq))]
