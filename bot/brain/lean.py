"""Rasa's agent, processor, form, remote action and slot extraction, each made cheaper and safer at one seam.

Stock Rasa re-validates the schema of every action result, posts the whole conversation to each action, calls the form's
validation when there is nothing to validate, works out in each turn which mappings of slots are unique, and goes on
predicting after a failed action call, which can submit an empty report. Subclasses only, nothing is patched:
docs/decisions/0003-a-lean-rasa.md gives the figures.
"""

import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, AsyncIterator, Dict, List, Optional, Text, Tuple, Type

import aiohttp
import rasa
from rasa.core.actions.action import (
    Action,
    ActionExecutionRejection,
    ActionExtractSlots,
    RemoteAction,
    action_for_name_or_text,
)
from rasa.core.actions.forms import FormAction
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import TrackerStore
from rasa.engine import loader
from rasa.engine.graph import ExecutionContext, GraphNode, GraphNodeHook, GraphSchema
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.storage import ModelMetadata, ModelStorage
from rasa.shared.core.constants import ACTION_LISTEN_NAME, REQUESTED_SLOT
from rasa.shared.core.events import ActionExecuted, ActiveLoop, BotUttered, Event, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity
from rasa.utils.common import TempDirectoryPath, get_temp_dir_name
from rasa.utils.endpoints import EndpointConfig

#: Intents whose entities may fill the form; with any other the form steps aside for a rule.
FILLING = ("answer", "report")
#: A conversation longer than this many events is begun anew, its slots and its place in the form carried over.
ROTATE_AT = 60


class TurnFailed(BaseException):
    """An action call failed. Not an Exception, because the processor swallows those and would go on predicting."""


class Replayed(BaseException):
    """The message was handled before; `replies` are what was said then."""

    def __init__(self, tracker: DialogueStateTracker, replies: List[BotUttered]) -> None:
        super().__init__()
        self.tracker, self.replies = tracker, replies


class LeanEndpoint(EndpointConfig):
    """The service's address, with connections that stay open; stock Rasa makes a new one for each action."""

    _kept: Optional[aiohttp.ClientSession] = None

    @asynccontextmanager
    async def session(self) -> AsyncIterator[aiohttp.ClientSession]:
        if self._kept is None or self._kept.closed:
            # Shorter than the service keeps them, so that none is used that is just being closed.
            connector = aiohttp.TCPConnector(keepalive_timeout=4)
            self._kept = aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=30))
        yield self._kept

    async def close(self) -> None:
        if self._kept is not None:
            await self._kept.close()


class LeanAction(RemoteAction):
    """A call to the service that sends only this turn and fails the turn when it fails."""

    def _validate_action_result(self, result: Dict[Text, Any]) -> bool:
        if not isinstance(result.get("events"), list) or not isinstance(result.get("responses"), list):
            raise TurnFailed(f"{self.name()} answered in a form that is not understood")
        return True

    def _action_call_format(self, tracker: DialogueStateTracker, domain: Any) -> Dict[Text, Any]:
        state = tracker.current_state(EventVerbosity.NONE)
        state["events"] = [event.as_dict() for event in _this_turn(tracker)]
        return {
            "next_action": self.name(),
            "sender_id": tracker.sender_id,
            "tracker": state,
            "version": rasa.__version__,
        }

    async def run(self, *args: Any) -> List[Event]:
        try:
            return await super().run(*args)
        except ActionExecutionRejection:
            raise
        except Exception as problem:
            raise TurnFailed(f"{self.name()}: {type(problem).__name__}") from problem


class LeanForm(FormAction):
    """A form that calls its validation only when there is something to validate."""

    async def activate(self, output_channel: Any, nlg: Any, tracker: DialogueStateTracker, domain: Any) -> List[Event]:
        # What the message says was put into slots when it was read; stock Rasa would do all of that once more. It would
        # find something new only if a mapping asked which form is active, and none of the generated domain does.
        told = {name: tracker.get_slot(name) for name in self.required_slots(domain)}
        given = {name: value for name, value in told.items() if value is not None}
        return await self.validate_slots(given, tracker, domain, output_channel, nlg)

    async def validate(self, tracker: DialogueStateTracker, *args: Any) -> List[Event]:
        intent = tracker.latest_message.intent.get("name") if tracker.latest_message else None
        if tracker.active_loop_name == self.name() and intent not in FILLING:
            raise ActionExecutionRejection(self.name())
        return await super().validate(tracker, *args)

    async def validate_slots(
        self,
        slot_candidates: Dict[Text, Any],
        tracker: DialogueStateTracker,
        domain: Any,
        output_channel: Any,
        nlg: Any,
    ) -> List[Event]:
        candidates: List[Event] = [SlotSet(name, value) for name, value in slot_candidates.items()]
        temporary = self._temporary_tracker(tracker, candidates, domain)
        return await LeanAction(f"validate_{self.name()}", self.action_endpoint).run(
            output_channel, nlg, temporary, domain
        )

    async def _ask_for_slot(
        self, domain: Any, nlg: Any, output_channel: Any, slot_name: Text, tracker: DialogueStateTracker
    ) -> List[Event]:
        name = self._name_of_utterance(domain, slot_name)
        if not name:
            raise TurnFailed(f"nothing asks for {slot_name}")
        asking = lean(action_for_name_or_text(name, domain, self.action_endpoint), self.action_endpoint)
        return await asking.run(output_channel, nlg, tracker, domain)

    async def _validate_if_required(self, tracker: DialogueStateTracker, *args: Any) -> List[Event]:
        step = tracker.get_slot(REQUESTED_SLOT)
        came_back = tracker.active_loop_name == self.name() and (
            tracker.latest_action_name != ACTION_LISTEN_NAME or tracker.is_active_loop_interrupted
        )
        if came_back and step and tracker.get_slot(step) is None:
            return [*_asked_again(tracker), SlotSet(REQUESTED_SLOT, step)]
        return await super()._validate_if_required(tracker, *args)


