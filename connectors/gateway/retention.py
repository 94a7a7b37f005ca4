"""Which conversations have been quiet for long, and forgetting one: all that the gateway keeps of it but its files."""

from __future__ import annotations

import sqlalchemy as sa

from connectors.gateway import schema


def quiet_since(connection: sa.Connection, before: float) -> list[str]:
    """Conversations in which neither side has said anything since then (seconds since 1970)."""
    conversations, entries = schema.conversations, schema.entries
    last = sa.func.coalesce(sa.func.max(entries.c.at), conversations.c.created_at)
    query = (
        sa.select(conversations.c.id)
        .outerjoin(entries, entries.c.conversation_id == conversations.c.id)
        .group_by(conversations.c.id, conversations.c.created_at)
        .having(last < before)
    )
    return list(connection.execute(query).scalars())


def forget(connection: sa.Connection, conversation_id: str) -> None:
    """Delete a conversation whose files are erased. The record of who touched them stays."""
    for table in (schema.entries, schema.outlets, schema.allowances, schema.links, schema.linked_pages, schema.inbox):
        connection.execute(table.delete().where(table.c.conversation_id == conversation_id))
    connection.execute(schema.conversations.delete().where(schema.conversations.c.id == conversation_id))
