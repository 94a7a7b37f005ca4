"""The form's own actions: checking what was said, asking which matter it is, and the summary."""

from __future__ import annotations

from typing import Any

from actions.checks import Refused, check
from actions.drafts import Drafts
from actions.interview import CONFIRM, CONFIRMED, MATTER, SURE, Interview
from actions.standard import Element, Matter
from actions.turn import Turn, TurnAction, payload

#: A first message shorter than this says too little to stand as the description.
STORY_CHARS = 18
#: So many answers that could not be taken, and the same words will not help.
STUCK = 3
#: Most matters offered as buttons: more do not fit a phone, and whoever finds none may tell more.
CHOICES = 5
#: Most characters of an answer that the summary shows.
SUMMARY_CHARS = 60


class ValidateReport(TurnAction):
    """The only judge of values and of the next step."""

    action = "validate_report_form"

    async def act(self, turn: Turn) -> None:
        if turn.slots.get("paused") and turn.intent != "report":
            self._resume(turn)
            return
        candidates = self._anew(turn) if turn.slots.get("paused") else turn.candidates()
        if not turn.slots.get("draft_id"):
            turn.set("draft_id", Drafts.new_id(turn.conversation_id, turn.message_id))
            turn.set("edition", turn.standard.edition)
        if turn.slots.get("story") and turn.intent == "report":
            self._hear(turn)
        if MATTER in candidates:
            self._choose(turn, candidates.pop(MATTER))
        refused = self._take(turn, candidates)
        for gone in turn.interview.drop_stale():
            turn.set(gone, None)
        step = turn.interview.next_step(turn.step)
        if refused and turn.step:
            step = turn.step
        turn.go_to(step, again=refused)
        await turn.save()

    def _resume(self, turn: Turn) -> None:
        turn.set("paused", None)
        turn.go_to(turn.interview.next_step())

    def _anew(self, turn: Turn) -> dict[str, Any]:
        """Somebody with a paused draft tells of something else: the draft stays on disk, the new message counts."""
        told = {name: turn.entity(name) for name in ("guess", "runners_up", "story", MATTER)}
        ids = {element.id for matter in turn.standard.matters for element in matter.elements}
        values = {name: turn.entity(name) for name in ids if turn.entity(name) is not None}
        turn.clear()
        turn.standard = turn.services.standard
        turn.interview = Interview(turn.standard)
        for name, value in told.items():
            turn.set(name, value)
        return {**values, **({MATTER: told[MATTER]} if told[MATTER] else {})}

    def _hear(self, turn: Turn) -> None:
        """Keep what was told, so that it need not be told again."""
        told = list(turn.slots.get("told") or [])
        told.append(turn.slots["story"])
        turn.set("told", told)
        turn.set("story", None)
        turn.set("choosing", None)

    def _choose(self, turn: Turn, matter_id: Any) -> None:
        if turn.standard.matter(matter_id) is None:
            turn.set(MATTER, None)
            turn.interview.matter_id = None
            return
        turn.interview.matter_id = matter_id
        self._use_story(turn)
        self._recheck(turn)
        turn.set("given", list(turn.interview.values))
        turn.interview.given = list(turn.interview.values)

    def _use_story(self, turn: Turn) -> None:
        told = "\n".join(turn.slots.get("told") or [])
        for element in turn.interview.elements():
            enough = max(element.min_chars, STORY_CHARS)
            if element.from_story and turn.interview.values.get(element.id) is None and len(told) >= enough:
                self._accept(turn, element, told)

    def _recheck(self, turn: Turn) -> None:
        """Values taken before the matter was known are checked by its own elements."""
        for name in list(turn.interview.values):
            element = turn.interview.element(name)
            if element is None:
                del turn.interview.values[name]
                turn.set(name, None)

    def _take(self, turn: Turn, candidates: dict[str, Any]) -> bool:
        """Check each value; True if the one asked for could not be taken."""
        refused = False
        for name, raw in candidates.items():
            if name == CONFIRM:
                turn.interview.confirmed = raw == CONFIRMED and turn.step == CONFIRM
                turn.set(CONFIRM, CONFIRMED if turn.interview.confirmed else None)
            elif name != SURE and raw is not None and (element := turn.interview.element(name)):
                refused |= not self._accept(turn, element, raw) and name == turn.step
        return refused

    def _accept(self, turn: Turn, element: Element, raw: Any) -> bool:
        try:
            value = check(element, raw, turn.standard, turn.received)
        except Refused as problem:
            turn.set(element.id, None)
            turn.interview.values.pop(element.id, None)
            if element.id == turn.step:
                self._refuse(turn, element, problem)
            return False
        turn.set(element.id, value)
        turn.interview.values[element.id] = value
        if element.id == turn.step:
            trail = [name for name in turn.slots.get("trail") or [] if name != element.id]
            turn.set("trail", [*trail, element.id])
            self._acknowledge(turn, element, value)
        return True

    def _refuse(self, turn: Turn, element: Element, problem: Refused) -> None:
        """Say what was missing; who has tried in vain again and again is shown another way."""
        tries = int(turn.slots.get("tries") or 0) + 1
        turn.set("tries", tries)
        if tries % STUCK == 0:
            turn.say("utter_stuck", how=element.how)
        else:
            turn.say(f"utter_problem_{problem.problem}", example=element.example, label=element.label, **problem.values)

    def _acknowledge(self, turn: Turn, element: Element, value: Any) -> None:
        if value == "无" and element.none:
            told = (
                turn.interview.matter.without_proof
                if element.kind == "proof" and turn.interview.matter
                else element.none
            )
            turn.say("utter_none_noted", told=told)
        elif element.kind == "time":
            turn.say("utter_time_noted", shown=turn.shown(element, value))
        elif isinstance(value, list) and element.kind in ("files", "proof"):
            turn.say("utter_files_noted", count=len(value), label=element.label)


