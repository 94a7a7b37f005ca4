"""Many texts → numbered tokens, in arrays: what `text.tokens` gives for one question, for a whole content at once.

A token is kept as one number: a character as itself, a pair of neighbours as both beside each other, a Latin word by
its place in a list. So twenty thousand questions are cut, counted and sorted in numpy, a few million numbers at a time,
and an edition is ready about as soon as it is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from knowledge.text import CHINESE, EMPTY

Ints = NDArray[np.int32]
Codes = NDArray[np.int64]

#: Bits of a character; a Latin word is above every pair.
_BITS = 21
_WORDS = 1 << 2 * _BITS
#: Most texts that one index may hold: a code and the number of its text fit in 63 bits.
MOST = 1 << 63 - 2 * _BITS - 2
_LATIN = re.compile(r"[a-z0-9]+")


class Tokens(NamedTuple):
    """Every token of some texts, each as often as it stands there: its code, and the number of its text from 0 on.
    `words`: Latin words → code."""

    codes: Codes
    owners: Codes
    words: dict[str, int]


def cut(texts: Sequence[str], *, everything: bool = False) -> Tokens:
    """As `text.tokens` of each normalised text, or with `everything` as `text.pieces`."""
    joined = "\n".join(texts)
    points = np.frombuffer(joined.encode("utf-32-le", "replace"), np.uint32).astype(np.int64)
    sizes = np.fromiter(map(len, texts), np.int64, len(texts))
    owners = np.repeat(np.arange(len(texts)), sizes + 1)[: len(points)]
    chinese = np.zeros(len(points), bool)
    for first, last in CHINESE:
        chinese |= (points >= ord(first)) & (points <= ord(last))
    telling = chinese if everything else chinese & ~np.isin(points, [ord(character) for character in EMPTY])
    # Both of a pair belong to one run where both are Chinese; the line break between two texts is not.
    pairs = chinese[:-1] & chinese[1:] & (telling[:-1] | telling[1:])
    both = (points[:-1] << _BITS) | points[1:]
    words: dict[str, int] = {}
    latin = [(words.setdefault(found[0], _WORDS + len(words)), found.start()) for found in _LATIN.finditer(joined)]
    coded = np.asarray(latin, np.int64).reshape(-1, 2)
    return Tokens(
        np.concatenate([points[telling], both[pairs], coded[:, 0]]),
        np.concatenate([owners[telling], owners[:-1][pairs], owners[coded[:, 1]]]),
        words,
    )


class Vocabulary:
    """Tokens, each with its number from 0 on. Immutable."""

    def __init__(self, codes: Codes, words: dict[str, int]) -> None:
        """`codes`: sorted, each once."""
        self._codes, self._words = codes, words

    def __len__(self) -> int:
        return len(self._codes)

    def numbers(self, tokens: Iterable[str]) -> Ints:
        """The number of each token, -1 for one never seen."""
        wanted = np.fromiter(map(self._code, tokens), np.int64)
        if not len(self._codes):
            return np.full(len(wanted), -1, np.int32)
        at = np.searchsorted(self._codes, wanted)
        at[at == len(self._codes)] = 0
        return np.where(self._codes[at] == wanted, at, -1).astype(np.int32)

    def pairs(self) -> list[str]:
        """Every pair of characters that stands anywhere."""
        first, last = np.searchsorted(self._codes, [1 << _BITS, _WORDS])
        mask = (1 << _BITS) - 1
        return [chr(code >> _BITS) + chr(code & mask) for code in self._codes[first:last].tolist()]

    def _code(self, token: str) -> int:
        if token.isascii():
            return self._words.get(token, -1)
        return ord(token) if len(token) == 1 else ord(token[0]) << _BITS | ord(token[1])
