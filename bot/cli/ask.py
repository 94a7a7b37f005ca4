"""`reportguide ask`: one question to the knowledge base."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from rich.console import Console

from actions.dates import LOCAL
from bot.cli.learning import learn
from bot.settings import Settings
from connectors.gateway import Database
from knowledge import Knowledge, Meaning, StatuteStore
from knowledge.library import Library, read_library
from knowledge.publication.store import Publication
from knowledge.publication.tables import state
from knowledge.retrieval import texts_of


class Asker:
    def __init__(self, content: Path, settings: Settings) -> None:
        """What the model has not learnt yet is learnt first: once, with a bar on the terminal."""
        today = datetime.now(LOCAL).date()
        library = _published(read_library(content), settings, today)
        statutes = StatuteStore(settings.statutes_folder).current(today)
        meaning = Meaning.load(settings.vectors_folder) if settings.meaning else None
        if meaning:
            learn(meaning, texts_of(library, today, statutes), Console(file=sys.stderr))
        self._knowledge = Knowledge(library, today, statutes=statutes, meaning=meaning)

    def ask(self, text: str, ranked: int = 0) -> dict[str, Any]:
        """``{"answered", "answer", "citations": [{"title", "article"}], "entry", "score", "ms", "ranked"?}``."""
        found = self._knowledge.ask(text, ranked=ranked)
        told: dict[str, Any] = {
            "answered": found.answered,
            "answer": found.answer,
            "citations": [{"title": citation.title, "article": citation.article} for citation in found.citations],
            "entry": found.entry,
            "score": round(found.score, 4),
            "ms": round(found.ms, 2),
        }
        if ranked:
            told["ranked"] = [item._asdict() for item in found.ranked]
        return told


def _published(base: Library, settings: Settings, today: date) -> Library:
    """What staff have published; before the system was ever started, what comes with the product."""
    if not settings.database_url and not (settings.home / "service.db").exists():
        return base
    database = Database(settings.service_database)
    try:
        if not sa.inspect(database.engine).has_table(state.name):
            return base
        publication = Publication(database, base, lambda: today)
        return publication.library(today) if publication.edition() else base
    finally:
        database.close()
