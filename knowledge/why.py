"""Why a question was answered as it was: what search found, and what decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from knowledge.decision import Signals
from knowledge.entries import Entry
from knowledge.retrieval import Answer, Knowledge
from knowledge.text import bare, normalise

#: How many of the nearest entries are shown.
NEAREST = 5


class Near(NamedTuple):
    """An entry that shares words with the question. `score`: BM25; `like` (0–1): its nearest question."""

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
    answer = knowledge.ask(text)
    said = normalise(text)
    hints = tuple(knowledge._lexicon.expand(said))
    query = knowledge._index.query(said, list(hints))
    hits = knowledge._index.search(query)
    count = len(knowledge.entries)
    ours = [hit for hit in hits if hit.document < count]
    signals = None
    if ours:
        signals = Signals(
            score=ours[0].score,
            second=ours[1].score if len(ours) > 1 else 0.0,
            coverage=knowledge._index.coverage(query, ours[0].document),
            elsewhere=max((hit.question for hit in hits if hit.document >= count), default=0.0),
            lean=knowledge._lean.of(query.said),
        )
    if bare(said) in knowledge._asked:
        how = "same"
    elif knowledge._articles.find(said) or knowledge._articles.bare(said):
        how = "article"
    else:
        how = "search" if ours else "nothing"
    nearest = tuple(Near(knowledge.entries[hit.document], hit.score, hit.question) for hit in ours[:NEAREST])
    return Why(answer, how, said, hints, signals, nearest)
