"""Controls at any step: back, skip, edit, why, help, progress, pause, resume, cancel, restart, human.

An action that changes slots also says which step is asked next; the form then only has to ask it.
"""

from __future__ import annotations

from actions import errands, heard
from actions.checks import Refused, check
from actions.drafts import Draft
from actions.hints import hint
from actions.interview import CONFIRM, MATTER, SURE, Interview
from actions.turn import FORM, LOCAL, Turn, TurnAction, payload

#: Most drafts offered to take up.
DRAFTS = 5


class Back(TurnAction):
    """Undo the last answer and ask for it again."""

    action = "action_back"

    async def act(self, turn: Turn) -> None:
        if turn.interview.errand:
            errands.go_on(turn)
            turn.say("utter_errand_left")
            return
        trail = list(turn.slots.get("trail") or [])
        if not trail:
            turn.say("utter_back_nothing")
            turn.go_to(turn.step, again=True)
            return
        last = trail.pop()
        turn.set("trail", trail)
        turn.set("skipped", [name for name in turn.interview.skipped if name != last])
        turn.interview.skipped = list(turn.slots["skipped"])
        await reopen(turn, last)


class Skip(TurnAction):
    """Leave out an element that is not required."""

    action = "action_skip"

    async def act(self, turn: Turn) -> None:
        element = turn.element()
        if element is None or element.required:
            if element is not None and element.none:
                turn.say("utter_skip_none", why=element.why, none=element.none_title)
            else:
                turn.say("utter_skip_required", why=element.why if element else "")
            turn.go_to(turn.step, again=True)
            return
        turn.interview.skipped.append(element.id)
        turn.set("skipped", turn.interview.skipped)
        turn.set("trail", [*(turn.slots.get("trail") or []), element.id])
        turn.say("utter_skipped", label=element.label)
        turn.go_to(turn.interview.next_step())
        await turn.save()


class Edit(TurnAction):
    """Change one item: at once if its new value was said, else by asking for it."""

    action = "action_edit"

    async def act(self, turn: Turn) -> None:
        wanted = turn.entity("element")
        if wanted == MATTER:
            turn.set("choosing", turn.interview.matter_id)
            turn.set(MATTER, None)
            turn.interview.matter_id = None
            turn.go_to(MATTER)
            return
        element = turn.interview.matter.element(wanted) if turn.interview.matter and wanted else None
        if element is None or not element.applies(turn.interview.values):
            self._offer(turn)
            return
        said = turn.entity("new_value")
        if said is not None:
            try:
                value = check(element, said, turn.standard, turn.received)
            except Refused:
                said = None
            else:
                turn.set(element.id, value)
                turn.interview.values[element.id] = value
                turn.say("utter_edited", label=element.label, shown=turn.shown(element, value))
                _let_go_stale(turn)
                turn.go_to(turn.interview.next_step(turn.step), again=True)
                await turn.save()
                return
        await reopen(turn, element.id)

    def _offer(self, turn: Turn) -> None:
        items = [element for element in turn.interview.elements() if turn.interview.values.get(element.id) is not None]
        if not items:
            turn.say("utter_edit_nothing")
        else:
            buttons = [(element.label, payload("ctl_edit", element=element.id)) for element in items]
            if turn.interview.matter:
                buttons.append((turn.interview.matter.button, payload("ctl_edit", element=MATTER)))
            turn.say("utter_edit_which", buttons)
        turn.go_to(turn.step, again=True)
        if items and turn.step == CONFIRM:
            # The list of items is the question now; the summary above it need not be read again.
            turn.set("ask_mode", "quiet")


class Why(TurnAction):
    action = "action_why"

    async def act(self, turn: Turn) -> None:
        element = turn.element()
        if element:
            turn.say("utter_why", why=element.why)
            hint(turn)
        else:
            turn.say("utter_why_general")
        turn.go_to(turn.step, again=True)


class Help(TurnAction):
    action = "action_help"

    async def act(self, turn: Turn) -> None:
        element = turn.element()
        if element is None:
            turn.say("utter_help")
        else:
            platform = turn.standard.platform(turn.interview.values.get("platform"))
            how = element.how
            if platform and platform.name in element.how_on:
                how = element.how_on[platform.name]
            elif platform and element.kind == "link" and platform.copy_link:
                how = platform.copy_link
            turn.say("utter_help_step", how=how, example=element.example)
            matter = turn.interview.matter
            if element.kind == "proof" and matter and matter.proofs:
                # Where to climb when the best proof is out of reach (art. 15).
                counts = "、".join(f"{p.title}（{p.note}）" if p.note else p.title for p in matter.proofs)
                turn.say("utter_proof_ladder", counts=counts)
            else:
                hint(turn)
        turn.go_to(turn.step, again=True)


class Progress(TurnAction):
    action = "action_progress"

    async def act(self, turn: Turn) -> None:
        left = turn.interview.left()
        if turn.interview.matter is None:
            turn.say("utter_progress_start")
        elif left:
            turn.say("utter_progress", left=left, done=len(turn.interview.values))
        else:
            turn.say("utter_progress_summary")
        turn.go_to(turn.step, again=True)


class Pause(TurnAction):
    """Leave the form; the draft stays, in the slots and on disk."""

    action = "action_pause"

    async def act(self, turn: Turn) -> None:
        await put_aside(turn)
        turn.say("utter_paused")


