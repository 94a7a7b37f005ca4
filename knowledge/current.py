"""The knowledge of today: entries become valid and expire at midnight, also where nobody restarts the service."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date
from pathlib import Path

from knowledge.files import ContentError
from knowledge.retrieval import Answer, Knowledge

log = logging.getLogger("knowledge")


class CurrentKnowledge:
    """Asks the knowledge of the day; `today` tells which day it is where the agency is."""

    def __init__(self, content_dir: Path, today: Callable[[], date]) -> None:
        """Raises ContentError if the content cannot be used."""
        self._content_dir, self._today = content_dir, today
        self._day = today()
        self._knowledge = Knowledge.load(content_dir, self._day)

    def ask(self, text: str, *, matter: str | None = None, ranked: int = 0) -> Answer:
        """As `Knowledge.ask`. The first question of a day reads the content anew, which takes less than a second."""
        if (day := self._today()) != self._day:
            self._day = day
            try:
                self._knowledge = Knowledge.load(self._content_dir, day)
            except ContentError as problem:
                # Somebody is editing, or broke it: what was right yesterday is better than no answers.
                log.error("the content cannot be read anew: %s", problem)
        return self._knowledge.ask(text, matter=matter, ranked=ranked)
