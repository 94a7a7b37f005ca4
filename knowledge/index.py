"""Search on characters and pairs of characters: each question alone, all of an entry together, and its answer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from knowledge.bags import Ints, Tokens, Vocabulary, cut
from knowledge.bm25 import Floats, Postings, rarity
from knowledge.text import tokens

#: BM25's own: how fast a repeated word stops counting, how much a long text is held back.
K1, B = 1.2, 0.5
#: What a lexicon's word counts beside a word that was said.
HINTED = 0.7
#: What all questions of an entry together, and the text of its answer, add to the best single question.
TOGETHER, ANSWER = 1.0, 1.0


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
        self._count = count = len(documents)
        sizes = [len(document.questions) for document in documents]
        self._owner = np.repeat(np.arange(count), sizes)
        asked = len(self._owner)
        # Bags: each question, then all questions of each document together, then each body.
        found = cut([*(text for item in documents for text in item.questions), *(item.body for item in documents)])
        of_questions = found.owners < asked
        together = asked + self._owner[found.owners[of_questions]]
        bags = Tokens(
            np.concatenate([found.codes, found.codes[of_questions]]),
            np.concatenate([np.where(of_questions, found.owners, found.owners + count), together]),
            found.words,
        )
        parts = np.repeat(np.arange(3, dtype=np.int32), [asked, count, count])
        self._postings = Postings(bags, asked + 2 * count, k1=K1, b=B, sets=parts)
        self._questions, self._together = slice(asked), slice(asked, asked + count)
        self._bodies = slice(asked + count, asked + 2 * count)
        # Questions of one document are neighbours: where each document begins among them, and which have any.
        self._starts = np.flatnonzero(np.diff(self._owner, prepend=-1))
        self._asked = self._owner[self._starts]
        document = np.concatenate([np.full(asked, -1), np.arange(count), np.arange(count)])
        self._idf, self._unknown = rarity(self._postings.having(document.astype(np.int32)), count)
        self._norm = np.sqrt(np.maximum(self._postings.sums(self._idf**2)[self._questions], 1e-9))

    @property
    def vocabulary(self) -> Vocabulary:
        return self._postings.vocabulary

    def askers(self, first: int, stop: int) -> Ints:
        """For every token, how many questions of the documents from `first` to before `stop` have it."""
        mine = (self._owner >= first) & (self._owner < stop)
        owners = np.full(self._postings.size, -1, np.int32)
        owners[self._questions] = np.where(mine, np.arange(len(mine)), -1)
        return self._postings.having(owners)

    @staticmethod
    def query(text: str, hints: Sequence[str] = ()) -> Query:
        """`text` and `hints` must have been normalised."""
        said = dict.fromkeys(tokens(text), 1.0)
        hinted = {token: HINTED for hint in hints for token in tokens(hint)}
        return Query(text, said, {**hinted, **said})

    def scores(self, query: Query) -> tuple[Floats, Floats]:
        """For every document: BM25, and cosine (0–1) with the nearest of its questions."""
        known = [(number, weight, rare) for number, weight, rare in self._weighed(query.all) if number >= 0]
        found = self._postings.scores([(number, weight * rare) for number, weight, rare in known])
        shared = self._postings.hits([(number, weight * rare**2) for number, weight, rare in known])
        own = math.sqrt(sum(weight * rare**2 for _, weight, rare in self._weighed(query.said))) or 1.0
        score = TOGETHER * found[self._together] + ANSWER * found[self._bodies]
        near = np.zeros(self._count, np.float32)
        if self._owner.size:
            score[self._asked] += np.maximum.reduceat(found[self._questions], self._starts)
            cosine = np.minimum(1.0, shared[self._questions] / own / self._norm)
            near[self._asked] = np.maximum.reduceat(cosine, self._starts)
        return score, near

    def coverage(self, query: Query, document: int) -> float:
        """Which part (0–1) of what was said, by rarity, the document knows."""
        said = self._weighed(query.said)
        together, body = self._together.start + document, self._bodies.start + document
        known = sum(
            weight * rare
            for number, weight, rare in said
            if number >= 0 and (self._postings.has(number, together) or self._postings.has(number, body))
        )
        return known / (sum(weight * rare for _, weight, rare in said) or 1.0)

    def _weighed(self, words: Mapping[str, float]) -> list[tuple[int, float, float]]:
        """Of each token its number, weight and rarity; -1 and the highest rarity for one never seen."""
        numbers = self.vocabulary.numbers(words)
        rare = [float(self._idf[number]) if number >= 0 else self._unknown for number in numbers]
        return list(zip(numbers.tolist(), words.values(), rare, strict=True))
