"""Adapts the sentence model to what people write to the assistant: ``python -m bot.adapting.understanding``.

It learns from `dialogues/nlu` what a message outside a step means, what a reply means beside the question it replies
to, which matter is told, whether there is danger, and which characters are names. What stood above it while it learnt
is thrown away, because `reportguide train` learns that anew from what it then sees; only the part for names is kept.

Needs `reportguide train` to have compiled the standard once.
"""

import argparse
import os
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import numpy as np
import tensorflow as tf

from bot.adapting.model import MASK, WORDS, Learner, Teacher, Texts
from bot.brain.annotated import TOLD, annotated
from bot.brain.component import _example, compiled
from bot.brain.decide import Decider
from bot.brain.embedding import ADAPTER, beside
from bot.brain.features import focus
from bot.brain.retold import number_of, retold
from bot.brain.sense import ANSWERS, REPLIES, STORIES_AS_ANSWERS
from bot.brain.spotter import LABELS, MAX_CHARS, PLACES, labels_of
from bot.encoder import SIZE
from bot.encoder.cutting import Cutter
from bot.encoder.packed import Packed

ROOT = Path(__file__).parents[2]
#: Steps of learning, and how fast the adapter and what stands above it learn.
STEPS, PACE, PACE_ABOVE = 3000, 5e-4, 1e-3
#: One in so many messages outside a step also teaches what it means at one.
AT_A_STEP = 2
#: What counts how much: whether there is danger, and each character of a name beside a whole message.
DANGER, NAMES = 2.0, 0.25
#: Of how many texts the centre and the spread are taken.
SAMPLE = 1500

Span = Tuple[int, int, str]


class Lesson(NamedTuple):
    """A text behind `asked`, and what is known of it."""

    asked: str
    text: str
    reply: Optional[str] = None
    outside: Optional[str] = None
    matter: Optional[str] = None
    danger: Optional[bool] = None
    spans: Optional[List[Span]] = None


def lessons(examples: List[Dict[str, Any]], data: Dict[str, Any]) -> List[Lesson]:
    """What is learnt from."""
    steps = sorted({*data["elements"], "title", "confirm"})
    named = annotated(examples, Decider(data).reader.marks)
    whole = {id(example) for example in named}
    found: List[Lesson] = []
    for example in examples:
        text, label, step = focus(example["text"]), example["intent"], example.get("step")
        spans = example["spans"] if id(example) in whole else None
        if label == TOLD:
            found.append(Lesson("", text, spans=spans))
            continue
        number, danger = number_of(example["text"]), label == "distress"
        matter = example.get("matter")
        if not step:
            told = f"{matter}:{example['referral']}" if matter == "out_of_scope" else matter
            outside = None if label in ANSWERS else label
            found.append(Lesson("", text, None, outside, told, danger, spans))
            if label == "report":
                if number % STORIES_AS_ANSWERS or matter == "out_of_scope":
                    continue
                label, step = "answer", "description"
            elif label in ("affirm", "deny") or (not danger and number % AT_A_STEP):
                continue
        at = step if step in steps else steps[number % len(steps)]
        found.append(
            Lesson(data["asked"].get(at, ""), text, REPLIES.get(label, label), None, None, danger, step and spans)
        )
    for _, told_again in retold(named):
        found.append(Lesson("", told_again["text"][:MAX_CHARS], spans=told_again["spans"]))
    return found


