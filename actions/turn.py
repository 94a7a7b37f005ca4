"""One action call as the actions see it: the tracker read once, texts said by name, slots set through the interview."""

from __future__ import annotations

from abc import abstractmethod
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from rasa_sdk.events import ActiveLoop, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker

from actions.checks import shown
from actions.interview import CONFIRM, MATTER, SURE, Interview, from_slots
from actions.services import Services
from actions.standard import Element

LOCAL = ZoneInfo("Asia/Shanghai")

#: Book-keeping slots of one report, cleared when it ends.
BOOKKEEPING = (
    "guess",
    "runners_up",
    "story",
    "told",
    "skipped",
    "given",
    "trail",
    "asking",
    "errand",
    "about_case",
    "not_duplicate",
    "place",
    "close",
    "tries",
    "paused",
    "draft_id",
    "edition",
    "progress",
    "how",
    "ask_mode",
    "choosing",
    "hinted",
    "heard",
)

#: The form that fills a report.
FORM = "report_form"

Events = list[dict[str, Any]]


class Turn:
    """What an action knows and may do in one turn."""

    def __init__(self, services: Services, dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        self.services, self._dispatcher, self._tracker = services, dispatcher, tracker
        self.slots: dict[str, Any] = dict(tracker.slots)
        self.standard = services.drafts.standard(self.slots.get("edition"))
        self.interview: Interview = from_slots(self.standard, self.slots)
        self.conversation_id: str = tracker.sender_id
        self.message: dict[str, Any] = dict(tracker.latest_message or {})
        self.text: str = self.message.get("text") or ""
        self.intent: str = (self.message.get("intent") or {}).get("name") or ""
        self.in_form: bool = bool((tracker.active_loop or {}).get("name"))
        self.step: str | None = self.slots.get("requested_slot") if self.in_form else None
        self._events: dict[str, Any] = {}
        self._loop_ended = False
        self.more_events: Events = []

    # -- reading -----------------------------------------------------------------------------------------------------

    def entities(self) -> dict[str, Any]:
        """What was read from the message, by name."""
        return {item["entity"]: item["value"] for item in self.message.get("entities") or []}

    def entity(self, name: str) -> Any:
        return self.entities().get(name)

    @property
    def message_id(self) -> str:
        return str(self.message.get("message_id") or self._user_event().get("message_id") or "")

    def _user_event(self) -> dict[str, Any]:
        return next((e for e in reversed(self._tracker.events) if e.get("event") == "user"), {})

    @property
    def received(self) -> datetime:
        """When the message reached us: what 昨晚 means does not change because a turn had to be taken again."""
        stamp = (self._user_event().get("metadata") or {}).get("received_at")
        return datetime.fromtimestamp(stamp, LOCAL) if stamp else self.services.now().astimezone(LOCAL)

    def candidates(self) -> dict[str, Any]:
        """Slots that this message filled, not yet checked."""
        return dict(self._tracker.slots_to_validate())

    def element(self) -> Element | None:
        """The element being asked, if the step is one."""
        return self.interview.element(self.step) if self.step else None

    # -- saying ------------------------------------------------------------------------------------------------------

    def say(self, name: str, buttons: list[tuple[str, str]] | None = None, **values: Any) -> None:
        """Say the response `name`, with `(title, payload)` buttons after its own."""
        # Rasa takes "0[" in a value for a template that went wrong and drops the values.
        safe: dict[str, Any] = {key: str(value).replace("0[", "0［") for key, value in values.items()}
        more = [{"title": title, "payload": what} for title, what in buttons or []]
        self._dispatcher.utter_message(response=name, buttons=more, **safe)

    # -- changing ----------------------------------------------------------------------------------------------------

    def set(self, name: str, value: Any) -> None:
        self._events[name] = value
        self.slots[name] = value

    def end_form(self) -> None:
        self._loop_ended = True
        self.set("requested_slot", None)

    def follow(self, action: str) -> None:
        """Let `action` run next: for what only an action can know, and no rule could say."""
        self.more_events = [FollowupAction(action)]

    def clear(self) -> None:
        """Forget everything of this report; it is on disk, or given up."""
        ids = {element.id for element in self.standard.elements()}
        for name in (*ids, MATTER, CONFIRM, SURE, *BOOKKEEPING):
            self.set(name, None)

    def go_to(self, step: str | None, again: bool = False) -> None:
        """Make `step` the one asked next, in full or, `again`, in short."""
        if step != self.step:
            self.set("tries", None)
        self.set("requested_slot", step)
        self.set("ask_mode", "short" if again else "full")
        self.set("progress", self._progress(step) if step and not again else "")
        self.set("how", self._how(step) if step and not again else "")

    def _progress(self, step: str) -> str:
        place = self.interview.progress(step)
        return f"第{place[0]}项，共{place[1]}项：" if place else ""

    def _how(self, step: str) -> str:
        element = self.interview.element(step)
        platform = self.standard.platform(self.interview.values.get("platform"))
        if element is None or platform is None:
            return ""
        if platform.name in element.how_on:
            return element.how_on[platform.name]
        return platform.copy_link or "" if element.kind == "link" else ""

    def load(self, interview: Interview) -> None:
        """Write an interview's values into the slots."""
        for name, value in interview.values.items():
            self.set(name, value)
        self.set(MATTER, interview.matter_id)
        self.set("skipped", interview.skipped)
        self.set("given", interview.given)
        self.interview = interview

    async def save(self) -> None:
        if draft_id := self.slots.get("draft_id"):
            await self.services.drafts.save(
                draft_id, self.conversation_id, self.interview, list(self.slots.get("told") or [])
            )
            await self.services.evidence.file_under(self.conversation_id, draft_id, evidence_ids(self))
            if self.services.pages:
                await self.services.pages.note(self.conversation_id, draft_id, links(self))

    def shown(self, element: Element, value: Any) -> str:
        return str(shown(element, value))

    def events(self) -> Events:
        # `requested_slot` last: Rasa reads the step from the last event that names it.
        step = self._events.pop("requested_slot", _UNSET)
        events: Events = [SlotSet(name, value) for name, value in self._events.items()]
        if step is not _UNSET:
            events.append(SlotSet("requested_slot", step))
        if self._loop_ended:
            events.append(ActiveLoop(None))
        return [*events, *self.more_events]


_UNSET = object()


def evidence_ids(turn: Turn) -> list[str]:
    """All files of the report, in order, each once."""
    ids: list[str] = []
    for element in turn.interview.elements():
        value = turn.interview.values.get(element.id)
        if element.kind in ("files", "proof") and isinstance(value, list):
            ids += [item for item in value if item not in ids]
    return ids


def add_evidence(turn: Turn, attached: Any) -> list[str]:
    """Add files, one id or several, that were not asked for at this moment to the report's evidence; their ids."""
    ids = [attached] if isinstance(attached, str) else list(attached or [])
    known = turn.interview.values.get("evidence")
    kept = list(dict.fromkeys([*(known if isinstance(known, list) else []), *ids]))
    turn.set("evidence", kept)
    turn.interview.values["evidence"] = kept
    return ids


def links(turn: Turn) -> list[str]:
    """All links of the report."""
    values = (turn.interview.values.get(item.id) for item in turn.interview.elements() if item.kind == "link")
    return [link for value in values if isinstance(value, str) for link in value.splitlines()]


class TurnAction(Action):
    """Base of all actions: `act` on a `Turn`; its changes become the events."""

    action: str

    def __init__(self, services: Services) -> None:
        self._services = services

    def name(self) -> str:
        return self.action

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> Events:
        turn = Turn(self._services, dispatcher, tracker)
        await self.act(turn)
        return turn.events()

    @abstractmethod
    async def act(self, turn: Turn) -> None: ...


def payload(intent: str, **entities: Any) -> str:
    """What a button means: ``payload("answer", url="无")`` → ``"answer?url=%E6%97%A0"``."""
    return f"{intent}?{urlencode(entities)}" if entities else intent


def utc(stamp: float) -> datetime:
    return datetime.fromtimestamp(stamp, UTC)
