"""Whether the best entry found is the answer, might be meant, or nothing here answers.

Two weighted sums of signals, fitted by logistic regression: every question of an entry and every line of
`elsewhere.yml` was asked once while it was left out of the index. The evaluation set had no part in the weights; the
limits were chosen with both in view.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import NamedTuple

from knowledge.text import tokens

#: From where on a question belongs here at all; from where on it is answered; and how sure the entry must be.
MAYBE, IN, SURE = -2.0, -0.5, 0.0
_SMOOTH = 0.5


class Band(Enum):
    ANSWER = "answer"
    DID_YOU_MEAN = "did you mean"
    UNKNOWN = "unknown"


class Signals(NamedTuple):
    """What search tells about a question and the best entry.

    `score`: BM25 of the best. `second`: of the next. `coverage`: part of the question the best entry knows.
    `elsewhere`: cosine with the nearest question of other fields. `lean`: what Lean says.
    """

    score: float
    second: float
    coverage: float
    elsewhere: float
    lean: float


class Decision(NamedTuple):
    """`confidence`: 0–1; an answer is given from 0.5 on."""

    band: Band
    confidence: float


def decide(signals: Signals) -> Decision:
    if signals.score <= 0:
        return Decision(Band.UNKNOWN, 0.0)
    size = math.log1p(signals.score)
    margin = (signals.score - signals.second) / signals.score
    belongs = 1.65 * size + 2.85 * signals.coverage - 5.74 * signals.elsewhere + 0.98 * signals.lean - 3.99
    sure = 1.65 * size + 3.03 * signals.coverage - 3.39 * signals.elsewhere + 2.54 * margin - 7.21
    above = min(belongs - IN, sure - SURE)
    if above >= 0:
        return Decision(Band.ANSWER, _logistic(above))
    return Decision(Band.DID_YOU_MEAN if belongs >= MAYBE else Band.UNKNOWN, _logistic(above))


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))


class Lean:
    """Whether words are rather those of questions answered here (above 0) or of other fields (below 0): naive Bayes."""

    def __init__(self, here: Iterable[str], elsewhere: Iterable[str]) -> None:
        """Both are normalised questions."""
        ours, theirs = list(here), list(elsewhere)
        self._here = Counter(token for question in ours for token in set(tokens(question)))
        self._elsewhere = Counter(token for question in theirs for token in set(tokens(question)))
        self._size = math.log((len(theirs) + 2 * _SMOOTH) / (len(ours) + 2 * _SMOOTH))

    def of(self, said: Mapping[str, float]) -> float:
        """`said`: token → weight. 0 for no tokens."""
        total = sum(said.values())
        if not total:
            return 0.0
        return sum(weight * self._token(token) for token, weight in said.items()) / math.sqrt(total)

    def _token(self, token: str) -> float:
        return math.log((self._here[token] + _SMOOTH) / (self._elsewhere[token] + _SMOOTH)) + self._size
