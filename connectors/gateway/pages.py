"""Copies of linked pages: what a link showed when it was reported, kept beside the person's own evidence.

A post may be gone tomorrow. Its page is fetched in the background, through the guard of `fetching`, and lies in the
vault under the report's key; when, where and with what status it was found is kept with it, sealed. A page that cannot
be had is noted for staff and costs the report nothing. Switched off unless an agency wants it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
import structlog

from connectors.gateway import schema
from connectors.gateway.database import Database
from connectors.gateway.fetching import FetchAway, Fetcher, FetchRefused, Page
from connectors.gateway.messages import Rejected
from connectors.gateway.vault import EvidenceFacts, Sealing, Vault

log = structlog.get_logger("pages")

#: Largest page in bytes, and seconds that it may take: text with what is in it, not all that a browser would load.
MAX_BYTES = 5 * 1024 * 1024
SECONDS = 20.0
#: Seconds until a page is asked for again whose server was away; after these it is given up.
AGAIN = (60.0, 600.0, 3600.0)
#: Seconds after which a copy that was begun is begun again: its process may have died.
LEASE = SECONDS + 40
#: Most pages that are copied for one person in a day, and at the same time for all.
MOST_PER_DAY = 30
AT_ONCE = 4
#: Seconds between two looks where nothing is known to be due.
IDLE = 30.0
_DAY = 86400.0
_table = schema.linked_pages


@dataclass(frozen=True)
class PageCopy:
    """What became of one link of a report. `state`: waiting, kept or failed. `address`: where the page was in the end;
    `status`: the HTTP status, if there was one; `at`: when, in seconds since 1970; `why`: what it failed by."""

    link: str
    state: str
    address: str = ""
    status: int | None = None
    at: float | None = None
    why: str | None = None
    evidence_id: str | None = None


class PageCopies:
    """`waiting` is called when there is something to fetch; whoever runs `round` may hang a bell in there."""

    waiting: Callable[[], None]

    def __init__(self, database: Database, sealer: Sealing, vault: Vault, fetcher: Fetcher | None = None) -> None:
        self._database, self._sealer, self._vault = database, sealer, vault
        self._fetcher = fetcher or Fetcher(max_bytes=MAX_BYTES, seconds=SECONDS)
        self._known: dict[str, frozenset[str]] = {}
        self.waiting = lambda: None

    async def note(self, conversation_id: str, draft_id: str, links: Iterable[str]) -> None:
        """These are links of this report: each is copied once. It only writes that down."""
        wanted = [link for link in links if link.startswith(("http://", "https://"))]
        # Asked on every turn of a report, and new on few of them.
        if self._known.get(draft_id, frozenset()).issuperset(wanted):
            return
        if await self._database.write(lambda c: self._note(c, conversation_id, draft_id, wanted)):
            self.waiting()
        if len(self._known) > 1000:
            self._known.clear()
        self._known[draft_id] = frozenset(wanted)

    def _note(self, connection: sa.Connection, conversation_id: str, draft_id: str, links: Iterable[str]) -> bool:
        names = {self._sealer.name(f"{draft_id}\0{link}".encode(), "page"): link for link in links}
        known = set(connection.execute(sa.select(_table.c.name).where(_table.c.name.in_(list(names)))).scalars())
        now = time.time()
        today = sa.select(sa.func.count()).where(
            _table.c.conversation_id == conversation_id, _table.c.created_at > now - _DAY
        )
        left = MOST_PER_DAY - int(connection.execute(today).scalar() or 0)
        new = [name for name in names if name not in known][: max(0, left)]
        for number, name in enumerate(new):
            connection.execute(
                _table.insert().values(
                    name=name,
                    conversation_id=conversation_id,
                    draft_id=draft_id,
                    link=self._sealer.seal_json(names[name], f"page:{name}"),
                    state="waiting",
                    next_try_at=now,
                    # In the order they were given.
                    created_at=now + number * 1e-6,
                )
            )
        return bool(new)

    # -- fetching ----------------------------------------------------------------------------------------------------

    async def round(self) -> float:
        """Fetch what is due; seconds until something is due again."""
        rows = await self._database.write(self._claim)
        await asyncio.gather(*(self._copy(row) for row in rows))
        if len(rows) == AT_ONCE:
            return 0.0
        next_at = sa.select(sa.func.min(_table.c.next_try_at)).where(_table.c.state == "waiting")
        due = await self._database.read(lambda connection: connection.execute(next_at).scalar())
        return IDLE if due is None else min(IDLE, max(0.0, due - time.time()))

    def _claim(self, connection: sa.Connection) -> list[Any]:
        now = time.time()
        due = sa.select(_table).where(_table.c.state == "waiting", _table.c.next_try_at <= now)
        found = connection.execute(due.order_by(_table.c.next_try_at).limit(AT_ONCE)).all()
        # Two processes may see the same row; only one of them finds it as it was.
        return [
            row
            for row in found
            if connection.execute(
                _table.update()
                .where(_table.c.name == row.name, _table.c.next_try_at == row.next_try_at)
                .values(next_try_at=now + LEASE)
            ).rowcount
        ]

    async def _copy(self, row: Any) -> None:
        link = self._sealer.open_json(row.link, f"page:{row.name}")
        try:
            page = await self._fetcher.page(link)
            await self._keep(row, page)
        except FetchAway as problem:
            await self._later(row, str(problem))
        except (FetchRefused, Rejected) as problem:
            away = isinstance(problem, Rejected) and problem.status == 503
            await (self._later if away else self._failed)(row, str(problem))
        except ReportGone:
            log.info("page_of_no_report")

    async def _keep(self, row: Any, page: Page) -> None:
        host = urlsplit(page.url).hostname or "page"
        # Only text is asked its name; whatever else came is known by its bytes.
        name = f"{host}.html" if not page.media_type else f"{host}.{page.media_type.rpartition('/')[2]}"

        def kept(connection: sa.Connection, facts: EvidenceFacts) -> None:
            told = {"address": page.url, "status": 200, "at": facts.received_at}
            if not self._set(connection, row, state="kept", told=told, evidence_id=facts.id):
                # Erased while it was fetched: what was fetched must not come back to life under it.
                raise ReportGone

        await self._vault.keep_page(row.conversation_id, row.draft_id, name, page.content, kept)

    async def _later(self, row: Any, why: str) -> None:
        if row.tries >= len(AGAIN):
            await self._failed(row, why)
            return
        again = {"tries": row.tries + 1, "next_try_at": time.time() + AGAIN[row.tries]}
        await self._database.write(lambda connection: self._set(connection, row, state="waiting", **again))

    async def _failed(self, row: Any, why: str) -> None:
        # The log is told how, not which page.
        log.info("page_not_copied", why=why)
        status = why.removeprefix("status_")
        told = {"at": time.time(), "why": why, "status": int(status) if status.isdigit() else None}
        await self._database.write(lambda connection: self._set(connection, row, state="failed", told=told))

    def _set(self, connection: sa.Connection, row: Any, told: dict[str, Any] | None = None, **values: Any) -> bool:
        if told is not None:
            values["told"] = self._sealer.seal_json(told, f"page-told:{row.name}")
        mine = (_table.c.name == row.name, _table.c.state == "waiting")
        return bool(connection.execute(_table.update().where(*mine).values(values)).rowcount)


class ReportGone(Exception):
    """The report was erased while a page of it was fetched."""


async def copies_of(database: Database, sealer: Sealing, draft_id: str) -> list[PageCopy]:
    """What became of the links of a report, in the order they were given; empty where copying is off."""

    def read(connection: sa.Connection) -> list[PageCopy]:
        rows = connection.execute(sa.select(_table).where(_table.c.draft_id == draft_id).order_by(_table.c.created_at))
        return [
            PageCopy(
                link=sealer.open_json(row.link, f"page:{row.name}"),
                state=row.state,
                evidence_id=row.evidence_id,
                **(sealer.open_json(row.told, f"page-told:{row.name}") if row.told else {}),
            )
            for row in rows
        ]

    return await database.read(read)