class Above:
    """What stands above the sentence model while it learns."""

    def __init__(self, chosen: List[Lesson], learner: Learner, texts: Texts) -> None:
        self.labels = {
            part: sorted({label for lesson in chosen if (label := getattr(lesson, part))})
            for part in ("reply", "outside", "matter")
        }
        widths = {**{part: len(labels) for part, labels in self.labels.items()}, "danger": 1}
        widths["names"] = PLACES * len(LABELS)
        self.weights = {part: tf.Variable(np.zeros((SIZE, width), np.float32)) for part, width in widths.items()}
        self.biases = {part: tf.Variable(np.zeros(width, np.float32)) for part, width in widths.items()}
        vectors, states = _sample(learner, texts)
        self._middle, self._spread = vectors.mean(axis=0), vectors.std(axis=0) + 1e-6
        self._state_middle, self._state_spread = states.mean(axis=0), states.std(axis=0) + 1e-6

    def of(self, vectors: tf.Tensor, part: str) -> tf.Tensor:
        return tf.matmul((vectors - self._middle) / self._spread, self.weights[part]) + self.biases[part]

    def names(self, states: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
        """Scores of LABELS for characters; `places`: text, piece, and which character of the piece each is."""
        flat = (tf.reshape(states, [-1, SIZE]) - self._state_middle) / self._state_spread
        scores = tf.matmul(flat, self.weights["names"]) + self.biases["names"]
        shape = tf.shape(states)
        return tf.gather_nd(tf.reshape(scores, [shape[0], shape[1], PLACES, len(LABELS)]), places)

    def kept(self) -> Dict[str, np.ndarray]:
        """The part for names, on states as they come."""
        weights = self.weights["names"].numpy() / self._state_spread[:, None]
        return {"names.w": weights, "names.b": self.biases["names"].numpy() - self._state_middle @ weights}


def _sample(learner: Learner, texts: Texts) -> Tuple[np.ndarray, np.ndarray]:
    vectors, states = [], []
    for part in list(texts.batches(np.random.default_rng(1)))[: max(1, SAMPLE // 40)]:
        words, mask = texts.batch(part)
        of_pieces = learner.states(words, mask)
        vectors.append(learner.vectors(of_pieces, mask).numpy())
        states.append(of_pieces.numpy()[mask > 0])
    return np.concatenate(vectors), np.concatenate(states)


class Names:
    """Where the characters of annotated texts stand among the pieces, and what each of them is."""

    def __init__(self, chosen: List[Lesson], texts: Texts) -> None:
        self._of = [self._one(lesson, cut, texts.first) for lesson, cut in zip(chosen, texts.cuts)]

    @staticmethod
    def _one(lesson: Lesson, cut: List[Any], first: int) -> Optional[Tuple[np.ndarray, np.ndarray]]:
        if lesson.spans is None or not cut:
            return None
        before = first + len(beside(lesson.asked, lesson.text)) - len(lesson.text)
        places = np.zeros((before + len(lesson.text), 2), np.int32)
        for number, piece in enumerate(cut, 1):
            for place in range(piece.start, piece.end):
                places[place] = number, min(place - piece.start, PLACES - 1)
        reach = min(len(places), cut[-1].end)
        return places[before:reach], np.array(labels_of(lesson.text, lesson.spans)[: reach - before], np.int32)

    def batch(self, texts: List[int]) -> Tuple[np.ndarray, np.ndarray]:
        """(characters, 3): text, piece, character of it; (characters,): what they are."""
        found = [(row, of) for row, text in enumerate(texts) if (of := self._of[text]) is not None]
        if not found:
            return np.zeros((0, 3), np.int32), np.zeros(0, np.int32)
        places = [np.insert(of[0], 0, row, axis=1) for row, of in found]
        return np.concatenate(places), np.concatenate([of[1] for _, of in found])


def adapt(chosen: List[Lesson], file: Path, steps: int) -> None:
    """Learn, and write the adapter."""
    packed = Packed()
    learner = Learner(packed)
    texts = Texts(packed, Cutter(packed.pieces), [beside(lesson.asked, lesson.text) for lesson in chosen])
    names, above = Names(chosen, texts), Above(chosen, learner, texts)
    parts = tuple(above.labels)
    known = np.array([[_place(above.labels[part], getattr(lesson, part)) for part in parts] for lesson in chosen])
    danger = np.array([-1.0 if lesson.danger is None else float(lesson.danger) for lesson in chosen], np.float32)
    teacher = Teacher(learner, [*above.weights.values(), *above.biases.values()], steps, PACE, PACE_ABOVE)
    numbers = tf.TensorSpec([None, 3], tf.int32)

    @tf.function(
        input_signature=[WORDS, MASK, numbers, tf.TensorSpec([None]), numbers, tf.TensorSpec([None], tf.int32)]
    )
    def learn(words: Any, mask: Any, known: Any, danger: Any, places: Any, labels: Any) -> Any:
        with tf.GradientTape() as tape:
            states = learner.states(words, mask)
            vectors = learner.vectors(states, mask)
            loss = 0.0
            for column, part in enumerate(parts):
                told = tf.nn.sparse_softmax_cross_entropy_with_logits(
                    tf.maximum(known[:, column], 0), above.of(vectors, part)
                )
                loss += tf.reduce_sum(told * tf.cast(known[:, column] >= 0, tf.float32))
            heard = tf.nn.sigmoid_cross_entropy_with_logits(tf.maximum(danger, 0.0), above.of(vectors, "danger")[:, 0])
            loss += DANGER * tf.reduce_sum(heard * tf.cast(danger >= 0, tf.float32))
            seen = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, above.names(states, places))
            loss = (loss + NAMES * tf.reduce_sum(seen)) / tf.cast(tf.shape(words)[0], tf.float32)
        teacher.apply(tape.gradient(loss, teacher.variables))
        return loss

    chance, losses = np.random.default_rng(2), []
    while True:
        for part in texts.batches(chance):
            if not teacher.begin():
                learner.save(file, **above.kept())
                return
            words, mask = texts.batch(part)
            places, labels = names.batch(part)
            losses.append(float(learn(words, mask, known[part].astype(np.int32), danger[part], places, labels)))
            teacher.tell(losses)


def _place(labels: List[str], label: Optional[str]) -> int:
    return -1 if label is None else labels.index(label)


def _examples() -> List[Dict[str, Any]]:
    from rasa.shared.importers.utils import training_data_from_paths

    files = [file for file in (ROOT / "dialogues" / "nlu").rglob("*.yml") if file.name != "words.yml"]
    data = training_data_from_paths([str(file) for file in sorted(files)], "zh")
    return [_example(message) for message in data.intent_examples]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--to", type=Path, default=ADAPTER, help="where the adapter is written")
    arguments.add_argument("--steps", type=int, default=STEPS, help="how long it learns; a second each on two cores")
    asked = arguments.parse_args()
    os.environ.setdefault("REPORTGUIDE_BRAIN_DATA", str(ROOT / "var" / "brain" / "data.json"))
    adapt(lessons(_examples(), compiled()), asked.to, asked.steps)


if __name__ == "__main__":
    main()
