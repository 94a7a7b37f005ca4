"""A case, or a rule, where somebody hesitates at a step: one line, once at each step of a report."""

from __future__ import annotations

from actions.turn import Turn

#: Steps that want something to show: there it helps what others had, elsewhere what others told.
_SHOWING = ("files", "proof")


def hint(turn: Turn) -> None:
    """Say in one line what staff's content holds ready for this step of this matter; nothing where it holds nothing.

    For somebody who asked why or how, and never beside a step that is only asked: it would be one more thing to read.
    """
    element, matter = turn.element(), turn.interview.matter
    hinted = list(turn.slots.get("hinted") or [])
    if element is None or matter is None or element.id in hinted:
        return
    found = turn.services.knowledge.at_step(matter.id, element.id, role=matter.zone)
    if found is None:
        return
    turn.set("hinted", [*hinted, element.id])
    if found.case and element.kind in _SHOWING:
        turn.say("utter_hint_case_had", told=found.case.evidence)
    elif found.case:
        turn.say("utter_hint_case_told", told=found.case.facts)
    else:
        cited = found.citations[0]
        turn.say("utter_hint", told=found.answer, rests_on=f"《{cited.title}》{cited.article or ''}")