class Resume(TurnAction):
    """Take up a draft: the only one, or the one that is chosen."""

    action = "action_resume"

    async def act(self, turn: Turn) -> None:
        if heard.is_awaited(turn):
            turn.say("utter_resumed_story")
            turn.follow(FORM)
            return
        drafts = await turn.services.drafts.of(turn.conversation_id)
        wanted = turn.entity("draft")
        found = next((draft for draft in drafts if draft.id == wanted), drafts[0] if len(drafts) == 1 else None)
        if found is None and drafts:
            turn.say("utter_resume_which", [_named(turn, draft) for draft in drafts[:DRAFTS]])
            return
        turn.follow(FORM)
        if found is None:
            turn.say("utter_resume_nothing")
            return
        turn.clear()
        turn.standard = turn.services.drafts.standard(found.edition)
        body = found.body
        interview = Interview(
            turn.standard, body["matter"], dict(body["values"]), list(body["skipped"]), list(body["given"])
        )
        turn.load(interview)
        turn.set("draft_id", found.id)
        turn.set("edition", found.edition)
        turn.set("told", body["told"])
        turn.set("trail", list(interview.values))
        turn.set("paused", turn.received.isoformat())
        if matter := interview.matter:
            turn.say("utter_resumed", title=matter.title, done=len(interview.values), left=interview.left())
        else:
            turn.say("utter_resumed_early")
            # The story is kept, the guess is not: what it may be is offered.
            turn.set("choosing", "none" if body["told"] else None)


def _named(turn: Turn, draft: Draft) -> tuple[str, str]:
    """A draft as a button: its matter and the day it was last worked on."""
    matter = turn.services.drafts.standard(draft.edition).matter(draft.body["matter"])
    day = draft.updated_at.astimezone(LOCAL)
    title = matter.button if matter else str((draft.body["told"] or ["…"])[0])[:8]
    return f"{title}（{day.month}月{day.day}日）", payload("ctl_resume", draft=draft.id)


class AskSure(TurnAction):
    """Giving up and starting over are asked about once; both can cost what was told."""

    action = "action_ask_cancel"
    pending = "cancel"

    async def act(self, turn: Turn) -> None:
        if turn.interview.errand:
            errands.go_on(turn)
            turn.say("utter_errand_left")
            return
        ask_sure(turn, self.pending)
        turn.go_to(SURE)


class AskRestart(AskSure):
    action = "action_ask_restart"
    pending = "restart"


class Keep(TurnAction):
    """No to the question whether: each question goes on in its own way."""

    action = "action_keep"

    async def act(self, turn: Turn) -> None:
        asked = turn.slots.get("asking")
        turn.set("asking", None)
        turn.interview.asking = None
        if asked == "elsewhere":
            await reopen(turn, "credit_code")
            return
        if asked == "duplicate":
            turn.set("not_duplicate", True)
            turn.set("about_case", None)
        turn.say("utter_not_duplicate" if asked == "duplicate" else "utter_kept")
        turn.go_to(turn.interview.next_step())


class Cancel(TurnAction):
    """Given up, but not thrown away: whoever changes their mind tomorrow finds it, unless they want it gone."""

    action = "action_cancel"

    async def act(self, turn: Turn) -> None:
        draft_id = turn.slots.get("draft_id")
        await put_aside(turn)
        if draft_id and turn.interview.values:
            turn.say("utter_cancelled_kept")
        else:
            turn.say("utter_cancelled")


class DropDraft(TurnAction):
    """What was kept goes too."""

    action = "action_drop_draft"

    async def act(self, turn: Turn) -> None:
        if draft_id := turn.slots.get("draft_id"):
            await turn.services.drafts.drop(draft_id)
            await turn.services.evidence.erase(draft_id)
        turn.clear()
        turn.say("utter_dropped")


class Wipe(TurnAction):
    """Start over, in the form."""

    action = "action_wipe"

    async def act(self, turn: Turn) -> None:
        if draft_id := turn.slots.get("draft_id"):
            await turn.services.drafts.drop(draft_id)
            await turn.services.evidence.erase(draft_id)
        turn.clear()
        turn.interview = Interview(turn.services.standard)
        turn.set("draft_id", None)
        turn.say("utter_wiped")
        turn.go_to(MATTER)


class WrongMatter(TurnAction):
    """The guess was not right: offer the list. 不对 twice in a row asks to tell it again."""

    action = "action_wrong_matter"

    async def act(self, turn: Turn) -> None:
        if turn.slots.get("choosing"):
            turn.set("guess", None)
            turn.set("choosing", None)
        else:
            turn.set("choosing", turn.slots.get("guess") or "none")
        turn.go_to(MATTER)


def ask_sure(turn: Turn, pending: str) -> None:
    """Put a question of yes or no before whatever comes next."""
    turn.set("asking", pending)
    turn.interview.asking = pending


async def reopen(turn: Turn, element_id: str) -> None:
    """Forget one answer and ask for it; a summary that was confirmed is not confirmed any more."""
    turn.set(element_id, None)
    turn.interview.values.pop(element_id, None)
    if element_id in turn.interview.skipped:
        turn.interview.skipped.remove(element_id)
        turn.set("skipped", turn.interview.skipped)
    turn.set(CONFIRM, None)
    _let_go_stale(turn)
    turn.go_to(element_id)
    await turn.save()


def _let_go_stale(turn: Turn) -> None:
    for gone in turn.interview.drop_stale():
        turn.set(gone, None)


async def put_aside(turn: Turn) -> None:
    """Save the draft and leave the form; what was told stays in the slots for the way back."""
    if turn.slots.get("draft_id"):
        turn.set("asking", None)
        await turn.save()
        turn.set("paused", turn.received.isoformat())
    turn.end_form()
