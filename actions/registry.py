"""All actions, registered with rasa-sdk's executor."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import ActionExecuted, SessionStarted
from rasa_sdk.executor import ActionExecutor

from actions import answers, cases, controls, erasure, errands, form, uploading
from actions.services import Services
from actions.turn import Turn, TurnAction


class SessionStart(TurnAction):
    """The first thing anybody hears: what this is, and what happens with what they say."""

    action = "action_session_start"

    async def act(self, turn: Turn) -> None:
        turn.say("utter_notice")
        turn.more_events = [SessionStarted(), ActionExecuted("action_listen")]


ACTIONS: tuple[type[TurnAction], ...] = (
    SessionStart,
    form.ValidateReport,
    form.AskMatter,
    form.AskConfirm,
    controls.Back,
    controls.Skip,
    controls.Edit,
    controls.Why,
    controls.Help,
    controls.Progress,
    controls.Pause,
    controls.Resume,
    controls.AskSure,
    controls.AskRestart,
    controls.Keep,
    controls.Cancel,
    controls.DropDraft,
    controls.Wipe,
    controls.WrongMatter,
    erasure.AskErase,
    erasure.Erase,
    answers.Answer,
    answers.AnswerAndStore,
    answers.Rated,
    answers.Refer,
    answers.Distress,
    answers.Attach,
    errands.Human,
    errands.Supplement,
    errands.SupplementInstead,
    cases.Submit,
    cases.Status,
    uploading.Upload,
    uploading.Receipt,
)


class Actions:
    """Runs one action call of the brain: ``POST`` body in, ``{"events", "responses"}`` out."""

    def __init__(self, services: Services) -> None:
        self._executor = ActionExecutor()
        for action in ACTIONS:
            self._executor.register_action(action(services))

    async def __call__(self, call: dict[str, Any]) -> dict[str, Any]:
        # The brain leaves the domain out, 90 kB on each call; rasa-sdk only asks that there be one.
        call.setdefault("domain", {"forms": {}})
        result = await self._executor.run(call)
        if result is None:
            raise ValueError("the call names no action")
        return dict(result.model_dump()) if hasattr(result, "model_dump") else dict(result)
