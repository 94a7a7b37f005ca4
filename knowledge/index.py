"""BM25 on characters and pairs of characters. Pure Python: some hundred entries answer in about a millisecond."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from knowledge.text import tokens

#: BM25's own: how fast a repeated word stops counting, how much a long text is held back.
K1, B = 1.2, 0.5
#: What one character counts beside a pair; what a lexicon's word counts beside a word that was said.
SINGLE, HINTED = 0.4, 0.5
#: What an answer's text adds to the best of its questions.
ANSWER = 0.35


class Document(NamedTuple):
    """Normalised texts of one entry: every question is compared alone, `body` (answer and more) once."""

    questions: tuple[str, ...]
    body: str
    weight: float = 1.0


class Hit(NamedTuple):
    """`document`: place in the list given to the index. `score`: BM25, unbounded. `question`: cosine with the nearest question."""

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
        self._documents = documents
        bags: list[tuple[int, bool, Counter[str]]] = []
        vocabulary: list[set[str]] = []
        for number, document in enumerate(documents):
            own = [Counter(tokens(text)) for text in document.questions]
            bags += [(number, True, bag) for bag in own]
            body = Counter(tokens(document.body))
            if body:
                bags.append((number, False, body))
            vocabulary.append(set().union(body, *own))
        self._vocabulary = vocabulary
        found = Counter(token for words in vocabulary for token in words)
        count = len(documents)
        self._idf = {token: math.log(1 + (count - n + 0.5) / (n + 0.5)) for token, n in found.items()}
        self._unknown = math.log(1 + (count + 0.5) / 0.5)
        lengths = {kind: [bag.total() for _, asked, bag in bags if asked is kind] for kind in (True, False)}
        mean = {kind: (sum(all_) / len(all_) if all_ else 1.0) for kind, all_ in lengths.items()}
        self._owner = [(number, asked) for number, asked, _ in bags]
        self._norm = [math.sqrt(sum(self.idf(token) ** 2 * _part(token) for token in bag)) or 1.0 for _, _, bag in bags]
        postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for place, (_, asked, bag) in enumerate(bags):
            held = K1 * (1 - B + B * bag.total() / mean[asked])
            for token, times in bag.items():
                postings[token].append((place, self._idf[token] * times * (K1 + 1) / (times + held)))
        self._postings = dict(postings)

    def idf(self, token: str) -> float:
        """How rare a token is; the highest value for one never seen."""
        return self._idf.get(token, self._unknown)

    @staticmethod
    def query(text: str, hints: Sequence[str] = ()) -> Query:
        """`text` and `hints` must have been normalised."""
        said = {token: _part(token) for token in tokens(text)}
        hinted = {token: HINTED * _part(token) for hint in hints for token in tokens(hint)}
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
        questions: dict[int, float] = defaultdict(float)
        bodies: dict[int, float] = defaultdict(float)
        near: dict[int, float] = defaultdict(float)
        for place, score in scores.items():
            number, asked = self._owner[place]
            if asked:
                questions[number] = max(questions[number], score)
                near[number] = max(near[number], min(1.0, shared[place] / own / self._norm[place]))
            else:
                bodies[number] = score
        hits = [
            Hit(number, (questions[number] + ANSWER * bodies[number]) * self._documents[number].weight, near[number])
            for number in sorted({*questions, *bodies})
        ]
        return sorted(hits, key=lambda hit: -hit.score)

    def coverage(self, query: Query, document: int) -> float:
        """Which part (0–1) of what was said, by rarity, the document knows; a word the lexicon translates counts as half."""
        words = self._vocabulary[document]
        return self._share(query.said, words)

    def known(self, query: Query) -> float:
        """Which part (0–1) of what was said, by rarity, stands anywhere."""
        return self._share(query.said, self._idf.keys())

    def _share(self, said: Mapping[str, float], words: object) -> float:
        total = sum(weight * self.idf(token) for token, weight in said.items())
        if not total:
            return 0.0
        return sum(weight * self.idf(token) for token, weight in said.items() if token in words) / total  # type: ignore[operator]


def _part(token: str) -> float:
    return SINGLE if len(token) == 1 and not token.isascii() else 1.0
