"""A small published knowledge in a database of its own, and the staff who keep it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

import bot.knowledge
from bot.migrations import migrate
from bot.sealing import Sealer
from bot.settings import Settings
from connectors.gateway import Database
from knowledge.entries import Entry, Found
from knowledge.library import Library, read_library
from knowledge.publication import seed
from knowledge.publication.bodies import Body, body_of
from knowledge.publication.store import Publication
from tests.unit.knowledge.conftest import CONTENT, GUIDE, LAW, OTHER, TODAY, Write
from tests.unit.knowledge.conftest import write as write


@pytest.fixture(scope="session")
def base() -> Library:
    """Three entries with the real laws."""
    entries = tuple(Found(str(item["id"]), Entry.model_validate(item)) for item in (GUIDE, LAW, OTHER))
    return read_library(CONTENT)._replace(entries=entries)


@pytest.fixture
def sealer() -> Sealer:
    return Sealer(secrets.token_bytes(32))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'service.db'}")
    migrate(database.engine)
    yield database
    database.close()


class Calendar:
    """Tells today; a test turns the page."""

    def __init__(self) -> None:
        self.today = TODAY

    def __call__(self) -> date:
        return self.today


@pytest.fixture
def calendar() -> Calendar:
    return Calendar()


@pytest.fixture
def publication(database: Database, base: Library, calendar: Calendar) -> Publication:
    seed.merge(database, base)
    return Publication(database, base, calendar)


@pytest.fixture
def home(tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a deployment whose product content is three entries."""
    content = write(GUIDE, LAW, OTHER)
    (tmp_path / "knowledge").symlink_to(tmp_path)
    (content / "elsewhere.yml").write_text(yaml.safe_dump({"food": ["火锅哪家好吃"]}, allow_unicode=True), "utf-8")
    monkeypatch.setattr(bot.knowledge, "ROOT", tmp_path)
    monkeypatch.setenv("REPORTGUIDE_KEY", "A" * 43 + "=")
    return Settings(home=tmp_path / "home", meaning=False)


def changed(item: dict[str, Any], **fields: Any) -> Body:
    """The body of an entry with other fields."""
    return {**body_of(Entry.model_validate(item)), **fields}


def on_disk(folder: Path) -> bytes:
    """All that was written into a folder."""
    return b"".join(file.read_bytes() for file in folder.iterdir())
