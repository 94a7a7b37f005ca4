"""The sentence model as a thing that learns (TensorFlow, which comes with Rasa).

The weights of the package stay as they are. Learnt are additions of low rank to its matrices (LoRA, arXiv:2106.09685)
and its biases and norms (BitFit, arXiv:2106.10199): 650,000 numbers beside 118 million. Matrices are multiplied in
bfloat16, which processors of today do in half the time.
"""

from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np
import tensorflow as tf

from bot.encoder.cutting import Cutter
from bot.encoder.encoder import ASKED, LONGEST, MATRICES, SIZE, VECTORS
from bot.encoder.packed import Packed

#: How many directions an addition has, and how strongly it counts.
RANK, STRENGTH = 8, 4.0
#: Pieces of a step of learning.
TOGETHER = 1200
#: Texts among which those of like length are put together.
_POOL = 4096


class Learner(tf.Module):
    """The transformer of `bot.encoder.encoder`, with what can be learnt as variables."""

    def __init__(self, packed: Packed) -> None:
        super().__init__()
        self._packed = packed
        by_chance = np.random.default_rng(0)
        self._fixed: List[Dict[str, Any]] = []
        self.learnt: Dict[str, tf.Variable] = {}
        for number in range(packed.layers):
            self._read(number, by_chance)
        for part in "wb":
            self.learnt[f"eln.{part}"] = tf.Variable(packed.vector(f"emb.ln.{part}"))

    def _read(self, number: int, by_chance: np.random.Generator) -> None:
        size, inner = self._packed.size, self._packed.inner
        shapes = {"q": (size, size), "k": (size, size), "v": (size, size), "ao": (size, size)}
        shapes.update(fi=(inner, size), fo=(size, inner))
        matrices = {name: self._packed.matrix(f"l{number}.{name}.w", *shape) for name, shape in shapes.items()}
        matrices["qkv"] = np.concatenate([matrices.pop(name) for name in "qkv"])
        self._fixed.append({name: tf.constant(matrices[name].T, tf.bfloat16) for name in MATRICES})
        for name in MATRICES:
            rows, columns = matrices[name].T.shape
            down = by_chance.normal(size=(rows, RANK)) / np.sqrt(rows)
            self.learnt[f"l{number}.{name}.down"] = tf.Variable(down.astype(np.float32))
            self.learnt[f"l{number}.{name}.up"] = tf.Variable(np.zeros((RANK, columns), np.float32))
        vectors = {name: self._packed.vector(f"l{number}.{name}") for name in VECTORS if name != "qkv.b"}
        vectors["qkv.b"] = np.concatenate([self._packed.vector(f"l{number}.{name}.b") for name in "qkv"])
        for name in VECTORS:
            self.learnt[f"l{number}.{name}"] = tf.Variable(vectors[name])

    def states(self, words: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        """`words` (texts, pieces, 384), their places added → states of the pieces. `mask`: 1 where there is one."""
        states = self._normed(words, "eln")
        shape = tf.shape(states)
        apart = (1 - mask)[:, None, None, :] * -1e9
        for number in range(self._packed.layers):
            states = self._layer(tf.reshape(states, [-1, SIZE]), apart, number, shape)
            states = tf.reshape(states, shape)
        return states

    def vectors(self, states: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        """(texts, 384), of unit length."""
        weight = mask[:, :, None]
        return tf.math.l2_normalize(tf.reduce_sum(states * weight, 1) / tf.reduce_sum(weight, 1), -1)

    def _layer(self, flat: tf.Tensor, apart: tf.Tensor, number: int, shape: tf.Tensor) -> tf.Tensor:
        heads, at = self._packed.heads, f"l{number}"
        turned = self._times(flat, number, "qkv") + self.learnt[f"{at}.qkv.b"]
        turned = tf.reshape(turned, [shape[0], shape[1], 3, heads, SIZE // heads])
        asked, known, told = (tf.transpose(turned[:, :, part], [0, 2, 1, 3]) for part in range(3))
        weights = tf.matmul(asked, known, transpose_b=True) / np.float32(np.sqrt(SIZE // heads))
        heard = tf.matmul(tf.nn.softmax(weights + apart, -1), told)
        heard = tf.reshape(tf.transpose(heard, [0, 2, 1, 3]), [-1, SIZE])
        flat = self._normed(flat + self._times(heard, number, "ao") + self.learnt[f"{at}.ao.b"], f"{at}.aln")
        thought = tf.nn.gelu(self._times(flat, number, "fi") + self.learnt[f"{at}.fi.b"], approximate=False)
        return self._normed(flat + self._times(thought, number, "fo") + self.learnt[f"{at}.fo.b"], f"{at}.oln")

    def _times(self, flat: tf.Tensor, number: int, name: str) -> tf.Tensor:
        whole = tf.cast(tf.matmul(tf.cast(flat, tf.bfloat16), self._fixed[number][name]), tf.float32)
        down, up = (self.learnt[f"l{number}.{name}.{part}"] for part in ("down", "up"))
        return whole + tf.matmul(tf.matmul(flat, down), up) * STRENGTH

    def _normed(self, states: tf.Tensor, name: str) -> tf.Tensor:
        states -= tf.reduce_mean(states, -1, keepdims=True)
        spread = tf.reduce_mean(states * states, -1, keepdims=True)
        return (
            states * tf.math.rsqrt(spread + self._packed.epsilon) * self.learnt[f"{name}.w"] + self.learnt[f"{name}.b"]
        )

    def save(self, file: Path, **more: np.ndarray) -> None:
        """As `Encoder` reads it; `more`: what else belongs to the adapter."""
        told = {name: variable.numpy() for name, variable in self.learnt.items()}
        told = {name: value * STRENGTH if name.endswith(".up") else value for name, value in told.items()}
        np.savez_compressed(file, **{name: value.astype(np.float16) for name, value in {**told, **more}.items()})


class Texts:
    """Texts cut into pieces, in batches of like length."""

    def __init__(self, packed: Packed, cutter: Cutter, texts: Sequence[str], first: str = ASKED) -> None:
        self._packed = packed
        self._places = packed.vector("emb.pos").reshape(-1, SIZE) + packed.vector("emb.type")[:SIZE]
        self.first = len(first)
        self.cuts = [cutter(first + text)[:LONGEST] for text in texts]
        self.lengths = np.array([len(cut) + 2 for cut in self.cuts])

    def batches(self, chance: Optional[np.random.Generator] = None, together: int = TOGETHER) -> Iterator[List[int]]:
        """Which texts are learnt from together; in an order by chance, where it is given."""
        order = np.arange(len(self.cuts)) if chance is None else chance.permutation(len(self.cuts))
        found: List[List[int]] = []
        for start in range(0, len(order), _POOL):
            part: List[int] = []
            for text in sorted(order[start : start + _POOL].tolist(), key=lambda text: self.lengths[text]):
                if part and self.lengths[text] * (len(part) + 1) > together:
                    found.append(part)
                    part = []
                part.append(text)
            found.append(part)
        if chance is not None:
            chance.shuffle(found)  # type: ignore[arg-type]
        yield from found

    def batch(self, texts: Sequence[int]) -> Tuple[np.ndarray, np.ndarray]:
        """Their words with places (texts, pieces, 384), and the mask (texts, pieces)."""
        longest = int(self.lengths[list(texts)].max())
        marks = self._packed.pieces
        rows = np.full((len(texts), longest), marks.end)
        mask = np.zeros((len(texts), longest), np.float32)
        for row, text in enumerate(texts):
            numbers = [marks.begin, *(piece.number for piece in self.cuts[text]), marks.end]
            rows[row, : len(numbers)] = numbers
            mask[row, : len(numbers)] = 1
        words = self._packed.words(rows.ravel().tolist()).reshape(*rows.shape, SIZE)
        return words + self._places[:longest], mask


class Teacher:
    """Adam for the adapter and for what stands above it, both slower and slower."""

    def __init__(self, learner: Learner, above: List[tf.Variable], steps: int, pace: float, pace_above: float) -> None:
        self._learnt, self._above, self._steps = list(learner.learnt.values()), above, steps
        self._pace, self._pace_above = pace, pace_above
        self._step = 0
        self._adam, self._adam_above = (tf.keras.optimizers.legacy.Adam(p) for p in (pace, pace_above))

    @property
    def variables(self) -> List[tf.Variable]:
        return [*self._learnt, *self._above]

    def begin(self) -> bool:
        """Whether there is another step; sets its pace."""
        if self._step == self._steps:
            return False
        left = 1 - self._step / self._steps
        self._adam.learning_rate.assign(self._pace * left * min(1.0, self._step / 100) + 1e-7)
        self._adam_above.learning_rate.assign(self._pace_above * left + 1e-5)
        self._step += 1
        return True

    def apply(self, gradients: List[tf.Tensor]) -> None:
        count = len(self._learnt)
        bounded, _ = tf.clip_by_global_norm(gradients[:count], 1.0)
        self._adam.apply_gradients(zip(bounded, self._learnt))
        self._adam_above.apply_gradients(zip(gradients[count:], self._above))

    def tell(self, losses: List[float]) -> None:
        """Progress, now and then."""
        if self._step % 100 == 0:
            print(f"step {self._step} of {self._steps}, loss {np.mean(losses[-100:]):.3f}", flush=True)


#: What a step of learning is given of texts.
WORDS = tf.TensorSpec([None, None, SIZE])
MASK = tf.TensorSpec([None, None])
