"""What delivery claims, and what it owes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from connectors.channels.contract import Channel, Choice, Outgoing
from connectors.gateway import schema


@dataclass(frozen=True)
class Claim:
    """One message that this process, and no other, may send now."""

    conversation_id: str
    channel: Channel
    address: Mapping[str, str]
    message: Outgoing
    owner: str
    allowance: str | None = None
    ticket: str | None = None
    notice: bool = False


def outgoing(data: dict[str, Any]) -> Outgoing:
    """A message as it was stored."""
    return Outgoing(
        text=data["text"],
        choices=tuple(Choice(**choice) for choice in data["choices"]),
        covers=tuple((seq, parts, last) for seq, parts, last in data["covers"]),
        first_number=data["first_number"],
    )


def owed(connection: sa.Connection) -> list[dict[str, Any]]:
    """What is not delivered, by conversation, the oldest first."""
    entries, conversations, outlets = schema.entries, schema.conversations, schema.outlets
    failed = sa.case((entries.c.delivery == "failed", 1), else_=0)
    query = (
        sa.select(
            conversations.c.id.label("conversation"),
            conversations.c.channel,
            sa.func.sum(1 - failed).label("waiting"),
            sa.func.sum(failed).label("failed"),
            sa.func.min(entries.c.at).label("since"),
            sa.func.max(outlets.c.tries).label("tries"),
            sa.func.coalesce(sa.func.max(entries.c.problem), sa.func.max(outlets.c.problem)).label("problem"),
        )
        .join(conversations, conversations.c.id == entries.c.conversation_id)
        .outerjoin(outlets, outlets.c.conversation_id == conversations.c.id)
        .where(entries.c.delivery.in_(("waiting", "sending", "failed")))
        .group_by(conversations.c.id, conversations.c.channel)
        .order_by(sa.func.min(entries.c.at))
    )
    return [dict(row._mapping) for row in connection.execute(query)]
