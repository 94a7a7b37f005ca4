"""A database with two people in it, and a vault in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.migrations import migrate
from bot.sealing import Sealer
from connectors.gateway import Database, Vault, schema


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'service.db'}")
    migrate(database.engine)
    for person in ("a", "b"):
        row = {"id": person, "channel": "web", "person": person, "created_at": 0.0}
        database.write_now(lambda connection, row=row: connection.execute(schema.conversations.insert().values(**row)))
    yield database
    database.close()


@pytest.fixture
def make_vault(tmp_path: Path, database: Database) -> Callable[[], Vault]:
    return lambda: Vault(tmp_path / "evidence", database, Sealer(bytes(32)), Sealer)


@pytest.fixture
def vault(make_vault: Callable[[], Vault]) -> Vault:
    return make_vault()


def everything_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def folder_keys(database: Database, draft_id: str) -> list[bytes]:
    """The sealed keys of a report, as they lie in the database."""
    table = schema.evidence_folders
    query = sa.select(table.c.key).where(table.c.draft_id == draft_id)
    return database.read_now(lambda connection: list(connection.execute(query).scalars()))
