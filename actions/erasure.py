"""删除我的信息: what was not handed over goes at once; what the agency was given is the agency's to keep."""

from __future__ import annotations

from actions.controls import ask_sure
from actions.interview import SURE
from actions.turn import Turn, TurnAction


class AskErase(TurnAction):
    """Asked once, for nothing brings it back."""

    action = "action_ask_erase"

    async def act(self, turn: Turn) -> None:
        if not turn.in_form:
            turn.say("utter_ask_erase")
            return
        ask_sure(turn, "erase")
        turn.go_to(SURE)


class Erase(TurnAction):
    """All drafts, all files that no report took, and what the conversation remembers of them."""

    action = "action_erase"

    async def act(self, turn: Turn) -> None:
        reported = [report.draft_id for report in await turn.services.submission.of(turn.conversation_id)]
        for draft in await turn.services.drafts.of(turn.conversation_id):
            await turn.services.drafts.drop(draft.id)
        await turn.services.evidence.erase_unreported(turn.conversation_id, reported)
        turn.clear()
        turn.set("asked", None)
        turn.end_form()
        turn.say("utter_erased_but_reported" if reported else "utter_erased")
