"""Errands: what is asked for beside a report, in the same form. A call back by staff, and material for a case."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from actions.drafts import Drafts
from actions.interview import MATTER
from actions.submission import Submitted
from actions.turn import FORM, Turn, TurnAction, payload

CALL_BACK, SUPPLEMENT = "call_back", "supplement"
#: Seconds a turn waits for the agency; what takes longer follows from the outbox.
PATIENCE = 3.0
#: Most cases offered as buttons.
CASES = 4


class Human(TurnAction):
    """Somebody wants a person: staff will call back."""

    action = "action_human"

    async def act(self, turn: Turn) -> None:
        lines = turn.services.hotline_list(("cac_12377", "government_12345"))
        if turn.slots.get("errand") == CALL_BACK:
            turn.say("utter_human_again")
            turn.go_to(turn.step, again=True)
            return
        turn.say("utter_human", lines=lines)
        known = turn.interview.values.get("contact")
        begin(turn, CALL_BACK, {"call_contact": known} if known else {})


class Supplement(TurnAction):
    """Add material to a case of one's own."""

    action = "action_supplement"

    async def act(self, turn: Turn) -> None:
        own = [report for report in await turn.services.submission.of(turn.conversation_id) if report.case_no]
        named = turn.entity("about_case") or next((r.case_no for r in own if str(r.case_no) in turn.text.upper()), None)
        chosen = next((r for r in own if r.case_no == named), own[0] if len(own) == 1 else None)
        if (turn.in_form and not named) or not own:
            turn.say("utter_supplement")
            if turn.in_form:
                turn.go_to(turn.step, again=True)
        elif chosen is None:
            turn.say("utter_supplement_which", which_case(own))
        else:
            await supplement(turn, chosen)


def which_case(own: list[Submitted]) -> list[tuple[str, str]]:
    return [(str(r.case_no), payload("supplement_evidence", about_case=r.case_no)) for r in own[:CASES]]


async def supplement(turn: Turn, report: Submitted) -> None:
    """Ask what is to be added, or add at once the files that were sent before anybody asked."""
    sent = turn.slots.get("evidence") if not turn.interview.matter_id else None
    turn.set("about_case", report.case_no)
    if sent:
        turn.set("evidence", None)
        turn.interview.values.pop("evidence", None)
        turn.interview.values["supplement_what"] = sent
        await _supplemented(turn)
        turn.set("about_case", None)
    else:
        begin(turn, SUPPLEMENT, {})


class SupplementInstead(TurnAction):
    """The link was reported before: what this draft holds goes to that case, and the draft ends."""

    action = "action_supplement_instead"

    async def act(self, turn: Turn) -> None:
        case_no, files = turn.slots.get("about_case"), turn.interview.values.get("evidence")
        draft_id = turn.slots.get("draft_id")
        if draft_id:
            await turn.services.drafts.drop(draft_id)
        turn.clear()
        turn.interview.values.clear()
        turn.interview.matter_id = turn.interview.asking = None
        turn.set("about_case", case_no)
        begin(turn, SUPPLEMENT, {})
        if isinstance(files, list):
            turn.interview.values["supplement_what"] = files
            await finish(turn)
        if draft_id:
            # What went to the case stays with the case.
            await turn.services.evidence.erase(draft_id)


def begin(turn: Turn, errand: str, known: dict[str, object]) -> None:
    """Put an errand before whatever is being asked."""
    turn.set("errand", errand)
    turn.interview.errand = errand
    for name, value in known.items():
        turn.set(name, value)
        turn.interview.values[name] = value
    turn.go_to(turn.interview.next_step())
    if not turn.in_form:
        turn.follow(FORM)


def drop(turn: Turn) -> None:
    """Forget the errand; a report that was being filled is what goes on."""
    for element in turn.interview.errand_elements():
        turn.set(element.id, None)
        turn.interview.values.pop(element.id, None)
    turn.set("errand", None)
    turn.set("about_case", None)
    turn.interview.errand = None


async def finish(turn: Turn) -> None:
    """All is answered: hand it over, and go back to what was being done."""
    await _FINISH[str(turn.interview.errand)](turn)
    go_on(turn)


def go_on(turn: Turn) -> None:
    """Back to the report, or out of the form where there is none."""
    drop(turn)
    if turn.slots.get("paused") or not (turn.interview.matter_id or turn.slots.get("told")):
        turn.set("aside", True)
        turn.end_form()
    else:
        turn.go_to(turn.interview.next_step())


def _request_id(turn: Turn) -> str:
    return Drafts.new_id(turn.conversation_id, f"{turn.message_id}/request")


async def _call_back(turn: Turn) -> None:
    values = turn.interview.values
    hours = turn.interview.element("call_hours")
    body = {
        "request_id": _request_id(turn),
        "contact": values["call_contact"],
        "wish": values["call_wish"],
        "hours": turn.shown(hours, values["call_hours"]) if hours else values["call_hours"],
        "matter": turn.slots.get(MATTER) or turn.slots.get("guess"),
        "channel": "gateway",
        "created_at": turn.received.isoformat(),
    }
    await turn.services.handover.give(body["request_id"], turn.conversation_id, "call_back", body, [], PATIENCE)
    turn.say("utter_call_back_noted", contact=values["call_contact"], hours=body["hours"])


async def _supplemented(turn: Turn) -> None:
    what, case_no = turn.interview.values["supplement_what"], turn.slots["about_case"]
    files = what if isinstance(what, list) else []
    body = {
        "supplement_id": _request_id(turn),
        "case_no": case_no,
        "note": None if files else what,
        "created_at": turn.received.isoformat(),
    }
    report = await turn.services.submission.by_case(case_no)
    if report:
        await turn.services.evidence.file_under(turn.conversation_id, report.draft_id, files)
    await turn.services.handover.give(body["supplement_id"], turn.conversation_id, "supplement", body, files, PATIENCE)
    if report:
        await turn.services.reminders.settle(report.draft_id)
    if files:
        items = await turn.services.evidence.facts(turn.conversation_id, files)
        shorts = "、".join(item.short for item in items)
        turn.say("utter_supplemented_files", count=len(files), case_no=case_no, shorts=shorts)
    else:
        turn.say("utter_supplemented_words", case_no=case_no)


_FINISH: dict[str, Callable[[Turn], Awaitable[None]]] = {CALL_BACK: _call_back, SUPPLEMENT: _supplemented}
