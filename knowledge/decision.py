"""Whether the best entry found is the answer, might be meant, or nothing here answers.

Two weighted sums of signals, fitted by logistic regression (`python -m knowledge.fitting`): every question of an entry
and every line of `elsewhere.yml` was asked while it was left out of the index. The evaluation set had no part in the
weights; the limits were chosen with both in view. Where there is no model of meaning, other weights are used.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import NamedTuple

import numpy as np

from knowledge.bags import Ints, Vocabulary

_SMOOTH = 0.5


class Band(Enum):
    ANSWER = "answer"
    DID_YOU_MEAN = "did you mean"
    UNKNOWN = "unknown"


class Signals(NamedTuple):
    """What search tells about a question and the best entry.

    `score`: BM25 of the best. `second`: of the next. `coverage`: part of the question the best entry knows.
    `elsewhere`: cosine with the nearest question of other fields, by characters. `lean`: what Lean says.
    By meaning (`asked` is None without a model): cosine with the nearest question of the best entry and of other
    fields; `side`: whether the question is rather one of ours; `ahead`: how far the best entry is before the next.
    """

    score: float
    second: float
    coverage: float
    elsewhere: float
    lean: float
    asked: float | None = None
    asked_elsewhere: float = 0.0
    side: float = 0.0
    ahead: float = 0.0

    @property
    def values(self) -> tuple[float, ...]:
        """What is weighed, in the order of the weights."""
        size = math.log1p(max(self.score, 0.0))
        if self.asked is None:
            margin = (self.score - self.second) / self.score if self.score > 0 else 0.0
            return (size, self.coverage, self.elsewhere, self.lean, margin)
        return (
            size,
            self.coverage,
            self.elsewhere,
            self.lean,
            10 * self.asked,
            10 * self.asked_elsewhere,
            self.side,
            self.ahead,
        )


class Rule(NamedTuple):
    """Weights in the order of `Signals.values`, the constant last: does the question belong here, is the entry right.

    Limits: from where on a question may belong here at all; does; and how sure the entry must be.
    """

    belongs: Sequence[float]
    sure: Sequence[float]
    maybe: float
    in_: float
    right: float


CHARACTERS = Rule(
    belongs=(1.81, 0.12, -6.71, 1.05, -0.82, -4.90),
    sure=(1.14, 4.06, -4.59, 0.10, 1.55, -7.44),
    maybe=-1.6,
    in_=0.0,
    right=-0.5,
)
MEANING = Rule(
    belongs=(0.64, 0.84, -4.48, 0.65, 4.07, -4.49, 2.83, -0.03, 2.25),
    sure=(0.04, 2.56, -3.98, 0.07, 1.99, -1.01, 0.82, 0.16, -11.56),
    maybe=-1.0,
    in_=0.0,
    right=-2.0,
)


class Decision(NamedTuple):
    """`confidence`: 0–1; an answer is given from 0.5 on."""

    band: Band
    confidence: float


def decide(signals: Signals | None) -> Decision:
    """None: nothing was found at all."""
    if signals is None:
        return Decision(Band.UNKNOWN, 0.0)
    rule = CHARACTERS if signals.asked is None else MEANING
    belongs, sure = _sum(rule.belongs, signals), _sum(rule.sure, signals)
    above = min(belongs - rule.in_, sure - rule.right)
    if above >= 0:
        return Decision(Band.ANSWER, _logistic(above))
    return Decision(Band.DID_YOU_MEAN if belongs >= rule.maybe else Band.UNKNOWN, _logistic(above))


def _sum(weights: Sequence[float], signals: Signals) -> float:
    return sum(weight * value for weight, value in zip(weights, (*signals.values, 1.0), strict=True))


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, value))))


class Lean:
    """Whether words are rather those of questions answered here (above 0) or of other fields (below 0): naive Bayes."""

    def __init__(self, vocabulary: Vocabulary, here: tuple[Ints, int], elsewhere: tuple[Ints, int]) -> None:
        """For both sides, how many of its questions have each token, and how many questions there are."""
        (ours, many), (theirs, others) = here, elsewhere
        self._vocabulary = vocabulary
        size = math.log((others + 2 * _SMOOTH) / (many + 2 * _SMOOTH))
        self._of = np.append(np.log((ours + _SMOOTH) / (theirs + _SMOOTH)), 0.0) + size  # the last is for new ones

    def of(self, said: Mapping[str, float]) -> float:
        """`said`: token → weight. 0 for no tokens."""
        total = sum(said.values())
        if not total:
            return 0.0
        weights = np.fromiter(said.values(), np.float64, len(said))
        return float(weights @ self._of[self._vocabulary.numbers(said)]) / math.sqrt(total)
