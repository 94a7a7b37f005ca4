"""Which laws and articles may be cited now: those the content knows, and those of texts that were imported."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from knowledge.laws import ArticleParser, LawIndex
from knowledge.library import Library
from knowledge.statutes import StatuteError, StatuteStore

log = logging.getLogger("knowledge")


class _Known(NamedTuple):
    seen: tuple[date, int]
    laws: LawIndex
    articles: ArticleParser


class Citable:
    """Sees by itself what a command imports while the service runs. May be asked by many threads at once."""

    def __init__(self, base: Library, today: Callable[[], date], statutes: StatuteStore | None = None) -> None:
        self._base, self._today, self._statutes = base, today, statutes
        self._known: _Known | None = None

    @property
    def laws(self) -> LawIndex:
        return self._now().laws

    @property
    def articles(self) -> ArticleParser:
        """Finds these laws and their articles in a text."""
        return self._now().articles

    def _now(self) -> _Known:
        seen = self._today(), self._statutes.stamp if self._statutes else 0
        known = self._known
        if known is None or known.seen != seen:
            laws = self._base.laws
            try:
                laws = laws.with_texts(self._statutes.current(seen[0]) if self._statutes else ())
            except StatuteError as problem:
                log.error("the imported texts are not known: %s", problem)
            known = self._known = _Known(seen, laws, ArticleParser(laws, self._base.aliases))
        return known
