"""Understanding as one component of Rasa's pipeline.

It sees the tracker, so it knows the step being asked, and its word is final: intent, entities and all that
`reportguide understand` prints come from here.
"""

import hashlib
import json
import os
import pickle
from pathlib import Path
from typing import Any, Dict, List, Optional, Text

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.brain.decide import Decider
from bot.brain.embedding import Embedder
from bot.brain.reader import Number, Place
from bot.brain.sense import Lessons, Sense
from bot.brain.tagger import Marks, Span
from bot.brain.turn import Step, Turn

FORM = "report_form"
#: The modules that decide what is learnt: when one of them changes, all is learnt anew.
LEARNING = (
    "danger",
    "doubt",
    "embedding",
    "familiar",
    "features",
    "judge",
    "meaning",
    "mentions",
    "reader",
    "retold",
    "sense",
    "signs",
    "tagger",
    "values",
    "wording",
)


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True)
class Understanding(GraphComponent):
    """Trains `Sense` on the NLU data and decides each turn with `Decider`."""

    def __init__(self, storage: ModelStorage, resource: Resource, data: Dict[str, Any], sense: Optional[Sense]) -> None:
        self._storage, self._resource = storage, resource
        self._decider, self._data, self._sense = Decider(data), data, sense
        self._felt: Optional[_Senses] = None

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "Understanding":
        return cls(model_storage, resource, compiled(), None)

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "Understanding":
        with model_storage.read_from(resource) as folder:
            data = json.loads((folder / "data.json").read_text("utf-8"))
            # The archive is our own, written by `train` into a folder only we may write: not a file from outside.
            sense = pickle.loads((folder / "sense.pickle").read_bytes())
        return cls(model_storage, resource, data, sense)

    def train(self, training_data: TrainingData) -> Resource:
        # Annotated names come in the messages that have entities, whatever their intent.
        examples = [_example(message) for message in training_data.intent_examples]
        # A matter that this deployment's standard does not have must not be guessed.
        known = (None, "out_of_scope", *self._data["matters"])
        examples = [example for example in examples if example.get("matter") in known]
        self._sense = _trained(examples, self._data, self._decider, Path(os.environ["REPORTGUIDE_BRAIN_DATA"]).parent)
        with self._storage.write_to(self._resource) as folder:
            (folder / "data.json").write_text(json.dumps(self._data, ensure_ascii=False), "utf-8")
            (folder / "sense.pickle").write_bytes(pickle.dumps(self._sense))
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        return training_data

    def process(self, messages: List[Message], tracker: Optional[DialogueStateTracker] = None) -> List[Message]:
        for message in messages:
            metadata = message.get("metadata") or {}
            step = step_of(tracker)
            turn = self._decider.decide(
                message.get("text") or "",
                step,
                self._senses(),
                metadata.get("button"),
                metadata.get("files"),
            )
            _write(message, turn)
        return messages

    def _senses(self) -> "_Senses":
        if self._felt is None:
            if self._sense is None:
                raise RuntimeError("the model is not trained")
            self._felt = _Senses(self._sense, Embedder(), self._decider.reader.marks)
        return self._felt


class _Senses:
    """`Sense` with what it needs to look at a message: `bot.brain.decide.Senses`."""

    def __init__(self, sense: Sense, embedder: Embedder, marks: Marks) -> None:
        self._sense, self._embedder, self._marks = sense, embedder, marks

    def message(self, text: str) -> Dict[str, Dict[str, float]]:
        return self._sense.message(text, self._embedder)

    def reply(self, text: str, signs: List[str]) -> Dict[str, Dict[str, float]]:
        return self._sense.reply(text, signs, self._embedder)

    def option(self, step: str, text: str) -> Dict[str, float]:
        return self._sense.option(step, text)

    def element(self, text: str) -> Dict[str, float]:
        return self._sense.element(text)

    def nothing(self, text: str) -> float:
        return self._sense.nothing(text)

    def own(self, text: str, number: Number) -> bool:
        return self._sense.own(text, number)

    def there(self, place: Place) -> bool:
        return self._sense.there(place)

    def names(self, text: str, step: Optional[str]) -> List[Span]:
        return self._sense.names(text, step, self._marks)


def compiled() -> Dict[str, Any]:
    """What `reportguide train` has compiled for the brain from the standard and the word lists."""
    return json.loads(Path(os.environ["REPORTGUIDE_BRAIN_DATA"]).read_text("utf-8"))


def _trained(examples: List[Dict[str, Any]], data: Dict[str, Any], decider: Decider, folder: Path) -> Sense:
    """`Sense` for these examples; kept in `folder`, because a changed question or rule changes nothing about it."""
    sources = [Path(__file__).with_name(f"{name}.py").read_bytes() for name in LEARNING]
    choices = {
        step: [(choice["value"], way) for choice in element["choices"] for way in (choice["title"], *choice["say"])]
        for step, element in data["elements"].items()
        if element["choices"]
    }
    # Sorted: what an older edition asks beside it changes the order, and nothing that is learnt.
    steps = sorted({*data["elements"], "title", "confirm"})
    told = [examples, choices, steps, data["words"], data["platforms"]]
    digest = hashlib.sha256(
        b"".join(sources) + json.dumps(told, ensure_ascii=False, sort_keys=True).encode()
    ).hexdigest()
    kept = folder / f"sense-{digest[:16]}.pickle"
    if kept.exists():
        return pickle.loads(kept.read_bytes())
    lessons = Lessons(examples, steps, choices, decider.idioms, decider.signs, decider.reader)
    sense = Sense.train(lessons, Embedder(folder / "embeddings.npz"))
    for old in folder.glob("sense-*.pickle"):
        old.unlink()
    part = kept.with_suffix(".part")
    part.write_bytes(pickle.dumps(sense))
    part.replace(kept)
    return sense


def step_of(tracker: Optional[DialogueStateTracker]) -> Optional[Step]:
    """The step a conversation is at, or None outside the form."""
    if tracker is None or tracker.active_loop_name != FORM:
        return None
    step = tracker.get_slot("requested_slot")
    if not step:
        return None
    empty = frozenset(name for name, slot in tracker.slots.items() if slot.value is None)
    return Step(
        step,
        tracker.get_slot("guess"),
        tracker.get_slot("asking"),
        empty,
        tracker.get_slot("close"),
        tuple(tracker.get_slot("told") or ()),
    )


def _example(message: Message) -> Dict[str, Any]:
    metadata = message.get("metadata") or {}
    return {
        "text": message.get("text"),
        "intent": message.get("intent"),
        "spans": [(entity["start"], entity["end"], entity["entity"]) for entity in message.get("entities") or ()],
        **(metadata.get("intent") or {}),
        **(metadata.get("example") or {}),
    }


def _write(message: Message, turn: Turn) -> None:
    ranking = [{"name": turn.intent, "confidence": turn.confidence}]
    message.set("intent", ranking[0], add_to_output=True)
    message.set("intent_ranking", ranking, add_to_output=True)
    message.set("entities", [{"entity": k, "value": v} for k, v in turn.entities.items()], add_to_output=True)
    message.set("turn", {name: getattr(turn, name) for name in turn._fields if name != "entities"}, add_to_output=True)
