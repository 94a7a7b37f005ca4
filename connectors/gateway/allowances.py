"""How many messages may still be sent to a person, by the kind of contact that allowed them."""

from __future__ import annotations

import time
from collections.abc import Mapping

import sqlalchemy as sa

from connectors.channels.contract import Budget
from connectors.gateway import schema
from connectors.gateway.vault import Sealing

#: The kind that people give by consent: it opens no window for words, only a notice that something waits.
NOTICE = "notice"
#: "Until it is used": a consent has no end of its own.
ALWAYS = 1e12

_table = schema.allowances


def grant(
    connection: sa.Connection, sealer: Sealing, conversation_id: str, kind: str, budget: Budget, ticket: str | None
) -> None:
    """A contact replaces what the last one of its kind had left; whether providers add them up is not documented."""
    sealed = sealer.seal(ticket.encode(), f"ticket:{conversation_id}") if ticket else None
    values = {"remaining": budget.messages, "until": time.time() + budget.seconds, "ticket": sealed}
    _write(connection, conversation_id, kind, values)


def take(connection: sa.Connection, sealer: Sealing, conversation_id: str, now: float) -> tuple[str, str | None] | None:
    """Use one message of the allowance that ends first: its kind and ticket, None if there is none left."""
    query = sa.select(_table).where(
        _table.c.conversation_id == conversation_id,
        _table.c.kind != NOTICE,
        _table.c.remaining > 0,
        _table.c.until > now,
    )
    row = connection.execute(query.order_by(_table.c.until)).first()
    if row is None:
        return None
    change(connection, conversation_id, row.kind, -1)
    ticket = sealer.open(row.ticket, f"ticket:{conversation_id}").decode() if row.ticket else None
    return row.kind, ticket


def take_notice(connection: sa.Connection, conversation_id: str, now: float) -> bool:
    query = sa.select(_table.c.remaining).where(
        _table.c.conversation_id == conversation_id, _table.c.kind == NOTICE, _table.c.until > now
    )
    if not (connection.execute(query).scalar() or 0) > 0:
        return False
    change(connection, conversation_id, NOTICE, -1)
    return True


def give_back(connection: sa.Connection, conversation_id: str, kind: str) -> None:
    """The provider said that it did not take the message."""
    change(connection, conversation_id, kind, 1)


def close(connection: sa.Connection, conversation_id: str) -> None:
    """The provider counts otherwise: nothing is left but what was given by consent."""
    mine = (_table.c.conversation_id == conversation_id, _table.c.kind != NOTICE)
    connection.execute(_table.update().where(*mine).values(remaining=0))


def change(connection: sa.Connection, conversation_id: str, kind: str, number: int) -> None:
    """More or fewer by `number`, never fewer than none."""
    mine = (_table.c.conversation_id == conversation_id, _table.c.kind == kind)
    known = connection.execute(sa.select(_table.c.remaining).where(*mine)).scalar()
    if known is None:
        _write(connection, conversation_id, kind, {"remaining": max(0, number), "until": ALWAYS, "ticket": None})
    else:
        connection.execute(_table.update().where(*mine).values(remaining=max(0, known + number)))


def _write(connection: sa.Connection, conversation_id: str, kind: str, values: Mapping[str, object]) -> None:
    mine = (_table.c.conversation_id == conversation_id, _table.c.kind == kind)
    if not connection.execute(_table.update().where(*mine).values(values)).rowcount:
        connection.execute(_table.insert().values(conversation_id=conversation_id, kind=kind, **values))
