"""The knowledge of this moment: what was published a second ago is answered, what became valid at midnight too."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Protocol

from knowledge.files import ContentError
from knowledge.library import Library, read_library
from knowledge.retrieval import Answer, Knowledge

log = logging.getLogger("knowledge")

#: Seconds between two looks at which edition is published.
LOOK = 0.2


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

    def __init__(self, published: Published | Path, today: Callable[[], date]) -> None:
        """`published` may be a content folder. Raises ContentError if the content cannot be used."""
        self._published = Folder(published) if isinstance(published, Path) else published
        self._today = today
        self._refreshing = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._seen = (self._published.edition(), today())
        self._knowledge = Knowledge(self._published.library(self._seen[1]), self._seen[1])

    @property
    def edition(self) -> int:
        """The edition that is answered."""
        return self._seen[0]

    @property
    def knowledge(self) -> Knowledge:
        return self._knowledge

    def ask(self, text: str, *, matter: str | None = None, ranked: int = 0) -> Answer:
        """As `Knowledge.ask`. The first question of a day that nobody was waiting for reads the content anew."""
        if self._thread is None and self._today() != self._seen[1]:
            self.refresh()
        return self._knowledge.ask(text, matter=matter, ranked=ranked)

    def refresh(self) -> None:
        """Answer what is published now. Does nothing if it is answered already; keeps the old where it cannot."""
        with self._refreshing:
            seen = (self._published.edition(), self._today())
            if seen == self._seen:
                return
            try:
                self._knowledge = Knowledge(self._published.library(seen[1]), seen[1])
            except ContentError as problem:
                # Somebody is editing, or broke it: what was right yesterday is better than no answers.
                log.error("the content cannot be read anew: %s", problem)
            self._seen = seen

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
