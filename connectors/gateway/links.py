"""Links that open one thing for a while: an upload page, a receipt.

A link is 256 random bits; the database keeps a keyed hash of them, so that nobody can make a link from a copy of it,
and whoever holds one holds nothing else. What a link opens is sealed.
"""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from connectors.gateway import schema
from connectors.gateway.database import Database
from connectors.gateway.vault import Sealing

Kind = Literal["upload", "receipt"]
#: Seconds that a link works, by what it opens.
LASTS: dict[str, float] = {"upload": 30 * 60.0, "receipt": 30 * 60.0}
#: Most links of a kind that a conversation may have open; the oldest gives way.
MOST = 20
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_table = schema.links


class LinkGone(Exception):
    """The link was never made, has expired, or was used up: the three are not told apart."""


@dataclass(frozen=True)
class Link:
    """An open link. `name` is its keyed hash, `until` in seconds since 1970."""

    name: str
    conversation_id: str
    body: dict[str, Any]
    until: float
    used: bool


class Links:
    """Makes, opens and ends links."""

    def __init__(self, database: Database, sealer: Sealing) -> None:
        self._database, self._sealer = database, sealer

    async def make(self, kind: Kind, conversation_id: str, body: dict[str, Any]) -> str:
        """A new link's secret, 43 characters that may stand in an address."""
        token, now = secrets.token_urlsafe(32), time.time()
        name = self._name(token)
        mine = (_table.c.conversation_id == conversation_id, _table.c.kind == kind)

        def write(connection: sa.Connection) -> None:
            connection.execute(_table.delete().where(_table.c.expires_at < now))
            newest = sa.select(_table.c.name).where(*mine).order_by(_table.c.expires_at.desc()).limit(MOST - 1)
            keep = list(connection.execute(newest).scalars())
            connection.execute(_table.delete().where(*mine, _table.c.name.not_in(keep)))
            connection.execute(
                _table.insert().values(
                    name=name,
                    kind=kind,
                    conversation_id=conversation_id,
                    body=self._sealer.seal_json(body, f"link:{name}"),
                    expires_at=now + LASTS[kind],
                )
            )

        await self._database.write(write)
        return token

    async def open(self, kind: Kind, token: str) -> Link:
        """Raises LinkGone. A link that was used opens still, and says so, until it expires."""
        if not _TOKEN.fullmatch(token):
            raise LinkGone
        name = self._name(token)
        query = sa.select(_table).where(_table.c.name == name, _table.c.kind == kind)
        row = await self._database.read(lambda connection: connection.execute(query).first())
        if row is None or row.expires_at < time.time():
            raise LinkGone
        body = self._sealer.open_json(row.body, f"link:{name}")
        return Link(name, row.conversation_id, body, row.expires_at, row.used_at is not None)

    async def channel_of(self, conversation_id: str) -> str:
        """The channel of a conversation; empty if there is no such conversation."""
        table = schema.conversations
        query = sa.select(table.c.channel).where(table.c.id == conversation_id)
        return str(await self._database.read(lambda connection: connection.execute(query).scalar()) or "")

    async def use(self, link: Link) -> None:
        """The link has done what it was made for."""
        used = _table.update().where(_table.c.name == link.name).values(used_at=time.time())
        await self._database.write(lambda connection: connection.execute(used))

    def _name(self, token: str) -> str:
        return self._sealer.name(token.encode(), "link")
