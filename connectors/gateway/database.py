"""One database, transactions in threads: SQLite (WAL) by default, PostgreSQL by URL."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import sqlalchemy as sa

T = TypeVar("T")


class Database:
    """Runs short functions over a connection, each in one transaction: all of it happens, or nothing."""

    def __init__(self, url: str) -> None:
        self.engine = sa.create_engine(url, pool_pre_ping=True)
        # SQLite takes one writer at a time: waiting here is fair and cheap, waiting inside SQLite is a sleep.
        self._one_writer: threading.Lock | None = None
        if self.engine.dialect.name == "sqlite":
            self._one_writer = threading.Lock()
            sa.event.listen(self.engine, "connect", _prepare)
            sa.event.listen(self.engine, "begin", _begin)

    async def write(self, work: Callable[[sa.Connection], T]) -> T:
        """Run `work` in a transaction that may write, and wait until it is on disk."""
        return await asyncio.to_thread(self.write_now, work)

    async def read(self, work: Callable[[sa.Connection], T]) -> T:
        """Run `work` in a transaction that only reads."""
        return await asyncio.to_thread(self.read_now, work)

    def write_now(self, work: Callable[[sa.Connection], T]) -> T:
        if self._one_writer is None:
            with self.engine.begin() as connection:
                return work(connection)
        with (
            self._one_writer,
            self.engine.connect().execution_options(reportguide_write=True) as connection,
            connection.begin(),
        ):
            return work(connection)

    def read_now(self, work: Callable[[sa.Connection], T]) -> T:
        with self.engine.connect() as connection:
            return work(connection)

    def settle(self) -> None:
        """Let go of what was overwritten: SQLite's log keeps earlier pages, and with them keys that were deleted."""
        if self._one_writer is not None:
            with self._one_writer, self.engine.connect() as connection:
                connection.commit()
                connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]

    def close(self) -> None:
        self.engine.dispose()


def _prepare(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions by itself; `_begin` does, knowing whether it is to write.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    # A transaction that begins as a reader and turns writer can fail at once with "database is locked".
    writes = connection.get_execution_options().get("reportguide_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
