"""The backend's own SQLite file: tables, and an engine whose transactions hold what they say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect, Engine

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Instant(sa.types.TypeDecorator[datetime]):
    """An aware datetime as whole microseconds since 1970: exact, and sorted as time is."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """To the disk."""
        return None if value is None else (value - EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """From the disk, in UTC."""
        return None if value is None else EPOCH + timedelta(microseconds=value)


metadata = sa.MetaData()

cases = sa.Table(
    "cases",
    metadata,
    sa.Column("case_no", sa.Text, primary_key=True),
    # Unique, so that even a mistake in the program could not open two cases for one draft.
    sa.Column("draft_id", sa.Text, nullable=False, unique=True),
    # A keyed hash of the body: tells a repetition from a different report without opening anything.
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("report", sa.LargeBinary, nullable=False),  # sealed ReportBody
    sa.Column("receipt", sa.LargeBinary, nullable=False),  # sealed CaseReceipt, sent again to the letter
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("state_since", Instant, nullable=False),
    sa.Column("received_at", Instant, nullable=False),
)
history = sa.Table(
    "history",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("case_no", sa.Text, sa.ForeignKey("cases.case_no"), nullable=False, index=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("note", sa.LargeBinary),  # sealed: what staff write to a reporter is about a person
)
supplements = sa.Table(
    "supplements",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("supplement_id", sa.Text, nullable=False, unique=True),
    sa.Column("case_no", sa.Text, sa.ForeignKey("cases.case_no"), nullable=False, index=True),
    sa.Column("fingerprint", sa.Text, nullable=False),  # as a case's
    sa.Column("body", sa.LargeBinary, nullable=False),  # sealed Supplement
    sa.Column("received_at", Instant, nullable=False),
)
call_backs = sa.Table(
    "call_backs",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("request_id", sa.Text, nullable=False, unique=True),
    sa.Column("fingerprint", sa.Text, nullable=False),  # as a case's
    sa.Column("body", sa.LargeBinary, nullable=False),  # sealed CallBack
    sa.Column("received_at", Instant, nullable=False),
)
days = sa.Table(
    "days",
    metadata,
    sa.Column("day", sa.Text, primary_key=True),
    sa.Column("last_number", sa.Integer, nullable=False),
)
wrong_tries = sa.Table(
    "wrong_tries",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("case_no", sa.Text, nullable=False, index=True),
    sa.Column("at", Instant, nullable=False, index=True),
)
callbacks = sa.Table(
    "callbacks",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("event_id", sa.Text, nullable=False, unique=True),
    sa.Column("case_no", sa.Text, sa.ForeignKey("cases.case_no"), nullable=False, index=True),
    sa.Column("body", sa.LargeBinary, nullable=False),  # sealed StatusCallback, the bytes to be posted
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due_at", Instant, nullable=False),
)


def open_database(path: Path) -> tuple[Engine, Engine]:
    """The file at `path`, made if need be: an engine for writing and one for reading.

    Writers take SQLite's lock at the start, not at their first write: a transaction that reads and then decides (is
    there a case for this draft?) must not find the answer changed under it. FULL makes a commit survive a power cut.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    # hide_parameters: an error's text ends up in logs, what was being stored must not.
    engine = sa.create_engine(
        f"sqlite+pysqlite:///{path}", connect_args={"timeout": 30}, hide_parameters=True, pool_timeout=30
    )

    @sa.event.listens_for(engine, "connect")
    def prepare(dbapi: Any, record: Any) -> None:
        dbapi.isolation_level = None  # transactions begin where SQLAlchemy says, see below
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            dbapi.execute(f"PRAGMA {pragma}").close()

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN IMMEDIATE"))

    # Makes what is missing, so a file of an earlier version gets the tables that came after it.
    metadata.create_all(engine)
    return engine, engine.execution_options(begin="BEGIN")
