"""The knowledge of this moment: what was published a second ago is answered, what became valid at midnight too.

Statutes that a command on this machine imported meanwhile are taken in as well; and what the model of meaning has not
learnt yet it learns in the background, while questions are answered on characters alone.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Protocol

from knowledge.article_search import ArticleTexts
from knowledge.files import ContentError
from knowledge.library import Library, read_library
from knowledge.meaning import Meaning
from knowledge.retrieval import Answer, Knowledge, texts_of
from knowledge.statutes import Statute, StatuteError, StatuteStore

log = logging.getLogger("knowledge")

#: Seconds between two looks at which edition is published.
LOOK = 0.2
#: So few texts are learnt before they are answered, in about a second; more are learnt behind.
LEARN_AT_ONCE = 48


class Published(Protocol):
    """Where editions are published. Both may be called by any thread."""

    def edition(self) -> int: ...
    def library(self, day: date) -> Library: ...


class Folder:
    """A content folder that nobody publishes into: one edition for ever, read anew for each day."""

    def __init__(self, content_dir: Path) -> None:
        self._content_dir = content_dir

    def edition(self) -> int:
        return 0

    def library(self, day: date) -> Library:
        return read_library(self._content_dir)


class CurrentKnowledge:
    """Asks the published knowledge of the day; `today` tells which day it is where the agency is.

    A thread looks for new editions while it is started, so that no question waits for one to be read.
    """

    def __init__(
        self,
        published: Published | Path,
        today: Callable[[], date],
        *,
        statutes: StatuteStore | None = None,
        meaning: Meaning | None = None,
    ) -> None:
        """`published` may be a content folder. Raises ContentError if the content cannot be used."""
        self._statutes, self._meaning = statutes, meaning
        self._learning: threading.Thread | None = None
        self._articles: tuple[tuple[date, int], ArticleTexts] | None = None
        self._published = Folder(published) if isinstance(published, Path) else published
        self._today = today
        self._refreshing = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._seen = self._now()
        self._knowledge = self._made(self._seen)

    @property
    def edition(self) -> int:
        """The edition that is answered."""
        return self._seen[0]

    @property
    def knowledge(self) -> Knowledge:
        return self._knowledge

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
        """As `Knowledge.ask`. The first question of a day that nobody was waiting for reads the content anew."""
        if self._thread is None and self._today() != self._seen[1]:
            self.refresh()
        return self._knowledge.ask(text, matter=matter, role=role, channel=channel, before=before, ranked=ranked)

    def refresh(self) -> None:
        """Answer what is published now. Does nothing if it is answered already; keeps the old where it cannot."""
        with self._refreshing:
            seen = self._now()
            if seen == self._seen:
                return
            try:
                self._knowledge = self._made(seen)
            except ContentError as problem:
                # Somebody is editing, or broke it: what was right yesterday is better than no answers.
                log.error("the content cannot be read anew: %s", problem)
            self._seen = seen

    def _now(self) -> tuple[int, date, int]:
        """Edition, day, and the stamp of the imported statutes."""
        return self._published.edition(), self._today(), self._statutes.stamp if self._statutes else 0

    def _made(self, seen: tuple[int, date, int]) -> Knowledge:
        library, statutes = self._published.library(seen[1]), self._texts(seen[1], seen[2])
        if self._meaning:
            self._learn(self._meaning, library, seen[1], statutes)
        return Knowledge(library, seen[1], statutes=statutes, meaning=self._meaning)

    def _learn(self, meaning: Meaning, library: Library, day: date, statutes: ArticleTexts) -> None:
        """A few texts now, so that a new edition is answered by meaning at once; many behind."""
        texts = texts_of(library, day, statutes.statutes)

        def learn() -> None:
            for side, some in texts.items():
                meaning.learn(side, some)

        def learn_and_use() -> None:
            learn()
            with self._refreshing:
                self._knowledge = Knowledge(library, day, statutes=statutes, meaning=meaning)
                self._seen = (-1, day, 0)  # whatever was published meanwhile is looked at again

        missing = sum(meaning.missing(side, some) for side, some in texts.items())
        if 0 < missing <= LEARN_AT_ONCE:
            learn()
        elif missing and not (self._learning and self._learning.is_alive()):
            self._learning = threading.Thread(target=learn_and_use, name="learning", daemon=True)
            self._learning.start()

    def _texts(self, day: date, stamp: int) -> ArticleTexts:
        """Made once for a day and what is imported; editions of the entries come oftener."""
        if self._articles is None or self._articles[0] != (day, stamp):
            found: list[Statute] = []
            try:
                found = self._statutes.current(day) if self._statutes else []
            except StatuteError as problem:
                log.error("answers are given without the texts of the laws: %s", problem)
            self._articles = (day, stamp), ArticleTexts(found)
        return self._articles[1]

    def start(self) -> None:
        """Begin to look for new editions."""
        self._thread = threading.Thread(target=self._look, name="knowledge", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        if self._thread:
            self._thread.join()

    def _look(self) -> None:
        told = 0.0
        while not self._ended.wait(LOOK):
            try:
                self.refresh()
            except Exception as problem:
                # The database may be away for a while; what was read last goes on being answered.
                if time.monotonic() - told > 60:
                    told = time.monotonic()
                    log.error("cannot look for a new edition: %s", type(problem).__name__)
