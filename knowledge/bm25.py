"""BM25 over bags of tokens, in arrays: tens of thousands of texts are scored in about a millisecond."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from knowledge.bags import MOST, Codes, Ints, Tokens, Vocabulary

Floats = NDArray[np.float32]


class Postings:
    """Which token stands how often in which bag. Immutable; `vocabulary` gives each token its number."""

    def __init__(self, tokens: Tokens, size: int, *, k1: float, b: float, sets: Ints | None = None) -> None:
        """`size` bags of what `tokens.owners` says. `sets`: the number, from 0 on, of the set of each bag; lengths are
        compared within a set only (questions are short, answers long)."""
        if size >= MOST:
            raise ValueError(f"{size} texts are more than one index can hold")
        self.size = size
        each, times = _each(tokens.codes * np.int64(size) + tokens.owners)
        codes, owners = np.divmod(each, np.int64(max(size, 1)))
        first = np.flatnonzero(np.diff(codes, prepend=-1))
        self.vocabulary = Vocabulary(codes[first], tokens.words)
        self._starts: Codes = np.append(first, len(each))
        self._places: Ints = owners.astype(np.int32)
        counts = times.astype(np.float32)
        lengths = np.bincount(owners, weights=counts, minlength=size).astype(np.float32)
        group = np.asarray(sets if sets is not None else np.zeros(size), np.int32)
        means = np.ones(int(group.max(initial=0)) + 1, np.float32)
        for number in range(len(means)):
            if (mine := lengths[group == number]).size:
                means[number] = max(float(mine.mean()), 1.0)
        held = (k1 * (1 - b + b * lengths / means[group])).astype(np.float32)
        self._values: Floats = (counts * (k1 + 1) / (counts + held[self._places])).astype(np.float32)

    def scores(self, weights: Sequence[tuple[int, float]]) -> Floats:
        """The weighted sum for every bag. `weights`: number of a token, and its weight, rarity included."""
        total = np.zeros(self.size, np.float32)
        for number, weight in weights:
            here = slice(self._starts[number], self._starts[number + 1])
            total[self._places[here]] += weight * self._values[here]
        return total

    def hits(self, weights: Sequence[tuple[int, float]]) -> Floats:
        """The sum of the weights of those tokens that a bag has at all."""
        total = np.zeros(self.size, np.float32)
        for number, weight in weights:
            total[self._places[self._starts[number] : self._starts[number + 1]]] += weight
        return total

    def sums(self, weights: Floats) -> Floats:
        """For every bag the sum of the weights of its tokens, each once: as `hits` of everything."""
        spread = np.repeat(weights, np.diff(self._starts))
        return np.bincount(self._places, weights=spread, minlength=self.size).astype(np.float32)

    def has(self, number: int, bag: int) -> bool:
        """Whether the token stands in the bag."""
        here = self._places[self._starts[number] : self._starts[number + 1]]
        at = int(np.searchsorted(here, bag))
        return at < len(here) and int(here[at]) == bag

    def having(self, owners: Ints) -> Ints:
        """For every token, how many of the owners of bags have it. `owners`: from 0 on, that of each bag; -1: none."""
        count = int(owners.max(initial=-1)) + 1
        tokens = np.repeat(np.arange(len(self.vocabulary)), np.diff(self._starts))
        mine = owners[self._places]
        each, _ = _each(tokens[mine >= 0] * np.int64(max(count, 1)) + mine[mine >= 0])
        return np.bincount(each // max(count, 1), minlength=len(self.vocabulary)).astype(np.int32)


def _each(values: Codes) -> tuple[Codes, Codes]:
    """Sorted, each once, and how often it was there. As `np.unique`, which takes ten times as long for millions."""
    values = np.sort(values)
    first = np.flatnonzero(np.concatenate([np.ones(min(1, len(values)), bool), values[1:] != values[:-1]]))
    return values[first], np.diff(first, append=len(values))


def rarity(having: Ints, count: int) -> tuple[Floats, float]:
    """The idf of each token that so many of `count` documents have, and that of a token never seen."""
    idf = np.log1p((count - having + 0.5) / (having + 0.5)).astype(np.float32)
    return idf, math.log(1 + (count + 0.5) / 0.5)