class AskMatter(TurnAction):
    """Asks what happened, or says what was understood and asks whether that is right."""

    action = "action_ask_matter"

    async def act(self, turn: Turn) -> None:
        guess = turn.standard.matter(turn.slots.get("guess"))
        if turn.slots.get("choosing"):
            turn.say("utter_matter_choose", self._choices(turn))
        elif guess is None:
            turn.say("utter_matter_open")
        elif turn.slots.get("ask_mode") == "short":
            turn.say("utter_matter_guess_again", title=guess.title)
        else:
            noted = _noted(turn)
            turn.say(
                "utter_matter_guess_noted" if noted else "utter_matter_guess",
                sounds_like=guess.sounds_like,
                title=guess.title,
                noted=noted,
            )

    def _choices(self, turn: Turn) -> list[tuple[str, str]]:
        """The likely ones; a wrong guess is not offered again."""
        likely = list(turn.slots.get("runners_up") or [])
        matters = sorted(turn.standard.matters, key=lambda m: likely.index(m.id) if m.id in likely else len(likely))
        wrong = turn.slots.get("choosing")
        offered = [matter for matter in matters if matter.id != wrong][:CHOICES]
        return [(matter.button, payload("answer", matter=matter.id)) for matter in offered]


class AskConfirm(TurnAction):
    """The summary: everything as it will be submitted, to confirm or change."""

    action = "action_ask_confirm"

    async def act(self, turn: Turn) -> None:
        matter, mode = turn.interview.matter, turn.slots.get("ask_mode")
        if matter is None:
            raise RuntimeError("a summary needs a matter")
        if mode == "quiet":
            return
        if mode == "short":
            turn.say("utter_summary_again")
            return
        lines = [
            f"{element.label}：{_brief(turn, element)}"
            for element in turn.interview.elements()
            if turn.interview.values.get(element.id) is not None
        ]
        ids = evidence_ids(turn)
        if ids:
            items = await turn.services.evidence.facts(turn.conversation_id, ids)
            lines.append("校验码：" + "、".join(item.short for item in items))
        turn.say("utter_summary", title=matter.title, lines="\n".join(lines))


def evidence_ids(turn: Turn) -> list[str]:
    """All files of the report, in order, each once."""
    ids: list[str] = []
    for element in turn.interview.elements():
        value = turn.interview.values.get(element.id)
        if element.kind in ("files", "proof") and isinstance(value, list):
            ids += [item for item in value if item not in ids]
    return ids


def _brief(turn: Turn, element: Element) -> str:
    text = turn.shown(element, turn.interview.values[element.id]).replace("\n", " ")
    return text if len(text) <= SUMMARY_CHARS else text[: SUMMARY_CHARS - 1] + "…"


def _noted(turn: Turn) -> str:
    """What the first message already told, in one line."""
    matter: Matter | None = turn.standard.matter(turn.slots.get("guess"))
    known = [
        f"{element.label}：{turn.shown(element, turn.interview.values[element.id])}"
        for element in (matter.elements if matter else ())
        if element.id in turn.interview.values and not element.from_story
    ]
    return "、".join(known)
