"""Understanding as one component of Rasa's pipeline.

It sees the tracker, so it knows the step being asked, and its word is final: intent, entities and all that
`reportguide understand` prints come from here.
"""

import hashlib
import json
import os
import pickle
from pathlib import Path
from typing import Any, Dict, List, Optional, Text, Tuple

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

import bot.brain.sense as sense_module
from bot.brain.decide import CONTROL_STEPS, Decider, Step, Turn
from bot.brain.sense import Embedder, Sense

FORM = "report_form"


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True)
class Understanding(GraphComponent):
    """Trains `Sense` on the NLU data and decides each turn with `Decider`."""

    def __init__(self, storage: ModelStorage, resource: Resource, data: Dict[str, Any], sense: Optional[Sense]) -> None:
        self._storage, self._resource = storage, resource
        self._decider, self._data, self._sense = Decider(data), data, sense
        self._embedder: Optional[Embedder] = None

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
        examples = [_example(message) for message in training_data.intent_examples]
        # A matter that this deployment's standard does not have must not be guessed.
        known = (None, "out_of_scope", *self._data["matters"])
        examples = [example for example in examples if example.get("matter") in known]
        self._sense = _trained(examples, Path(os.environ["REPORTGUIDE_BRAIN_DATA"]).parent)
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
                self._feel if step is None or step.id in CONTROL_STEPS else self._feel_at_step,
                metadata.get("button"),
                metadata.get("files"),
            )
            _write(message, turn)
        return messages

    def _feel(self, text: str) -> Dict[str, Dict[str, float]]:
        sense, embedder = self._senses()
        return sense(text, embedder)

    def _feel_at_step(self, text: str) -> Dict[str, Dict[str, float]]:
        sense, embedder = self._senses()
        return sense.at_step(text, embedder)

    def _senses(self) -> Tuple[Sense, Embedder]:
        if self._embedder is None:
            self._embedder = Embedder()
        if self._sense is None:
            raise RuntimeError("the model is not trained")
        return self._sense, self._embedder


def _trained(examples: List[Dict[str, Any]], folder: Path) -> Sense:
    """`Sense` for these examples; kept in `folder`, because a changed question or rule changes nothing about it."""
    source = Path(sense_module.__file__).read_bytes()
    digest = hashlib.sha256(source + json.dumps(examples, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    kept = folder / f"sense-{digest[:16]}.pickle"
    if kept.exists():
        return pickle.loads(kept.read_bytes())
    sense = Sense.train(examples, Embedder(folder / "embeddings.npz"))
    for old in folder.glob("sense-*.pickle"):
        old.unlink()
    part = kept.with_suffix(".part")
    part.write_bytes(pickle.dumps(sense))
    part.replace(kept)
    return sense


def compiled() -> Dict[str, Any]:
    """What `reportguide train` has compiled for the brain from the standard and the word lists."""
    return json.loads(Path(os.environ["REPORTGUIDE_BRAIN_DATA"]).read_text("utf-8"))


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
        **(metadata.get("intent") or {}),
        **(metadata.get("example") or {}),
    }


def _write(message: Message, turn: Turn) -> None:
    ranking = [{"name": turn.intent, "confidence": turn.confidence}]
    message.set("intent", ranking[0], add_to_output=True)
    message.set("intent_ranking", ranking, add_to_output=True)
    message.set("entities", [{"entity": k, "value": v} for k, v in turn.entities.items()], add_to_output=True)
    message.set("turn", {name: getattr(turn, name) for name in turn._fields if name != "entities"}, add_to_output=True)
