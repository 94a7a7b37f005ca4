"""What was handed over, or is to be, in a conversation; and forgetting it here. The agency keeps its own."""

from __future__ import annotations

import sqlalchemy as sa

from actions import records

_HANDED_OVER = (records.reports, records.requests)


def reported(connection: sa.Connection) -> set[str]:
    """Conversations in which something was submitted."""
    return {
        conversation_id
        for table in _HANDED_OVER
        for conversation_id in connection.execute(sa.select(table.c.conversation_id).distinct()).scalars()
    }


def waits(connection: sa.Connection, conversation_id: str) -> bool:
    """Whether something of this conversation is still on its way to the agency."""
    return any(
        connection.execute(
            sa.select(table.c.conversation_id).where(
                table.c.conversation_id == conversation_id, table.c.state == "waiting"
            )
        ).first()
        for table in _HANDED_OVER
    )


def forget(connection: sa.Connection, conversation_id: str) -> None:
    for table in (records.drafts, records.reports, records.requests, records.reminders):
        connection.execute(table.delete().where(table.c.conversation_id == conversation_id))
