"""The brain as a process: a small HTTP server around Rasa's agent, on loopback, for the service alone.

``POST /turn`` takes one message and returns its replies; the same message id again returns the same replies and changes
nothing. ``POST /understand`` tells what a message means, ``POST /forget`` ends a conversation for good. All need the
internal token. Run by `reportguide up` as ``python -m bot.brain.server``; its settings come from the environment
(REPORTGUIDE_BRAIN_…), written by the supervisor.
"""

import asyncio
import json
import logging
import os
from hmac import compare_digest
from pathlib import Path
from typing import Any, Dict, List, Optional
from weakref import WeakValueDictionary

import structlog
from aiohttp import web

from bot.parent import end_with_parent
from bot.sealing import Sealer, read_key

logger = logging.getLogger("reportguide.brain")

_FORM = "report_form"
#: Intents that the rules tell apart and the labels of understanding do not.
_PUBLIC = {"refer": "report", "angry": "off_topic", "unclear": "off_topic"}


class Brain:
    """Rasa's agent behind three questions: what to say, what is meant, where a conversation stands."""

    def __init__(self, agent: Any, elements: List[str]) -> None:
        self._agent = agent
        self._elements = elements
        self._locks: "WeakValueDictionary[str, asyncio.Lock]" = WeakValueDictionary()

    async def turn(self, body: Dict[str, Any]) -> Dict[str, Any]:
        """One message → ``{"replies": [{"text", "buttons": [{"title", "payload"}]}], "state": {…}}``.

        Raises TurnFailed if an action call failed: nothing was saved, and the same message may be sent again.
        """
        from rasa.core.channels.channel import CollectingOutputChannel, UserMessage

        from bot.brain.lean import Replayed

        conversation = body["conversation"]
        lock = self._locks.setdefault(conversation, asyncio.Lock())
        metadata = {key: body[key] for key in ("button", "files", "received_at") if body.get(key)}
        async with lock:
            channel = CollectingOutputChannel()
            message = UserMessage(
                body.get("text") or "",
                channel,
                conversation,
                input_channel="gateway",
                message_id=body["message_id"],
                metadata=metadata,
            )
            processor = self._agent.processor
            try:
                await processor.handle_message(message)
            except Replayed as replay:
                return {
                    "replies": [_reply(event.text, event.data.get("buttons")) for event in replay.replies],
                    "state": self._state(replay.tracker),
                }
            store = self._agent.tracker_store
            tracker = store.saved(conversation) or await store.retrieve(conversation)
            replies = _replies_of(tracker, body["message_id"])
            return {"replies": replies, "state": self._state(tracker)}

    async def forget(self, body: Dict[str, Any]) -> Dict[str, Any]:
        """``{"conversation"}``: nothing of it is remembered any more."""
        conversation = body["conversation"]
        async with self._locks.setdefault(conversation, asyncio.Lock()):
            await self._agent.tracker_store.delete(conversation)
        return {}

    async def understand(self, body: Dict[str, Any]) -> Dict[str, Any]:
        """``{"text", "step"}`` → what is meant, decided exactly as in a turn."""
        from rasa.core.channels.channel import UserMessage
        from rasa.shared.core.events import ActiveLoop, SlotSet
        from rasa.shared.core.trackers import DialogueStateTracker

        events: List[Any] = []
        step = body.get("step")
        if step:
            events = [ActiveLoop(_FORM), SlotSet("requested_slot", step)]
        tracker = DialogueStateTracker.from_events("understand", events, slots=self._agent.domain.slots)
        parsed = await self._agent.processor.parse_message(UserMessage(body.get("text") or "", metadata={}), tracker)
        turn = parsed["turn"]
        told = {
            name: turn[name]
            for name in (
                "intent",
                "confidence",
                "matters",
                "reporter",
                "urgent",
                "referral",
                "fields",
                "kind",
                "control",
                "value",
            )
        }
        named = _PUBLIC.get(told["intent"], told["intent"].removeprefix("ctl_"))
        # Who asks for a human outside a step asks for guidance.
        told["intent"] = "human_guidance" if named == "human" and not step else named
        return told

    def _state(self, tracker: Any) -> Dict[str, Any]:
        active = tracker.active_loop_name == _FORM
        slot = tracker.get_slot
        return {
            "matter": slot("matter") or slot("guess"),
            "step": slot("requested_slot") if active and slot("requested_slot") else "idle",
            "fields": {name: slot(name) for name in self._elements if slot(name) is not None},
            "draft": slot("draft_id"),
        }


