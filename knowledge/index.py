"""BM25 on characters and pairs of characters. Pure Python: some hundred entries answer in about a millisecond."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from knowledge.text import tokens

#: BM25's own: how fast a repeated word stops counting, how much a long text is held back.
K1, B = 1.2, 0.5
#: What one character counts beside a pair; what a lexicon's word counts beside a word that was said.
SINGLE, HINTED = 0.7, 0.7
#: What all questions of an entry together, and the text of its answer, add to the best single question.
TOGETHER, ANSWER = 0.6, 0.35


class _Part(Enum):
    QUESTION = 0
    TOGETHER = 1
    BODY = 2


_ADDS = {_Part.TOGETHER: TOGETHER, _Part.BODY: ANSWER}


class Document(NamedTuple):
    """Normalised texts of one entry: its questions are compared each alone and all together, `body` once."""

    questions: tuple[str, ...]
    body: str = ""


class Hit(NamedTuple):
    """`document`: place in the list given to the index. `score`: BM25, unbounded.

    `question`: cosine (0–1) with the nearest of its questions.
    """

    document: int
    score: float
    question: float


@dataclass(frozen=True)
class Query:
    """Token → weight: what was said, and with what the lexicon adds."""

    said: Mapping[str, float]
    all: Mapping[str, float]


class Index:
    """Immutable; may be asked by many threads at once."""

    def __init__(self, documents: Sequence[Document]) -> None:
        bags: list[tuple[int, _Part, Counter[str]]] = []
        vocabulary: list[set[str]] = []
        for number, document in enumerate(documents):
            own = [Counter(tokens(text)) for text in document.questions]
            bags += [(number, _Part.QUESTION, bag) for bag in own]
            body = Counter(tokens(document.body))
            others = ((_Part.TOGETHER, sum(own, Counter())), (_Part.BODY, body))
            bags += [(number, part, bag) for part, bag in others if bag]
            vocabulary.append(set().union(body, *own))
        self._vocabulary = vocabulary
        found = Counter(token for words in vocabulary for token in words)
        count = len(documents)
        self._idf = {token: math.log(1 + (count - n + 0.5) / (n + 0.5)) for token, n in found.items()}
        self._unknown = math.log(1 + (count + 0.5) / 0.5)
        lengths = {part: [bag.total() for _, kind, bag in bags if kind is part] for part in _Part}
        mean = {part: (sum(all_) / len(all_) if all_ else 0) or 1.0 for part, all_ in lengths.items()}
        self._owner = [(number, part) for number, part, _ in bags]
        self._norm = [math.sqrt(sum(self.idf(token) ** 2 * _size(token) for token in bag)) or 1.0 for _, _, bag in bags]
        postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for place, (_, part, bag) in enumerate(bags):
            held = K1 * (1 - B + B * bag.total() / mean[part])
            for token, times in bag.items():
                postings[token].append((place, self._idf[token] * times * (K1 + 1) / (times + held)))
        self._postings = dict(postings)

    def idf(self, token: str) -> float:
        """How rare a token is; the highest value for one never seen."""
        return self._idf.get(token, self._unknown)

    @staticmethod
    def query(text: str, hints: Sequence[str] = ()) -> Query:
        """`text` and `hints` must have been normalised."""
        said = {token: _size(token) for token in tokens(text)}
        hinted = {token: HINTED * _size(token) for hint in hints for token in tokens(hint)}
        return Query(said, {**hinted, **said})

    def search(self, query: Query) -> list[Hit]:
        """Documents that share anything with the query, best first; ties in the order of the documents."""
        scores: dict[int, float] = defaultdict(float)
        shared: dict[int, float] = defaultdict(float)
        for token, weight in query.all.items():
            square = weight * self.idf(token) ** 2
            for place, value in self._postings.get(token, ()):
                scores[place] += weight * value
                shared[place] += square
        own = math.sqrt(sum(weight * self.idf(token) ** 2 for token, weight in query.said.items())) or 1.0
        best: dict[int, float] = defaultdict(float)
        more: dict[int, float] = defaultdict(float)
        near: dict[int, float] = defaultdict(float)
        for place, score in scores.items():
            number, part = self._owner[place]
            if part is _Part.QUESTION:
                best[number] = max(best[number], score)
                near[number] = max(near[number], min(1.0, shared[place] / own / self._norm[place]))
            else:
                more[number] += _ADDS[part] * score
        hits = [Hit(number, best[number] + more[number], near[number]) for number in sorted({*best, *more})]
        return sorted(hits, key=lambda hit: -hit.score)

    def coverage(self, query: Query, document: int) -> float:
        """Which part (0–1) of what was said, by rarity, the document knows."""
        return self._share(query.said, self._vocabulary[document])

    def known(self, query: Query) -> float:
        """Which part (0–1) of what was said, by rarity, stands anywhere."""
        return self._share(query.said, self._idf)

    def _share(self, said: Mapping[str, float], words: Container[str]) -> float:
        total = sum(weight * self.idf(token) for token, weight in said.items())
        if not total:
            return 0.0
        return sum(weight * self.idf(token) for token, weight in said.items() if token in words) / total


def _size(token: str) -> float:
    return SINGLE if len(token) == 1 and not token.isascii() else 1.0
