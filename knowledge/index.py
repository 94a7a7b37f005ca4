"""Search on characters and pairs of characters: each question alone, all of an entry together, and its answer."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import numpy as np

from knowledge.bm25 import Floats, Postings, rarity
from knowledge.text import tokens

#: BM25's own: how fast a repeated word stops counting, how much a long text is held back.
K1, B = 1.2, 0.5
#: What a lexicon's word counts beside a word that was said.
HINTED = 0.7
#: What all questions of an entry together, and the text of its answer, add to the best single question.
TOGETHER, ANSWER = 1.0, 1.0


class _Part(Enum):
    QUESTION = 0
    TOGETHER = 1
    BODY = 2


class Document(NamedTuple):
    """Normalised texts of one entry: its questions are compared each alone and all together, `body` once."""

    questions: tuple[str, ...]
    body: str = ""


@dataclass(frozen=True)
class Query:
    """Token → weight: what was said, and with what the lexicon adds. `text`: normalised."""

    text: str
    said: Mapping[str, float]
    all: Mapping[str, float]


class Index:
    """Immutable; may be asked by many threads at once."""

    def __init__(self, documents: Sequence[Document]) -> None:
        bags: list[Counter[str]] = []
        parts: list[int] = []
        owners: list[int] = []
        vocabulary: list[frozenset[str]] = []
        for number, document in enumerate(documents):
            own = [Counter(tokens(text)) for text in document.questions]
            body = Counter(tokens(document.body))
            mine = [*((_Part.QUESTION, bag) for bag in own), (_Part.TOGETHER, _sum(own)), (_Part.BODY, body)]
            for part, bag in mine:
                bags.append(bag)
                parts.append(part.value)
                owners.append(number)
            vocabulary.append(frozenset(body).union(*own))
        self._vocabulary = vocabulary
        self._idf, self._unknown = rarity(vocabulary, len(documents))
        self._postings = Postings(bags, k1=K1, b=B, sets=parts)
        self._count = len(documents)
        of_part = np.asarray(parts, np.int8)
        self._questions = np.flatnonzero(of_part == _Part.QUESTION.value)
        self._owner = np.asarray(owners, np.int32)[self._questions]
        # Questions of one document are neighbours: where each document begins among them, and which have any.
        self._starts = np.flatnonzero(np.diff(self._owner, prepend=-1)) if self._owner.size else self._owner
        self._asked = self._owner[self._starts] if self._owner.size else self._owner
        self._together = np.flatnonzero(of_part == _Part.TOGETHER.value)
        self._bodies = np.flatnonzero(of_part == _Part.BODY.value)
        squares = self._postings.sums({token: rare**2 for token, rare in self._idf.items()})
        self._norm = np.sqrt(np.maximum(squares[self._questions], 1e-9))

    def idf(self, token: str) -> float:
        """How rare a token is; the highest value for one never seen."""
        return self._idf.get(token, self._unknown)

    @staticmethod
    def query(text: str, hints: Sequence[str] = ()) -> Query:
        """`text` and `hints` must have been normalised."""
        said = dict.fromkeys(tokens(text), 1.0)
        hinted = {token: HINTED for hint in hints for token in tokens(hint)}
        return Query(text, said, {**hinted, **said})

    def scores(self, query: Query) -> tuple[Floats, Floats]:
        """For every document: BM25, and cosine (0–1) with the nearest of its questions."""
        weights = {token: weight * self.idf(token) for token, weight in query.all.items()}
        found = self._postings.scores(weights)
        shared = self._postings.hits({token: weight * self.idf(token) for token, weight in weights.items()})
        own = math.sqrt(sum(weight * self.idf(token) ** 2 for token, weight in query.said.items())) or 1.0
        score = TOGETHER * found[self._together] + ANSWER * found[self._bodies]
        near = np.zeros(self._count, np.float32)
        if self._questions.size:
            score[self._asked] += np.maximum.reduceat(found[self._questions], self._starts)
            cosine = np.minimum(1.0, shared[self._questions] / own / self._norm)
            near[self._asked] = np.maximum.reduceat(cosine, self._starts)
        return score, near

    def coverage(self, query: Query, document: int) -> float:
        """Which part (0–1) of what was said, by rarity, the document knows."""
        return self._share(query.said, self._vocabulary[document])

    @property
    def pairs(self) -> frozenset[str]:
        """Every pair of characters that stands anywhere."""
        return frozenset(token for token in self._idf if len(token) == 2 and not token.isascii())

    def _share(self, said: Mapping[str, float], words: Container[str]) -> float:
        total = sum(weight * self.idf(token) for token, weight in said.items())
        if not total:
            return 0.0
        return sum(weight * self.idf(token) for token, weight in said.items() if token in words) / total


def _sum(bags: Sequence[Counter[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for bag in bags:
        total.update(bag)
    return total
