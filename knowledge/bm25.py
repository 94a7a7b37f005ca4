"""BM25 over bags of tokens, in arrays: tens of thousands of texts are scored in about a millisecond."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


class Postings:
    """Immutable. `sets`: bags whose lengths are compared with each other only (questions are short, answers long)."""

    def __init__(
        self, bags: Sequence[Mapping[str, int]], *, k1: float, b: float, sets: Sequence[int] | None = None
    ) -> None:
        """Bags of token → times; `sets` numbers the set of each bag from 0 on."""
        self.size = len(bags)
        words: list[str] = []
        times: list[int] = []
        for bag in bags:
            words.extend(bag)
            times.extend(bag.values())
        vocabulary = {token: number for number, token in enumerate(dict.fromkeys(words))}
        tokens = np.fromiter(map(vocabulary.__getitem__, words), np.int32, len(words))
        owners = np.repeat(np.arange(self.size, dtype=np.int32), [len(bag) for bag in bags])
        counts = np.asarray(times, np.float32)
        lengths = np.zeros(self.size, np.float32)
        np.add.at(lengths, owners, counts)
        group = np.asarray(sets if sets is not None else np.zeros(self.size), np.int32)
        means = np.ones(int(group.max(initial=0)) + 1, np.float32)
        for number in range(len(means)):
            if (mine := lengths[group == number]).size:
                means[number] = max(float(mine.mean()), 1.0)
        held = (k1 * (1 - b + b * lengths / means[group])).astype(np.float32)
        order = np.argsort(tokens, kind="stable")
        self._vocabulary = vocabulary
        self._places: Ints = owners[order]
        self._starts = np.searchsorted(tokens[order], np.arange(len(vocabulary) + 1)).astype(np.int64)
        self._values: Floats = (counts * (k1 + 1) / (counts + held[owners]))[order].astype(np.float32)

    def scores(self, weights: Mapping[str, float]) -> Floats:
        """The weighted sum for every bag. `weights`: token → weight, rarity included."""
        total = np.zeros(self.size, np.float32)
        for token, weight in weights.items():
            if (number := self._vocabulary.get(token)) is not None and weight:
                here = slice(self._starts[number], self._starts[number + 1])
                total[self._places[here]] += weight * self._values[here]
        return total

    def hits(self, weights: Mapping[str, float]) -> Floats:
        """The sum of the weights of those tokens that a bag has at all."""
        total = np.zeros(self.size, np.float32)
        for token, weight in weights.items():
            if (number := self._vocabulary.get(token)) is not None:
                total[self._places[self._starts[number] : self._starts[number + 1]]] += weight
        return total

    def sums(self, weights: Mapping[str, float]) -> Floats:
        """For every bag the sum of the weights of its tokens, each once: as `hits` of everything."""
        each = np.asarray([weights.get(token, 0.0) for token in self._vocabulary], np.float64)
        spread = np.repeat(each, np.diff(self._starts))
        return np.bincount(self._places, weights=spread, minlength=self.size).astype(np.float32)


def rarity(bags: Iterable[Iterable[str]], count: int) -> tuple[dict[str, float], float]:
    """Token → idf over `count` documents, and that of a token never seen."""
    found = Counter(token for bag in bags for token in bag)
    idf = {token: math.log(1 + (count - n + 0.5) / (n + 0.5)) for token, n in found.items()}
    return idf, math.log(1 + (count + 0.5) / 0.5)
