"""The sentence model at work: a vector for a whole text, and one for each of its pieces in their context.

A transformer of twelve layers (BERT's), in numpy. What was adapted to our field (`adapter`: see `bot.adapting`) is
small and is added to the weights of the package when they are read.
"""

from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import numpy.typing as npt

from bot.encoder.cutting import Cutter, Piece
from bot.encoder.packed import NoModelError, Packed

Floats = npt.NDArray[np.float32]

SIZE = 384
#: Pieces of a text that are looked at, as many as the model has places for.
LONGEST = 510
#: Pieces that are computed at once, of as many texts as they belong to.
TOGETHER = 2000
#: What the model wants to hear before what somebody asks or says, and before a text that may answer.
ASKED, TOLD = "query: ", "passage: "
#: The tensors of a layer that are adapted by an addition, and those that stand in the adapter themselves.
MATRICES = ("qkv", "ao", "fi", "fo")
VECTORS = ("qkv.b", "ao.b", "aln.w", "aln.b", "fi.b", "fo.b", "oln.w", "oln.b")

__all__ = ["SIZE", "Encoder", "NoModelError", "Reading"]


class Reading(NamedTuple):
    """`vector` (384,): the whole text, of unit length. `states` (n, 384): its pieces, which stand in `pieces`."""

    vector: Floats
    states: Floats
    pieces: List[Piece]


class Encoder:
    """May be asked by many threads at once."""

    def __init__(self, adapter: Optional[Path] = None) -> None:
        """Raises NoModelError if the package has no model here, ValueError if the adapter is not for it."""
        packed = Packed()
        self._packed = packed
        self._cut = Cutter(packed.pieces)
        learnt = _Learnt(adapter)
        self._layers = [_Layer(packed, learnt, number) for number in range(packed.layers)]
        self._norm = (
            learnt.vector("eln.w", packed.vector("emb.ln.w")),
            learnt.vector("eln.b", packed.vector("emb.ln.b")),
        )
        self._places = packed.vector("emb.pos").reshape(-1, SIZE) + packed.vector("emb.type")[:SIZE]

    def query(self, texts: Sequence[str]) -> Floats:
        """A row (384,) of unit length for each thing that somebody asks or says."""
        return self._vectors([ASKED + text for text in texts])

    def passage(self, texts: Sequence[str]) -> Floats:
        """A row (384,) of unit length for each text that may answer."""
        return self._vectors([TOLD + text for text in texts])

    def read(self, text: str) -> Reading:
        """What somebody says, as a whole and piece by piece; places are counted in `text`."""
        cut = self._cut(ASKED + text)[:LONGEST]
        states, _ = self._run([cut])
        before = len(ASKED)
        own = [at for at, piece in enumerate(cut) if piece.end > before]
        # A first piece may begin with the blank before the text.
        pieces = [Piece(cut[at].number, cut[at].start - before, cut[at].end - before) for at in own]
        # The first state stands for the beginning of the text.
        return Reading(_unit(states.mean(axis=0)), states[[at + 1 for at in own]], pieces)

    def _vectors(self, texts: Sequence[str]) -> Floats:
        cuts = [self._cut(text)[:LONGEST] for text in texts]
        rows = np.zeros((len(texts), SIZE), np.float32)
        start = 0
        while start < len(cuts):
            end, pieces = start, 0
            while end < len(cuts) and (end == start or pieces + len(cuts[end]) <= TOGETHER):
                pieces += len(cuts[end])
                end += 1
            states, bounds = self._run(cuts[start:end])
            for row, (first, last) in enumerate(bounds, start):
                rows[row] = _unit(states[first:last].mean(axis=0))
            start = end
        return rows

    def _run(self, cuts: Sequence[Sequence[Piece]]) -> Tuple[Floats, List[Tuple[int, int]]]:
        """The states of all pieces of all texts, one below the other, and from where to where each text reaches."""
        marks = self._packed.pieces
        numbers = [[marks.begin, *(piece.number for piece in cut), marks.end] for cut in cuts]
        lengths = [len(text) for text in numbers]
        ends = np.cumsum(lengths).tolist()
        bounds = [(end - length, end) for end, length in zip(ends, lengths)]
        states = self._packed.words([number for text in numbers for number in text])
        states += np.concatenate([self._places[:length] for length in lengths])
        states = _normed(states, self._norm[0], self._norm[1], self._packed.epsilon)
        for layer in self._layers:
            states = layer(states, bounds)
        return states, bounds


