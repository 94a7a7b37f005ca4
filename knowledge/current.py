"""The knowledge of this moment: what was published a second ago is answered, what became valid at midnight too.

Statutes that a command on this machine imported meanwhile are taken in as well; and what the model of meaning has not
learnt yet it learns in the background, while questions are answered on characters alone.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import NamedTuple, Protocol

from knowledge.article_search import ArticleTexts
from knowledge.entries import Entry
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

    def library(self, day: date, instead: tuple[str, int] | None = None) -> Library:
        """What is published on `day`; `instead`: as if that revision of that entry were, too."""
        ...

    def upcoming(self) -> tuple[str, int] | None:
        """The entry and revision that will be published in a moment, if its check passes."""
        ...


class Folder:
    """A content folder that nobody publishes into: one edition for ever, read anew for each day."""

    def __init__(self, content_dir: Path) -> None:
        self._content_dir = content_dir

    def edition(self) -> int:
        return 0

    def library(self, day: date, instead: tuple[str, int] | None = None) -> Library:
        return read_library(self._content_dir)

    def upcoming(self) -> tuple[str, int] | None:
        return None


class _Prepared(NamedTuple):
    """Made while a publication is still being checked, so that it is answered at once when it comes."""

    seen: tuple[int, date, int]
    upcoming: tuple[str, int]
    library: Library
    knowledge: Knowledge


class CurrentKnowledge:
    """Asks the published knowledge of the day; `today` tells which day it is where the agency is.

    A thread looks for new editions while it is started, so that no question waits for one to be read. What is about to
    be published is prepared. What is withdrawn or taken back without notice is not cited from the next look on, also
    while the rest is still being made.
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
        self._prepared: _Prepared | None = None
        self._veil: dict[str, Entry | None] = {}
        self._seen = self._now()
        self._library = self._published.library(self._seen[1])
        self._knowledge = self._made(self._library, self._seen)

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
        found = self._knowledge.ask(text, matter=matter, role=role, channel=channel, before=before, ranked=ranked)
        veil = self._veil
        return self._as_published(found, veil[found.entry]) if found.entry in veil else found

    def at_step(self, matter: str, step: str, *, role: str | None = None) -> Entry | None:
        """As `Knowledge.at_step`; nothing while the entry is being replaced."""
        found = self._knowledge.at_step(matter, step, role=role)
        return None if found and found.id in self._veil else found

    def _as_published(self, found: Answer, entry: Entry | None) -> Answer:
        """An answer of the last edition in the words of the new one, which is still being made."""
        if entry is None:
            unknown = self._library.sayings.unknown
            return replace(found, answered=False, answer=unknown, citations=[], entry=None, score=0.0, suggestions=[])
        return replace(found, answer=entry.answer, citations=list(entry.citations)) if found.answered else found

    def refresh(self) -> None:
        """Answer what is published now. Does nothing if it is answered already; keeps the old where it cannot."""
        with self._refreshing:
            seen = self._now()
            if seen == self._seen:
                return
            try:
                library = self._published.library(seen[1])
                self._veil = _changed(self._library, library, seen[1])
                ready = self._prepared
                if ready and ready.seen[1:] == seen[1:] and ready.library.entries == library.entries:
                    self._knowledge = ready.knowledge
                else:
                    self._knowledge = self._made(library, seen)
                self._library, self._veil, self._prepared = library, {}, None
            except ContentError as problem:
                # Somebody is editing, or broke it: what was right yesterday is better than no answers.
                log.error("the content cannot be read anew: %s", problem)
            self._seen = seen

    def _prepare(self) -> None:
        """Make ready what will be published in a moment."""
        upcoming, seen = self._published.upcoming(), self._seen
        if upcoming is None or (self._prepared and self._prepared[:2] == (seen, upcoming)):
            return
        library = self._published.library(seen[1], upcoming)
        self._prepared = _Prepared(seen, upcoming, library, self.tried(library, seen[1]))

    def tried(self, library: Library, day: date) -> Knowledge:
        """As if `library` were published: for trying it, and nothing is answered from it."""
        statutes = self._texts(day, self._seen[2])
        if self._meaning:
            texts = texts_of(library, day, statutes.statutes)
            if sum(self._meaning.missing(side, some) for side, some in texts.items()) <= LEARN_AT_ONCE:
                for side, some in texts.items():
                    self._meaning.learn(side, some)
        return Knowledge(library, day, statutes=statutes, meaning=self._meaning)

    def _now(self) -> tuple[int, date, int]:
        """Edition, day, and the stamp of the imported statutes."""
        return self._published.edition(), self._today(), self._statutes.stamp if self._statutes else 0

    def _made(self, library: Library, seen: tuple[int, date, int]) -> Knowledge:
        statutes = self._texts(seen[1], seen[2])
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
            # Minutes of work that nobody waits for must not slow the turns of those who talk.
            if sys.platform == "linux":  # where a thread can be told so alone
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
            learn()
            with self._refreshing:
                self._knowledge = Knowledge(library, day, statutes=statutes, meaning=meaning)
                self._library, self._veil = library, {}
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
                self._prepare()
            except Exception as problem:
                # The database may be away for a while; what was read last goes on being answered.
                if time.monotonic() - told > 60:
                    told = time.monotonic()
                    log.error("cannot look for a new edition: %s", type(problem).__name__)


def _changed(old: Library, new: Library, day: date) -> dict[str, Entry | None]:
    """Entries that are no longer answered as they were: id → how they are now, None where not at all."""
    now = {entry.id: entry for _, entry in new.entries if entry.valid(day)}
    return {entry.id: now.get(entry.id) for _, entry in old.entries if now.get(entry.id) != entry}
