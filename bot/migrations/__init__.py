"""The service's database schema and its migrations (Alembic)."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, MetaData

import actions.records
import connectors.gateway.schema
import knowledge.publication.tables

#: Every table of the service, by the room that owns it.
ALL: tuple[MetaData, ...] = (
    connectors.gateway.schema.metadata,
    actions.records.metadata,
    knowledge.publication.tables.metadata,
)


def migrate(engine: Engine) -> None:
    """Bring the database to the current schema; does nothing if it is there."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        _settle(connection)


def _settle(connection: Connection) -> None:
    if connection.in_transaction():
        connection.commit()
