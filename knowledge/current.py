"""The knowledge of today: entries become valid and expire at midnight, also where nobody restarts the service.

Statutes that were imported meanwhile, by a command on this machine, are taken in as well; and what the model of
meaning has not learnt yet it learns in the background, while questions are answered on characters alone.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path

from knowledge.files import ContentError
from knowledge.library import Library, read_library
from knowledge.meaning import Meaning
from knowledge.retrieval import Answer, Knowledge, texts_of
from knowledge.statutes import Statute, StatuteError, StatuteStore

log = logging.getLogger("knowledge")

#: So many texts are learnt at once, in about a second; more are learnt in the background.
LEARN_AT_ONCE = 64


class CurrentKnowledge:
    """Asks the knowledge of the day; `today` tells which day it is where the agency is."""

    def __init__(
        self,
        content_dir: Path,
        today: Callable[[], date],
        *,
        statutes: StatuteStore | None = None,
        meaning: Meaning | None = None,
    ) -> None:
        """Raises ContentError if the content cannot be used."""
        self._content_dir, self._today = content_dir, today
        self._statutes, self._meaning = statutes, meaning
        self._lock = threading.Lock()
        self._learning: threading.Thread | None = None
        self._day, self._stamp = today(), self._stamp_now()
        self._knowledge = self._made()

    def ask(
        self,
        text: str,
        *,
        matter: str | None = None,
        role: str | None = None,
        channel: str | None = None,
        before: str | None = None,
        ranked: int = 0,
    ) -> Answer:
        """As `Knowledge.ask`. The first question of a day reads the content anew, which takes about a second."""
        if self._today() != self._day or self._stamp_now() != self._stamp:
            self._renew()
        return self._knowledge.ask(text, matter=matter, role=role, channel=channel, before=before, ranked=ranked)

    def _renew(self) -> None:
        with self._lock:
            day, stamp = self._today(), self._stamp_now()
            if (day, stamp) == (self._day, self._stamp):
                return
            self._day, self._stamp = day, stamp
            try:
                self._knowledge = self._made()
            except ContentError as problem:
                # Somebody is editing, or broke it: what was right yesterday is better than no answers.
                log.error("the content cannot be read anew: %s", problem)

    def _made(self) -> Knowledge:
        library, statutes = read_library(self._content_dir), self._texts()
        if self._meaning and not self._learnt(library, statutes, self._meaning):
            self._learn_behind(library, statutes, self._meaning)
        return Knowledge(library, self._day, statutes=statutes, meaning=self._meaning)

    def _learnt(self, library: Library, statutes: list[Statute], meaning: Meaning) -> bool:
        texts = texts_of(library, self._day, statutes)
        if sum(meaning.missing(side, some) for side, some in texts.items()) > LEARN_AT_ONCE:
            return False
        for side, some in texts.items():
            meaning.learn(side, some)
        return True

    def _learn_behind(self, library: Library, statutes: list[Statute], meaning: Meaning) -> None:
        if self._learning and self._learning.is_alive():
            return

        def learn() -> None:
            for side, some in texts_of(library, self._day, statutes).items():
                meaning.learn(side, some)
            with self._lock:
                self._knowledge = self._made()

        self._learning = threading.Thread(target=learn, name="learning", daemon=True)
        self._learning.start()

    def _texts(self) -> list[Statute]:
        if self._statutes is None:
            return []
        try:
            return self._statutes.current(self._day)
        except StatuteError as problem:
            log.error("answers are given without the texts of the laws: %s", problem)
            return []

    def _stamp_now(self) -> int:
        return self._statutes.stamp if self._statutes else 0
