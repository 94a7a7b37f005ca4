"""Links for what a channel cannot carry, and for the receipt."""

from __future__ import annotations

from actions.standard import Element
from actions.turn import Turn, TurnAction


async def offer_upload(turn: Turn, element: Element | None) -> None:
    """Before an element is asked whose answer the person's channel does not carry: the link that does."""
    if element is None or element.kind not in ("files", "proof", "id_number"):
        return
    carries = await turn.services.links.carries(turn.conversation_id)
    number = element.kind == "id_number"
    if carries == "all" or (carries == "pictures" and number):
        return
    link = await turn.services.links.upload(turn.conversation_id, element.label if number else None)
    name = "utter_upload_files" if carries == "pictures" else "utter_upload_number" if number else "utter_upload_only"
    turn.say(name, link=link)


class Upload(TurnAction):
    """Somebody asks how to send files."""

    action = "action_upload"

    async def act(self, turn: Turn) -> None:
        if await turn.services.links.carries(turn.conversation_id) == "all":
            turn.say("utter_upload_here")
        else:
            turn.say("utter_upload_link", link=await turn.services.links.upload(turn.conversation_id, None))
        if turn.in_form:
            turn.go_to(turn.step, again=True)


class Receipt(TurnAction):
    """The receipt of a report, the newest unless a case is named, under a link that expires."""

    action = "action_receipt"

    async def act(self, turn: Turn) -> None:
        own = [report for report in await turn.services.submission.of(turn.conversation_id) if report.receipt]
        named = turn.entity("about_case")
        report = next((report for report in own if report.case_no == named), own[0] if own else None)
        if report is None:
            turn.say("utter_receipt_none")
        else:
            link = await turn.services.links.receipt(turn.conversation_id, report.draft_id)
            turn.say("utter_receipt_link", case_no=report.case_no, link=link)
        if turn.in_form:
            turn.go_to(turn.step, again=True)
