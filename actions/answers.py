"""Answers to questions, referrals to who is competent, help in distress, and what comes with a file."""

from __future__ import annotations

import asyncio
from typing import Literal

from actions.checks import Refused, check
from actions.controls import put_aside
from actions.errands import which_case
from actions.heard import keep_in_mind
from actions.turn import Turn, TurnAction, add_evidence, payload


class Answer(TurnAction):
    """Answer a question from the knowledge base, with what the answer rests on."""

    action = "action_answer"

    async def act(self, turn: Turn) -> None:
        # A suggested question that was pressed comes with the button, not as text.
        await answer_question(turn, turn.entity("question") or turn.text)
        if turn.in_form:
            turn.go_to(turn.step, again=True)


class AnswerAndStore(TurnAction):
    """A message that gives a value and asks something: keep the one, answer the other."""

    action = "action_answer_and_store"

    async def act(self, turn: Turn) -> None:
        element = turn.element()
        value = turn.entity(element.id) if element else None
        taken = False
        if element and value is not None:
            try:
                kept = check(element, value, turn.standard, turn.received)
            except Refused as problem:
                turn.say(
                    f"utter_problem_{problem.problem}", example=element.example, label=element.label, **problem.values
                )
            else:
                taken = True
                turn.set(element.id, kept)
                turn.interview.values[element.id] = kept
                turn.set("trail", [*(turn.slots.get("trail") or []), element.id])
                for gone in turn.interview.drop_stale():
                    turn.set(gone, None)
        await answer_question(turn, turn.text)
        turn.go_to(turn.interview.next_step(turn.step), again=not taken)
        await turn.save()


class Rated(TurnAction):
    """Whether an answer helped: staff see the questions whose answers did not."""

    action = "action_rated"

    async def act(self, turn: Turn) -> None:
        asked = turn.slots.get("asked")
        verdict: Literal["helpful", "not_helpful"] = "helpful" if turn.entity("verdict") == "helpful" else "not_helpful"
        if isinstance(asked, dict):  # a button is pressed once, and the answer may be long ago
            await turn.services.feedback.record(asked["question"], asked["entry"], verdict)
            turn.set("asked", None)
        lines = turn.services.hotline_list(("cac_12377", "legal_aid_12348"))
        turn.say(f"utter_rated_{verdict}", lines=lines)
        if turn.in_form:
            turn.go_to(turn.step, again=True)


async def answer_question(turn: Turn, text: str) -> None:
    """Say the answer with its citations, or honestly that there is none, with who can help; staff learn of those."""
    asked = turn.slots.get("asked") or {}
    # Reckoning what a text means takes a while, and others are talking too.
    found = await asyncio.to_thread(
        turn.services.knowledge.ask,
        text,
        matter=turn.interview.matter_id,
        role=turn.interview.matter.zone if turn.interview.matter else None,
        before=asked.get("question"),
    )
    if not found.answered:
        await turn.services.feedback.record(text, found.entry, "unanswered")
    # 那多久呢 goes on from this question; and whoever says that the answer helped says so of this one.
    turn.set("asked", {"question": text, "entry": found.entry} if found.answered else None)
    if found.answered:
        rests_on = "；".join(f"《{c.title}》{c.article or ''}" for c in found.citations[:2])
        # In the form the step's own buttons come next, and more would crowd them out.
        name = "utter_answer" if turn.in_form else "utter_answer_idle"
        turn.say(name, answer=found.answer, rests_on=rests_on)
    elif found.suggestions:
        # A question is a message like any other: pressing it asks it.
        turn.say("utter_answer_did_you_mean", [(q[:20], payload("ask", question=q)) for q in found.suggestions[:3]])
    else:
        # Which article does not exist, or of which law: the knowledge base says what it lacks.
        lines = turn.services.hotline_list(("cac_12377", "legal_aid_12348"))
        turn.say("utter_answer_unknown", answer=found.answer, lines=lines)


class Refer(TurnAction):
    """Not an infringement by online information: why, and who is competent (art. 17)."""

    action = "action_refer"

    async def act(self, turn: Turn) -> None:
        wanted = turn.entity("referral")
        referral = turn.standard.referral(wanted) or turn.standard.referral("other")
        if referral is None:
            raise RuntimeError("the standard has no referral `other`")
        keep_in_mind(turn)
        lines = turn.services.hotline_list(referral.turn_to)
        advice = referral.advice.replace("{hotlines}", lines)
        turn.say("utter_referral", [(referral.door, payload("not_referral"))], reason=referral.reason, advice=advice)


class Distress(TurnAction):
    """Somebody's life or safety may be at stake: help before anything else; the draft and what was told are kept."""

    action = "action_distress"

    async def act(self, turn: Turn) -> None:
        lines = turn.services.hotline_list(("mental_12356", "police_110"))
        begun = turn.in_form and bool(turn.interview.values)
        keep_in_mind(turn)
        if begun and (attached := turn.entity("attached")):
            add_evidence(turn, attached)
        await put_aside(turn)
        turn.say("utter_distress_draft" if begun else "utter_distress", lines=lines)


class Attach(TurnAction):
    """Files that were not asked for at this moment are kept for the report all the same."""

    action = "action_attach"

    async def act(self, turn: Turn) -> None:
        ids = add_evidence(turn, turn.entity("attached"))
        items = await turn.services.evidence.facts(turn.conversation_id, ids)
        shorts = "、".join(item.short for item in items)
        own = [] if turn.in_form else await turn.services.submission.of(turn.conversation_id)
        buttons = which_case([report for report in own if report.case_no])
        name = "utter_attached" if turn.in_form else "utter_attached_which" if buttons else "utter_attached_idle"
        turn.say(name, buttons, count=len(ids), shorts=shorts)
        if turn.in_form:
            turn.go_to(turn.step, again=True)
            await turn.save()