class LeanExtractSlots(ActionExtractSlots):
    """Fills slots from entities; what stock Rasa works out anew for each slot of each turn is kept."""

    def __init__(self, action_endpoint: Any) -> None:
        super().__init__(action_endpoint)
        self._unique: Dict[Tuple[Text, Text, Text], bool] = {}

    async def run(self, output_channel: Any, nlg: Any, tracker: DialogueStateTracker, domain: Any) -> List[Event]:
        # All mappings of the generated domain take entities: a message without any fills nothing.
        if not tracker.latest_message or not tracker.latest_message.entities:
            return []
        return await super().run(output_channel, nlg, tracker, domain)

    def _fails_unique_entity_mapping_check(
        self, slot_name: Text, mapping: Dict[Text, Any], tracker: DialogueStateTracker, domain: Any
    ) -> bool:
        if not tracker.active_loop_name or tracker.get_slot(REQUESTED_SLOT) == slot_name:
            return False
        asked = (tracker.active_loop_name, slot_name, str(mapping))
        if asked not in self._unique:
            self._unique[asked] = not super()._fails_unique_entity_mapping_check(slot_name, mapping, tracker, domain)
        return not self._unique[asked]


def _asked_again(tracker: DialogueStateTracker) -> List[Event]:
    """Back from a digression the step is asked in short, unless an action of this turn has said how."""
    if any(isinstance(event, SlotSet) and event.key == "ask_mode" for event in _this_turn(tracker)):
        return []
    return [SlotSet("ask_mode", "short"), SlotSet("progress", ""), SlotSet("how", "")]


def lean(action: Action, endpoint: Any) -> Action:
    """The lean twin of a stock action; anything else as it is."""
    if type(action) is RemoteAction:
        return LeanAction(action.name(), endpoint)
    if type(action) is FormAction:
        return LeanForm(action.name(), endpoint)
    return action


class PlainRunner(GraphRunner):
    """Runs Rasa's small prediction graphs without a scheduler: each node once, what it needs first."""

    def __init__(self, schema: GraphSchema, nodes: Dict[Text, GraphNode]) -> None:
        self._schema, self._nodes = schema, nodes
        self._orders: Dict[Tuple[Text, ...], List[Text]] = {}

    @classmethod
    def create(
        cls,
        graph_schema: GraphSchema,
        model_storage: ModelStorage,
        execution_context: ExecutionContext,
        hooks: Optional[List[GraphNodeHook]] = None,
    ) -> "PlainRunner":
        return cls(
            graph_schema,
            {
                name: GraphNode.from_schema_node(name, node, model_storage, execution_context, hooks)
                for name, node in graph_schema.nodes.items()
            },
        )

    def run(self, inputs: Optional[Dict[Text, Any]] = None, targets: Optional[List[Text]] = None) -> Dict[Text, Any]:
        wanted = tuple(targets or self._schema.target_names)
        if wanted not in self._orders:
            self._orders[wanted] = self._order(wanted)
        done: Dict[Text, Tuple[Text, Any]] = {name: (name, value) for name, value in (inputs or {}).items()}
        for name in self._orders[wanted]:
            done[name] = self._nodes[name](*(done[need] for need in self._schema.nodes[name].needs.values()))
        return {name: done[name][1] for name in wanted}

    def _order(self, wanted: Tuple[Text, ...]) -> List[Text]:
        order: List[Text] = []

        def visit(name: Text) -> None:
            if name in self._nodes and name not in order:
                for need in self._schema.nodes[name].needs.values():
                    visit(need)
                order.append(name)

        for name in wanted:
            visit(name)
        return order


