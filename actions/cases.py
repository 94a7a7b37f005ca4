"""From a confirmed draft to a case, and how the case stands."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

from actions.regions import route
from actions.standard import Matter
from actions.submission import Away, NoSuchCase, Submitted
from actions.turn import LOCAL, Turn, TurnAction, evidence_ids

#: Seconds the turn waits for the case number; if it takes longer, it comes as a message of its own.
PATIENCE = 4.0
#: The measure of art. 21 that keeps content from spreading until its proof is in, and the answer that asks for it.
LIMITED, WANTED = "limited_private", "要"
_CASE_NO = re.compile(r"W\d{8}-\d{4,6}", re.IGNORECASE)
_QUERY_CODE = re.compile(r"(?<![A-Za-z0-9-])([A-HJ-NP-Z2-9]{4,8})(?![A-Za-z0-9-])")


class Submit(TurnAction):
    """Submit the report. Refuses, whatever led here, a draft that is not complete and confirmed."""

    action = "action_submit"

    async def act(self, turn: Turn) -> None:
        if turn.slots.get("aside"):
            # The form ended with an errand, not with a report.
            turn.set("aside", None)
            return
        matter, draft_id = turn.interview.matter, turn.slots.get("draft_id")
        if matter is None or not draft_id or not turn.interview.complete():
            turn.say("utter_submit_incomplete")
            return
        ids = evidence_ids(turn)
        await turn.services.evidence.file_under(turn.conversation_id, draft_id, ids)
        body = report_body(turn, matter, draft_id)
        submitted = await turn.services.submission.submit(draft_id, turn.conversation_id, body, ids, PATIENCE)
        if owed := body["proof_owed_by"]:
            await turn.services.reminders.owe(draft_id, turn.conversation_id, date.fromisoformat(owed))
        if submitted.receipt is not None:
            text_name, values = receipt_text(turn, submitted, matter, len(ids))
            turn.say(text_name, **values)
            if owed:
                turn.say("utter_provisional", last_day=day(owed))
            turn.say(
                "utter_after_submission",
                next_steps=matter.next_steps,
                lines=turn.services.hotline_list(matter.help_from),
            )
        else:
            turn.say("utter_submitted_waiting")
        turn.clear()


def receipt_text(turn: Turn, submitted: Submitted, matter: Matter, count: int) -> tuple[str, dict[str, Any]]:
    receipt = submitted.receipt or {}
    return "utter_receipt" if count else "utter_receipt_plain", {
        "case_no": receipt["case_no"],
        "query_code": receipt["query_code"],
        "answer_by": day(receipt["answer_by"]),
        "count": count,
        "shorts": "、".join(sha[:8] for sha in receipt.get("evidence", [])),
    }


def report_body(turn: Turn, matter: Matter, draft_id: str) -> dict[str, Any]:
    """The report as the backend's contract has it (JSON), without its evidence list."""
    values = turn.interview.values
    elements = [
        {
            "id": element.id,
            "label": element.label,
            "value": values[element.id],
            "shown": turn.shown(element, values[element.id]),
        }
        for element in turn.interview.elements()
        if element.id in values
    ]
    at = turn.received.isoformat()
    # 限时加私 is asked for while proof is owed: the report goes out at once, the proof follows (art. 21).
    provisional = values.get("limited_private") == WANTED
    owed = (turn.received.date() + timedelta(days=matter.proof_days)).isoformat() if provisional else None
    return {
        "draft_id": draft_id,
        "standard_version": turn.standard.edition,
        "matter": matter.id,
        "reporter_zone": matter.zone,
        "channel": "gateway",
        "priority": matter.priority,
        "route": route(turn.standard, values.get("platform") or "", turn.services.region),
        "measures": [measure for measure in matter.measures if measure != LIMITED or provisional],
        "elements": elements,
        "legal_basis": [basis.model_dump() for basis in matter.legal_basis],
        "consent": "full" if values.get("consent") == "同意" else "partial",
        "proof_owed_by": owed,
        "relates_to": turn.slots.get("about_case"),
        "declared_true_at": at,
        "created_at": at,
    }


class Status(TurnAction):
    """How a case stands: one's own by asking, any by case number and query code."""

    action = "action_status"

    async def act(self, turn: Turn) -> None:
        named = _CASE_NO.search(turn.text)
        own = await turn.services.submission.of(turn.conversation_id)
        if named:
            case_no = named.group().upper()
            mine = next((report for report in own if report.case_no == case_no), None)
            await (self._mine(turn, mine) if mine else self._others(turn, case_no))
        elif not own:
            turn.say("utter_status_none")
        else:
            for report in own[:2]:
                await self._mine(turn, report)
        if turn.in_form:
            turn.go_to(turn.step, again=True)

    async def _mine(self, turn: Turn, report: Submitted) -> None:
        if report.case_no is None:
            turn.say("utter_status_waiting")
            return
        try:
            status = await turn.services.submission.status(report.case_no)
        except (Away, NoSuchCase):
            turn.say("utter_status_away", case_no=report.case_no)
            return
        self._tell(turn, status, report.told)
        await turn.services.submission.told(report.draft_id, len(status["history"]))

    async def _others(self, turn: Turn, case_no: str) -> None:
        rest = turn.text.upper().replace(case_no, " ")
        code = _QUERY_CODE.search(rest)
        if code is None:
            turn.say("utter_status_code_needed", case_no=case_no)
            return
        try:
            status = await turn.services.submission.status(case_no, code.group(1))
        except NoSuchCase:
            turn.say("utter_status_not_found")
        except Away:
            turn.say("utter_status_away", case_no=case_no)
        else:
            self._tell(turn, status, len(status["history"]))

    def _tell(self, turn: Turn, status: dict[str, Any], told: int) -> None:
        news = status["history"][max(told, 1) :]
        changed = "；".join(_step(entry) for entry in news) if told else ""
        turn.say(
            "utter_status_changed" if changed else "utter_status",
            case_no=status["case_no"],
            state=STATES.get(status["state"], status["state"]),
            since=moment(status["state_since"]),
            changed=changed,
        )
        if status.get("asks"):
            turn.say("utter_status_asks", asks=status["asks"])


#: States of the backend's contract → the name of the text that says them; filled at start from `dialogues/`.
STATES: dict[str, str] = {}


def _step(entry: dict[str, Any]) -> str:
    note = f"（{entry['note']}）" if entry.get("note") else ""
    return f"{moment(entry['at'])}{STATES.get(entry['state'], entry['state'])}{note}"


def moment(iso: str) -> str:
    """``"11月24日10点05分"``."""
    at = datetime.fromisoformat(iso).astimezone(LOCAL)
    return f"{at.month}月{at.day}日{at.hour}点{at.minute:02d}分"


def day(iso: str) -> str:
    """``"11月27日"``."""
    at = datetime.fromisoformat(iso)
    return f"{at.month}月{at.day}日"
