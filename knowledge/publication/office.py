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
from knowledge.publication.gate_process import ALONE, Beside
from knowledge.publication.ports import Sealing, Store
from knowledge.publication.questions import Questions, Regressions
from knowledge.publication.store import Publication
from knowledge.statutes import StatuteStore


class Office:
    """`publication`, `checks`, `questions`, `regressions` and `accounts` of one database."""

    def __init__(
        self, store: Store, sealer: Sealing, content_dir: Path, today: Callable[[], date], beside: Beside = ALONE
    ) -> None:
        """`beside`: imported texts, and the vectors of the model if meaning is to be searched, too.

        Merges the content that comes with the product. Raises ContentError if that cannot be used.
        """
        self.sealer = sealer
        self.base: Library = read_library(content_dir)
        seed.merge(store, self.base)
        self._beside = beside
        self._statutes = StatuteStore(beside.statutes) if beside.statutes else None
        self.publication = Publication(store, self.base, today, self._statutes)
        self.questions = Questions(store, sealer, [text for _, entry in self.base.entries for text in entry.questions])
        self.regressions = Regressions(store, sealer)
        self.checks = Checks(self.publication, self.regressions, sealer, beside)
        self.accounts = Accounts(store, sealer)

    def meaning(self) -> Meaning | None:
        """The model, with what it has learnt, if answers are searched by it and it can be had."""
        return Meaning.load(self._beside.vectors) if self._beside.vectors else None

    def current(self) -> CurrentKnowledge:
        """What answers; `start` it where publications have to be seen while it lives."""
        today = self.publication.today
        return CurrentKnowledge(self.publication, today, statutes=self._statutes, meaning=self.meaning())
