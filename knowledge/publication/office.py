"""All that keeps the knowledge, put together over one database: for the service, and for commands beside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from knowledge.current import CurrentKnowledge
from knowledge.library import Library, read_library
from knowledge.meaning import Meaning
from knowledge.publication import seed
from knowledge.publication.accounts import Accounts
from knowledge.publication.checks import Checks
from knowledge.publication.ports import Sealing, Store
from knowledge.publication.questions import Questions, Regressions
from knowledge.publication.store import Publication
from knowledge.statutes import StatuteStore


class Office:
    """`publication`, `checks`, `questions`, `regressions` and `accounts` of one database."""

    def __init__(self, store: Store, sealer: Sealing, content_dir: Path, today: Callable[[], date]) -> None:
        """Merges the content that comes with the product. Raises ContentError if that cannot be used."""
        self.sealer = sealer
        self.base: Library = read_library(content_dir)
        seed.merge(store, self.base)
        self.publication = Publication(store, self.base, today)
        self.questions = Questions(store, sealer, [text for _, entry in self.base.entries for text in entry.questions])
        self.regressions = Regressions(store, sealer)
        self.checks = Checks(self.publication, self.regressions)
        self.accounts = Accounts(store, sealer)

    def current(self, statutes: StatuteStore | None = None, meaning: Meaning | None = None) -> CurrentKnowledge:
        """What answers; `start` it where publications have to be seen while it lives."""
        self.checks.vectors = meaning.folder if meaning else None
        return CurrentKnowledge(self.publication, self.publication.today, statutes=statutes, meaning=meaning)
