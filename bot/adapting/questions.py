"""Adapts the sentence model to how people ask: ``python -m bot.adapting.questions``.

It learns from `knowledge/content` to bring questions that one entry answers together, with that entry's answer, and
away from those of other entries and of other fields. Each entry, and each field of `elsewhere.yml`, has a place of its
own that is learnt with them and thrown away.
"""

import argparse
from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy as np
import tensorflow as tf
from ruamel.yaml import YAML

from bot.adapting.model import MASK, WORDS, Learner, Teacher, Texts
from bot.encoder import SIZE
from bot.encoder.cutting import Cutter
from bot.encoder.encoder import TOLD
from bot.encoder.packed import Packed

ROOT = Path(__file__).parents[2]
ADAPTER = ROOT / "knowledge" / "adapter.npz"
#: Steps of learning, and how fast the adapter and the places of entries learn.
STEPS, PACE, PACE_ABOVE = 900, 5e-4, 1e-3
#: How sharply nearness tells entries apart, and by how much the right one must be nearer.
SHARP, MARGIN = 40.0, 0.05
#: Characters of an answer that are looked at.
LONGEST_ANSWER = 250


def questions(content: Path) -> Tuple[List[Tuple[str, int]], List[Tuple[str, int]], int]:
    """Questions and answers, each with the number of its entry or field; how many of these there are."""
    yaml = YAML(typ="safe")
    asked: List[Tuple[str, int]] = []
    told: List[Tuple[str, int]] = []
    number = 0
    for folder in ("guide", "laws", "cases"):
        for file in sorted((content / folder).glob("*.yml")):
            for entry in yaml.load(file)["entries"]:
                asked += [(text, number) for text in (entry["question"], *entry.get("paraphrases", ()))]
                told.append((f"{entry.get('answer', '')} {entry.get('more', '')}"[:LONGEST_ANSWER], number))
                number += 1
    elsewhere: Dict[str, Any] = yaml.load(content / "elsewhere.yml")
    for texts in elsewhere.values():
        asked += [(str(text), number) for text in texts]
        number += 1
    return asked, told, number


def adapt(content: Path, file: Path, steps: int) -> None:
    """Learn, and write the adapter."""
    asked, told, count = questions(content)
    packed = Packed()
    cutter, learner = Cutter(packed.pieces), Learner(packed)
    texts = Texts(packed, cutter, [text for text, _ in asked])
    answers = Texts(packed, cutter, [text for text, _ in told], TOLD)
    texts.cuts += answers.cuts
    texts.lengths = np.concatenate([texts.lengths, answers.lengths])
    entry = np.array([number for _, number in (*asked, *told)], np.int32)
    places = tf.Variable(_middles(learner, texts, entry, count))
    teacher = Teacher(learner, [places], steps, PACE, PACE_ABOVE)

    @tf.function(input_signature=[WORDS, MASK, tf.TensorSpec([None], tf.int32)])
    def learn(words: Any, mask: Any, right: Any) -> Any:
        with tf.GradientTape() as tape:
            vectors = learner.vectors(learner.states(words, mask), mask)
            near = tf.matmul(vectors, tf.math.l2_normalize(places, -1), transpose_b=True)
            near = SHARP * (near - MARGIN * tf.one_hot(right, count))
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(right, near))
        teacher.apply([tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, teacher.variables)])
        return loss

    chance, losses = np.random.default_rng(2), []
    while True:
        for part in texts.batches(chance):
            if not teacher.begin():
                learner.save(file)
                return
            losses.append(float(learn(*texts.batch(part), entry[part])))
            teacher.tell(losses)


def _middles(learner: Learner, texts: Texts, entry: np.ndarray, count: int) -> np.ndarray:
    """Where each entry's questions lie before anything is learnt (entries, 384)."""
    found = np.zeros((count, SIZE), np.float32)
    for part in texts.batches():
        words, mask = texts.batch(part)
        np.add.at(found, entry[part], learner.vectors(learner.states(words, mask), mask).numpy())
    return found / (np.linalg.norm(found, axis=1, keepdims=True) + 1e-9)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--content", type=Path, default=ROOT / "knowledge" / "content")
    arguments.add_argument("--to", type=Path, default=ADAPTER, help="where the adapter is written")
    arguments.add_argument("--steps", type=int, default=STEPS, help="how long it learns; a second each on two cores")
    asked = arguments.parse_args()
    adapt(asked.content, asked.to, asked.steps)


if __name__ == "__main__":
    main()
