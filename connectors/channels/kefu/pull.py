"""Pulling messages: one reader per account, a cursor on disk, every message stored before the cursor moves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import sqlalchemy as sa
import structlog

from connectors.channels.contract import AnswerLost, NotSent
from connectors.gateway import schema
from connectors.gateway.database import Database

log = structlog.get_logger("kefu")

#: Seconds until a pull that failed is made again; the last value repeats.
AGAIN = (1.0, 3.0, 10.0, 30.0, 60.0)


class Page(Protocol):
    """``(account, cursor, token)`` → ``{"msg_list", "next_cursor", "has_more"}``."""

    async def __call__(self, open_kfid: str, cursor: str, token: str, /) -> dict[str, Any]: ...


class Puller:
    """Reads each account on its own; `take` stores one message, twice harmlessly."""

    def __init__(self, database: Database, page: Page) -> None:
        self._database, self._page = database, page
        self._take: Callable[[dict[str, Any]], Awaitable[None]] | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._news: dict[str, str] = {}

    async def start(self, take: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        """Read on where the last process stopped: whatever came meanwhile is told from the cursor on."""
        self._take = take
        for name in await self._database.read(_accounts):
            self.tell(name, "")

    async def stop(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def remember(self, open_kfid: str) -> None:
        """Make sure that this account is read after a restart, before its callback is acknowledged."""
        if open_kfid not in self._tasks:
            await self._database.write(lambda connection: _write(connection, open_kfid, None))

    def tell(self, open_kfid: str, token: str) -> None:
        """There is news in this account."""
        self._news[open_kfid] = token or self._news.get(open_kfid, "")
        if open_kfid not in self._tasks and self._take:
            task = asyncio.create_task(self._run(open_kfid))
            self._tasks[open_kfid] = task
            task.add_done_callback(lambda _task: self._tasks.pop(open_kfid, None))

    async def _run(self, open_kfid: str) -> None:
        tries = 0
        while open_kfid in self._news:
            token = self._news.pop(open_kfid)
            try:
                while await self._one(open_kfid, token):
                    pass
                tries = 0
            except Exception as problem:
                if not isinstance(problem, NotSent | AnswerLost):
                    log.error("pull_failed", kind=type(problem).__name__)
                self._news.setdefault(open_kfid, "" if tries else token)
                await asyncio.sleep(AGAIN[min(tries, len(AGAIN) - 1)])
                tries += 1

    async def _one(self, open_kfid: str, token: str) -> bool:
        """Read one page; whether there is another. The page's list may be empty although there is."""
        cursor = await self._database.read(lambda connection: _cursor(connection, open_kfid))
        page = await self._page(open_kfid, cursor, token)
        items = page.get("msg_list")
        for item in items if isinstance(items, list) else []:
            if isinstance(item, dict) and self._take:
                await self._take(item)
        after = page.get("next_cursor")
        if not isinstance(after, str) or not after or after == cursor:
            return False
        await self._database.write(lambda connection: _write(connection, open_kfid, after))
        return bool(page.get("has_more"))


def _accounts(connection: sa.Connection) -> list[str]:
    names = connection.execute(sa.select(schema.cursors.c.name).where(schema.cursors.c.name.startswith("kefu:")))
    return [str(name).removeprefix("kefu:") for name in names.scalars()]


def _cursor(connection: sa.Connection, open_kfid: str) -> str:
    found = connection.execute(sa.select(schema.cursors.c.value).where(schema.cursors.c.name == f"kefu:{open_kfid}"))
    return str(found.scalar() or "")


def _write(connection: sa.Connection, open_kfid: str, value: str | None) -> None:
    """Set the cursor; with None only make sure that there is one."""
    mine = schema.cursors.c.name == f"kefu:{open_kfid}"
    if connection.execute(sa.select(schema.cursors.c.name).where(mine)).first() is None:
        row = {"name": f"kefu:{open_kfid}", "value": value or "", "updated_at": time.time()}
        connection.execute(schema.cursors.insert().values(row))
    elif value is not None:
        connection.execute(schema.cursors.update().where(mine).values(value=value, updated_at=time.time()))
