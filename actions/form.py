"""The form's own actions: checking what was said, asking which matter it is, and the summary."""

from __future__ import annotations

from typing import Any

from actions import errands, heard
from actions.checks import Refused, check
from actions.controls import ask_sure
from actions.drafts import Drafts
from actions.interview import CONFIRM, CONFIRMED, MATTER, SURE, Interview
from actions.regions import lies_in, registered_in
from actions.standard import NONE, Element, Matter
from actions.turn import LOCAL, Turn, TurnAction, add_evidence, evidence_ids, payload, utc
from actions.uploading import offer_upload

#: A first message shorter than this says too little to stand as the description.
STORY_CHARS = 18
#: So many answers that could not be taken, and the same words will not help.
STUCK = 3
#: Most matters offered as buttons: more do not fit a phone, and whoever finds none may tell more.
CHOICES = 5
#: The matter that follows on an earlier report, and what of that report it takes over.
COMPLAINT, CHAINED = "platform_complaint", ("platform", "url", "identity", "name", "contact")
#: Most characters of an answer that the summary shows.
SUMMARY_CHARS = 60


class ValidateReport(TurnAction):
    """The only judge of values and of the next step."""

    action = "validate_report_form"

    async def act(self, turn: Turn) -> None:
        if turn.interview.errand:
            await self._errand(turn)
            return
        paused, beside = turn.slots.get("paused"), not heard.of_this_draft(turn)
        told = heard.go_on(turn)
        if paused and turn.intent != "report" and not told:
            self._resume(turn)
            return
        if paused and beside:
            # Something else is told while a draft waits: that stays on disk, the new story counts.
            told = told or turn.entities()
            self._anew(turn)
        if paused:
            turn.set("paused", None)
        candidates = self._tell(turn, told) if told else turn.candidates()
        if not turn.slots.get("draft_id"):
            if await self._enough_for_today(turn):
                return
            turn.set("draft_id", Drafts.new_id(turn.conversation_id, turn.message_id))
            turn.set("edition", turn.standard.edition)
        if turn.slots.get("story") and (turn.intent == "report" or told):
            self._hear(turn)
        if turn.intent == "not_referral" or (told and not told.get("guess")):
            # It was taken for something else: what it may be after all is offered, most likely first.
            turn.set("guess", None)
            turn.set("choosing", "none")
        if attached := told.get("attached") or turn.entity("attached"):
            add_evidence(turn, attached)
        if MATTER in candidates:
            await self._choose(turn, candidates.pop(MATTER))
        refused = self._take(turn, candidates)
        for gone in turn.interview.drop_stale():
            turn.set(gone, None)
        await self._look_up(turn)
        self._look_where(turn)
        asked = turn.step
        step = turn.interview.next_step(asked)
        if refused and turn.step:
            step = turn.step
        turn.go_to(step, again=refused)
        if step and step != asked:
            await offer_upload(turn, turn.interview.element(step))
        await turn.save()

    async def _errand(self, turn: Turn) -> None:
        refused = self._take(turn, turn.candidates())
        if any(turn.interview.values.get(element.id) is None for element in turn.interview.errand_elements()):
            turn.go_to(turn.interview.next_step(turn.step), again=refused)
        else:
            await errands.finish(turn)

    async def _enough_for_today(self, turn: Turn) -> bool:
        """Whether this person has submitted so much today that another report would be misuse (art. 17)."""
        reports = await turn.services.submission.of(turn.conversation_id)
        today = turn.received.date()
        if sum(utc(report.created_at).astimezone(LOCAL).date() == today for report in reports) < (
            turn.services.reports_per_day
        ):
            return False
        turn.say("utter_enough_today", lines=turn.services.hotline_list(("cac_12377",)))
        turn.set("aside", True)
        turn.clear()
        turn.end_form()
        return True

    async def _look_up(self, turn: Turn) -> None:
        """The same link by the same person is one case, not two (art. 17)."""
        link, matter = turn.interview.values.get("url"), turn.interview.matter
        if not link or not matter or turn.interview.asking or turn.slots.get("not_duplicate"):
            return
        if matter.id == COMPLAINT:
            return
        known = await turn.services.submission.about(turn.conversation_id, matter.id, link.splitlines())
        if known:
            turn.set("about_case", known.case_no)
            ask_sure(turn, "duplicate")

    def _look_where(self, turn: Turn) -> None:
        """An enterprise reports where it is registered (art. 14)."""
        code = turn.interview.values.get("credit_code")
        if not code or code == NONE or turn.interview.asking:
            return
        place = registered_in(code)
        if not lies_in(place, turn.services.region):
            turn.set("place", place)
            ask_sure(turn, "elsewhere")

    def _resume(self, turn: Turn) -> None:
        turn.set("paused", None)
        turn.go_to(turn.interview.next_step())

    def _anew(self, turn: Turn) -> None:
        turn.clear()
        turn.standard = turn.services.standard
        turn.interview = Interview(turn.standard)

    def _tell(self, turn: Turn, told: dict[str, Any]) -> dict[str, Any]:
        """Take what was told, by the names of slots, as if it were said now; the values that are to be checked."""
        for name in ("guess", "runners_up", "close", "story", MATTER):
            turn.set(name, told.get(name))
        ids = {element.id for matter in turn.standard.matters for element in matter.elements}
        return {name: value for name, value in told.items() if value is not None and name in (*ids, MATTER)}

    def _hear(self, turn: Turn) -> None:
        """Keep what was told, so that it need not be told again."""
        turn.set("told", list(dict.fromkeys([*(turn.slots.get("told") or []), turn.slots["story"]])))
        turn.set("story", None)
        turn.set("choosing", None)

    async def _choose(self, turn: Turn, matter_id: Any) -> None:
        if turn.standard.matter(matter_id) is None:
            turn.set(MATTER, None)
            turn.interview.matter_id = None
            return
        turn.interview.matter_id = matter_id
        turn.set("close", None)
        if matter_id == COMPLAINT:
            await self._chain(turn)
        self._use_story(turn)
        self._recheck(turn)
        turn.set("given", list(turn.interview.values))
        turn.interview.given = list(turn.interview.values)

    async def _chain(self, turn: Turn) -> None:
        """A complaint about a platform follows on what the person has reported here before: that is not asked again."""
        platform = turn.interview.values.get("platform")
        for report in await turn.services.submission.of(turn.conversation_id):
            before = {element["id"]: element["value"] for element in report.body["elements"]}
            if report.case_no and (not platform or before.get("platform") == platform):
                turn.set("about_case", report.case_no)
                for name in CHAINED:
                    if before.get(name) is not None and turn.interview.values.get(name) is None:
                        turn.set(name, before[name])
                        turn.interview.values[name] = before[name]
                return

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
        if element.id == turn.step and not turn.interview.errand:
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
        close = turn.standard.matter(turn.slots.get("close"))
        if guess and close and turn.slots.get("ask_mode") != "short" and not turn.slots.get("choosing"):
            self._tell_apart(turn, guess, close)
        elif turn.slots.get("choosing"):
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

    def _tell_apart(self, turn: Turn, guess: Matter, close: Matter) -> None:
        """One question that settles which of two it is."""
        known = turn.standard.distinction(guess.id, close.id)
        answers = (
            [(answer.title, answer.matter) for answer in known.answers]
            if known
            else [(matter.button, matter.id) for matter in (guess, close)]
        )
        noted = _noted(turn)
        name = "utter_matter_close_noted" if noted else "utter_matter_close"
        turn.say(
            name if known else f"{name}_plain",
            [(title, payload("answer", matter=matter)) for title, matter in answers],
            question=known.question if known else "",
            noted=noted,
        )

    def _choices(self, turn: Turn) -> list[tuple[str, str]]:
        """The likely ones; a wrong guess is not offered again."""
        likely = list(turn.slots.get("runners_up") or [])
        matters = sorted(turn.standard.matters, key=lambda m: likely.index(m.id) if m.id in likely else len(likely))
        wrong = turn.slots.get("choosing")
        offered = [matter for matter in matters if matter.id != wrong][:CHOICES]
        buttons = [(matter.button, payload("answer", matter=matter.id)) for matter in offered]
        for other in likely:
            # What is no infringement at all may be the right answer too.
            if referral := turn.standard.referral(other.partition(":")[2]):
                buttons.append((referral.title, payload("refer", referral=referral.id)))
        return buttons


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