class LeanProcessor(MessageProcessor):
    """Handles a message once, from a conversation of bounded length."""

    _extracting: Optional[LeanExtractSlots] = None

    @staticmethod
    def _load_model(model_path: Any) -> Tuple[Text, ModelMetadata, GraphRunner]:
        with TempDirectoryPath(get_temp_dir_name()) as folder:
            metadata, runner = loader.load_predict_graph_runner(
                Path(folder), Path(model_path), LocalModelStorage, PlainRunner
            )
        return Path(model_path).name, metadata, runner

    def predict_next_with_tracker_if_should(self, tracker: DialogueStateTracker) -> Tuple[Action, PolicyPrediction]:
        action, prediction = super().predict_next_with_tracker_if_should(tracker)
        return lean(action, self.action_endpoint), prediction

    def _get_action(self, action_name: Text) -> Optional[Action]:
        action = super()._get_action(action_name)
        return lean(action, self.action_endpoint) if action else None

    async def run_action_extract_slots(
        self, output_channel: Any, tracker: DialogueStateTracker
    ) -> DialogueStateTracker:
        if self._extracting is None:
            self._extracting = LeanExtractSlots(self.action_endpoint)
        filled = await self._extracting.run(output_channel, self.nlg, tracker, self.domain)
        await self._send_bot_messages(filled, tracker, output_channel)
        tracker.update_with_events(filled, self.domain)
        return tracker

    async def log_message(self, message: UserMessage, should_save_tracker: bool = True) -> DialogueStateTracker:
        tracker = await self.fetch_tracker_and_update_session(
            message.sender_id, message.output_channel, message.metadata
        )
        replies = said_to(tracker, message.message_id)
        if replies is not None:
            raise Replayed(tracker, replies)
        if len(tracker.events) > ROTATE_AT:
            tracker = DialogueStateTracker.from_events(tracker.sender_id, _rotated(tracker), slots=self.domain.slots)
        await self._handle_message_with_tracker(message, tracker)
        return tracker

    async def parse_message(
        self, message: UserMessage, tracker: Optional[DialogueStateTracker] = None, only_output_properties: bool = True
    ) -> Dict[Text, Any]:
        # Rasa reads a text that begins with "/" as an intent with entities, whoever typed it. A word joiner in front
        # (invisible, removed again by our reader) keeps it a text; the event keeps what was typed.
        typed = message.text or ""
        message.text = "\u2060" + typed
        try:
            data = await super().parse_message(message, tracker, only_output_properties)
        finally:
            message.text = typed
        return {**data, "text": typed}


class LeanAgent(Agent):
    """An agent with the processor above and a tracker store whose failures are failures."""

    @staticmethod
    def _create_tracker_store(store: Optional[TrackerStore], domain: Any) -> TrackerStore:
        # Rasa's wrapper would turn a failed read into a new conversation and a failed write into one in memory.
        assert store is not None
        return store

    def load_model(
        self, model_path: Any, fingerprint: Optional[Text] = None, processor: Type[MessageProcessor] = LeanProcessor
    ) -> None:
        self.processor = processor(
            model_path=model_path,
            tracker_store=self.tracker_store,
            lock_store=self.lock_store,
            action_endpoint=self.action_endpoint,
            generator=self.nlg,
        )
        self.domain = self.processor.domain
        self.tracker_store.domain = self.domain
        self.nlg.responses = self.domain.responses


def _this_turn(tracker: DialogueStateTracker) -> List[Event]:
    """The events back to the last thing the person said."""
    events: List[Event] = []
    for event in reversed(tracker.events):
        events.append(event)
        if isinstance(event, UserUttered):
            break
    return events[::-1]


def said_to(tracker: DialogueStateTracker, message_id: Optional[Text]) -> Optional[List[BotUttered]]:
    """The replies to the message with this id, or None if it was never handled.

    What was said when the conversation began, before its first message was read, belongs to that message.
    """
    told: Dict[Optional[Text], List[BotUttered]] = {}
    current: List[BotUttered] = []
    for event in tracker.events:
        if isinstance(event, UserUttered):
            current = told[event.message_id] = current if not told else []
        elif isinstance(event, BotUttered):
            current.append(event)
    return told.get(message_id)


def _rotated(tracker: DialogueStateTracker) -> List[Event]:
    """A new session with the same slots at the same place: what went before is left behind."""
    kept: List[Event] = [
        SlotSet(name, slot.value)
        for name, slot in tracker.slots.items()
        if slot.value is not None
        and slot.value != slot.initial_value
        and name not in (REQUESTED_SLOT, "session_started_metadata")
    ]
    events: List[Event] = [ActionExecuted("action_session_start"), SessionStarted(), *kept]
    if tracker.active_loop_name:
        events += [ActiveLoop(tracker.active_loop_name), SlotSet(REQUESTED_SLOT, tracker.get_slot(REQUESTED_SLOT))]
    events.append(ActionExecuted(ACTION_LISTEN_NAME))
    now = time.time()
    for event in events:
        event.timestamp = now
    return events