class _Learnt:
    """What an adapter says of the tensors; nothing, where there is none."""

    def __init__(self, adapter: Optional[Path]) -> None:
        self._found: Dict[str, Any] = dict(np.load(adapter)) if adapter else {}

    def vector(self, name: str, known: Floats) -> Floats:
        """The vector as it was learnt, or as it is known."""
        return np.asarray(self._found.get(name, known), np.float32)

    def matrix(self, name: str, known: Floats) -> Floats:
        """The matrix with what was learnt added."""
        if (down := self._found.get(f"{name}.down")) is None:
            return known
        return known + np.asarray(down, np.float32) @ np.asarray(self._found[f"{name}.up"], np.float32)


class _Layer:
    def __init__(self, packed: Packed, learnt: _Learnt, number: int) -> None:
        size, inner = packed.size, packed.inner
        at = f"l{number}"
        shapes = {"q": (size, size), "k": (size, size), "v": (size, size), "ao": (size, size)}
        shapes.update(fi=(inner, size), fo=(size, inner))
        matrices = {name: packed.matrix(f"{at}.{name}.w", *shape) for name, shape in shapes.items()}
        matrices["qkv"] = np.concatenate([matrices.pop(name) for name in "qkv"])
        # As they are needed: a row of states times the matrix.
        self._matrices = [learnt.matrix(f"{at}.{name}", np.ascontiguousarray(matrices[name].T)) for name in MATRICES]
        known = {f"{at}.{name}": packed.vector(f"{at}.{name}") for name in VECTORS if name != "qkv.b"}
        known[f"{at}.qkv.b"] = np.concatenate([packed.vector(f"{at}.{name}.b") for name in "qkv"])
        self._vectors = [learnt.vector(f"{at}.{name}", known[f"{at}.{name}"]) for name in VECTORS]
        self._heads, self._epsilon = packed.heads, packed.epsilon

    def __call__(self, states: Floats, bounds: Sequence[Tuple[int, int]]) -> Floats:
        qkv, out, wide, narrow = self._matrices
        qkv_b, out_b, mid_w, mid_b, wide_b, narrow_b, end_w, end_b = self._vectors
        turned = states @ qkv
        turned += qkv_b
        heard = np.concatenate([_attended(turned[first:last], self._heads) for first, last in bounds])
        heard = heard @ out
        heard += out_b
        heard += states
        states = _normed(heard, mid_w, mid_b, self._epsilon)
        thought = states @ wide
        thought += wide_b
        thought = _gelu(thought) @ narrow
        thought += narrow_b
        thought += states
        return _normed(thought, end_w, end_b, self._epsilon)


def _attended(turned: Floats, heads: int) -> Floats:
    """What each piece of one text takes from the others: (n, 3 * size) → (n, size)."""
    count = len(turned)
    wide = turned.shape[1] // 3 // heads
    asked, known, told = turned.reshape(count, 3, heads, wide).transpose(1, 2, 0, 3)
    weights = asked @ known.transpose(0, 2, 1)
    weights *= np.float32(1 / np.sqrt(wide))
    weights -= weights.max(axis=-1, keepdims=True)
    np.exp(weights, out=weights)
    weights /= weights.sum(axis=-1, keepdims=True)
    return np.asarray((weights @ told).transpose(1, 0, 2).reshape(count, heads * wide), np.float32)


def _normed(states: Floats, weight: Floats, bias: Floats, epsilon: float) -> Floats:
    states -= states.mean(axis=-1, keepdims=True)
    spread = np.einsum("ij,ij->i", states, states)[:, None] / states.shape[-1]
    states /= np.sqrt(spread + epsilon)
    states *= weight
    states += bias
    return states


def _gelu(x: Floats) -> Floats:
    """x times the normal distribution's share below x, by the usual approximation (arXiv:1606.08415, to 0.0005)."""
    share = x * x
    share *= np.float32(0.044715 * np.sqrt(2 / np.pi))
    share += np.float32(np.sqrt(2 / np.pi))
    share *= x
    np.tanh(share, out=share)
    share += 1
    share *= x
    share *= np.float32(0.5)
    return share


def _unit(vector: Floats) -> Floats:
    return np.asarray(vector / (np.linalg.norm(vector) + 1e-12), np.float32)