def _replies_of(tracker: Any, message_id: str) -> List[Dict[str, Any]]:
    from bot.brain.lean import said_to

    return [_reply(event.text, event.data.get("buttons")) for event in said_to(tracker, message_id) or []]


def _reply(text: Optional[str], buttons: Optional[List[Dict[str, Any]]]) -> Dict[str, Any]:
    return {
        "text": text or "",
        "buttons": [{"title": button["title"], "payload": button["payload"]} for button in buttons or []],
    }


def load(environment: Dict[str, str]) -> Brain:
    """Load the trained model; takes some seconds, most of them TensorFlow's import."""
    from bot.brain.lean import LeanAgent, LeanEndpoint
    from bot.brain.tracker_store import SealedTrackerStore

    sealer = Sealer(read_key(environment.get("REPORTGUIDE_KEY"), Path(environment["REPORTGUIDE_KEY_FILE"])))
    store = SealedTrackerStore(environment["REPORTGUIDE_BRAIN_DATABASE"], sealer)
    actions = LeanEndpoint(
        environment["REPORTGUIDE_ACTIONS_URL"], headers={"Authorization": "Bearer " + sealer.derive("internal").hex()}
    )
    agent = LeanAgent(tracker_store=store, action_endpoint=actions)
    agent.load_model(environment["REPORTGUIDE_MODEL"])
    data = json.loads(Path(environment["REPORTGUIDE_BRAIN_DATA"]).read_text("utf-8"))
    return Brain(agent, list(data["elements"]))


def application(brain: Brain, token: str) -> web.Application:
    """The routes. Errors are JSON; a failed turn is 503, to be sent again."""
    from bot.brain.lean import TurnFailed
    from bot.brain.tracker_store import Overtaken

    @web.middleware
    async def guard(request: web.Request, handler: Any) -> web.StreamResponse:
        given = request.headers.get("Authorization", "")
        if request.path != "/health" and not compare_digest(given.encode(), b"Bearer " + token.encode()):
            return web.json_response({"error": "the internal token is missing"}, status=401)
        try:
            return await handler(request)
        except (TurnFailed, Overtaken) as problem:
            logger.warning("turn failed: %s", problem)
            return web.json_response({"error": "the turn failed and may be sent again"}, status=503)

    async def turn(request: web.Request) -> web.Response:
        return web.json_response(await brain.turn(await request.json()))

    async def forget(request: web.Request) -> web.Response:
        return web.json_response(await brain.forget(await request.json()))

    async def understand(request: web.Request) -> web.Response:
        return web.json_response(await brain.understand(await request.json()))

    async def health(_request: web.Request) -> web.Response:
        return web.json_response({"status": "up"})

    app = web.Application(middlewares=[guard], client_max_size=4 * 1024 * 1024)
    app.add_routes([web.post("/turn", turn), web.post("/understand", understand), web.post("/forget", forget)])
    app.add_routes([web.get("/health", health)])
    return app


def main() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    # What Rasa logs carries what people typed, whatever the level: only its errors, without their values, may pass.
    logging.getLogger("rasa").setLevel(logging.ERROR)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    environment = dict(os.environ)
    end_with_parent()
    brain = load(environment)
    asyncio.run(_warm(brain))
    sealer = Sealer(read_key(environment.get("REPORTGUIDE_KEY"), Path(environment["REPORTGUIDE_KEY_FILE"])))
    web.run_app(
        application(brain, sealer.derive("internal").hex()),
        host="127.0.0.1",
        port=int(environment["REPORTGUIDE_BRAIN_PORT"]),
        print=None,
        access_log=None,
    )


async def _warm(brain: Brain) -> None:
    """Touch every part once, so that the first person does not wait for what loads on first use."""
    await brain.understand({"text": "有人在网上造谣骂我", "step": None})


if __name__ == "__main__":
    main()
