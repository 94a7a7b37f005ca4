"""What was told and did not become a report at once: a story that was referred elsewhere, or taken for danger.

Whoever goes on after all need not tell it again.
"""

from __future__ import annotations

from typing import Any

from actions.turn import Turn

#: By which intents people go on with what was told, by the intent it was taken for.
GOING_ON = {"refer": ("not_referral",), "distress": ("ctl_resume", "start_report")}


def keep_in_mind(turn: Turn) -> None:
    """Keep a story with all that was read from it; a message that tells none changes nothing."""
    story = turn.entity("story")
    if story is None:
        return
    if turn.in_form:
        turn.set("told", [*(turn.slots.get("told") or []), story])
    draft = turn.slots.get("draft_id") if turn.in_form else None
    turn.set("heard", {"as": turn.intent, "told": turn.entities(), "draft": draft})


def is_awaited(turn: Turn) -> bool:
    """Whether this message goes on with what was told before."""
    heard = turn.slots.get("heard") or {}
    return turn.intent in GOING_ON.get(heard.get("as", ""), ())


def go_on(turn: Turn) -> dict[str, Any]:
    """What was told, by the names of slots; it is no longer kept. Empty if this message goes on with nothing."""
    told = dict(turn.slots["heard"]["told"]) if is_awaited(turn) else {}
    if turn.slots.get("heard"):
        turn.set("heard", None)
    return told


def of_this_draft(turn: Turn) -> bool:
    """Whether it was told in the draft that is at hand, and not beside it."""
    draft = (turn.slots.get("heard") or {}).get("draft")
    return draft is not None and draft == turn.slots.get("draft_id")
