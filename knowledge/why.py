"""Why a question was answered as it was: what search found, and what decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from knowledge.decision import Signals
from knowledge.entries import Entry
from knowledge.retrieval import Answer, Knowledge

#: How many of the nearest entries are shown.
NEAREST = 5


class Near(NamedTuple):
    """An entry that comes near. `score`: fit in standard deviations; `like` (0–1): cosine with its nearest question."""

    entry: Entry
    score: float
    like: float


@dataclass(frozen=True)
class Why:
    """`how`: same (a question of an entry, as it stands), article (named with its law), search, or nothing found.

    `read`: the question as it is compared. `hints`: what the lexicon adds. `signals` is None where nothing was found.
    """

    answer: Answer
    how: str
    read: str
    hints: tuple[str, ...]
    signals: Signals | None
    nearest: tuple[Near, ...]


def explain(knowledge: Knowledge, text: str) -> Why:
    """Ask, and tell why. Takes about twice as long as asking."""
    found = knowledge.look(text)
    how = "same" if found.same else "article" if found.article else "search" if found.fit.order else "nothing"
    near = zip(found.fit.order[:NEAREST], found.fit.alike, strict=False)
    nearest = tuple(Near(knowledge.entries[at], float(found.fit.scores[at]), like) for at, like in near)
    return Why(knowledge.ask(text), how, found.read, found.hints, found.fit.signals, nearest)
