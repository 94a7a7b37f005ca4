"""Measures one agent at one dialogue: ``python -m bot.brain.measure ours|stock --dialogue FILE --conversations 10``.

Both are driven in this process: ours through `Brain.turn`, as the server does, stock Rasa through `Agent.load` and
`handle_message`, unmodified. Prints one JSON object: milliseconds of every turn, and the peak memory of the process.
With ``--follow`` it stays and takes ``{"conversations": n}`` or ``{"long": n}`` lines, so that `reportguide bench` can
have both sides loaded and measure them in turn.
"""

import argparse
import asyncio
import json
import logging
import os
import sys
import time
import uuid
from pathlib import Path
from typing import Any, Dict, List, Optional, TextIO

import structlog

from bot.memory import peak_mb

WARM_UP = 3


class StrayError(Exception):
    """The agent did not follow the dialogue: what would be measured is something else."""


class Ours:
    """Our brain; its settings come from the environment, as the server's do."""

    def __init__(self) -> None:
        from bot.brain.server import load

        self._brain = load(dict(os.environ))
        self._step = ""

    async def say(self, conversation: str, text: str) -> List[str]:
        body = {"conversation": conversation, "message_id": uuid.uuid4().hex, "text": text, "received_at": time.time()}
        told = await self._brain.turn(body)
        self._step = told["state"]["step"]
        return [reply["text"] for reply in told["replies"]]

    async def step(self, conversation: str) -> str:
        return self._step


class Stock:
    """Stock Rasa with its own SQL tracker store."""

    def __init__(self, model: str, actions: str, database: str) -> None:
        from rasa.core.agent import Agent
        from rasa.core.tracker_store import SQLTrackerStore
        from rasa.utils.endpoints import EndpointConfig

        store = SQLTrackerStore(dialect="sqlite", db=database)
        self._agent = Agent.load(model, action_endpoint=EndpointConfig(actions), tracker_store=store)

    async def say(self, conversation: str, text: str) -> List[str]:
        from rasa.core.channels.channel import UserMessage

        replies = await self._agent.handle_message(UserMessage(text, sender_id=conversation)) or []
        return [reply.get("text") or "" for reply in replies]

    async def step(self, conversation: str) -> str:
        tracker = await self._agent.tracker_store.retrieve(conversation)
        return (tracker.get_slot("requested_slot") if tracker and tracker.active_loop_name else None) or "idle"


class Course:
    """Takes an agent through conversations of `dialogue` and times each turn."""

    def __init__(self, agent: Any, dialogue: Dict[str, Any], side: str) -> None:
        self._agent, self._dialogue, self._side = agent, dialogue, side

    async def conversations(self, count: int) -> List[List[float]]:
        """Milliseconds of each turn of each conversation."""
        return [await self._one() for _ in range(count)]

    async def long(self, count: int) -> List[float]:
        """Milliseconds of `count` questions in one conversation, all at one step."""
        plan = self._dialogue["long"]
        begin, questions = self._dialogue["turns"][: plan["after"]], plan["questions"]
        conversation = uuid.uuid4().hex
        for turn in begin:
            await self._take(conversation, turn["text"], self._expected(turn))
        step = self._expected(begin[-1])
        return [await self._take(conversation, questions[i % len(questions)], step) for i in range(count)]

    async def _one(self) -> List[float]:
        conversation = uuid.uuid4().hex
        return [await self._take(conversation, turn["text"], self._expected(turn)) for turn in self._dialogue["turns"]]

    def _expected(self, turn: Dict[str, Any]) -> str:
        step = turn["step"]
        return step[self._side] if isinstance(step, dict) else step

    async def _take(self, conversation: str, text: str, expected: str) -> float:
        began = time.perf_counter()
        replies = await self._agent.say(conversation, text)
        took = 1000 * (time.perf_counter() - began)
        step = await self._agent.step(conversation)
        if not replies or step != expected:
            said = " / ".join(replies)
            raise StrayError(f"{self._side}: after {text!r} it asks {step}, not {expected}; it said {said!r}")
        return took


async def measure(agent: Any, dialogue: Dict[str, Any], asked: argparse.Namespace, out: TextIO) -> int:
    course = Course(agent, dialogue, asked.side)
    try:
        await course.conversations(asked.warm)
        if not asked.follow:
            _tell(out, await _answer(course, {"conversations": asked.conversations, "long": asked.long}))
            return 0
        _tell(out, {"ready": True, "rss_mb": peak_mb()})
        for line in sys.stdin:
            _tell(out, await _answer(course, json.loads(line)))
    except StrayError as problem:
        _tell(out, {"error": str(problem)})
        return 1
    return 0


async def _answer(course: Course, wanted: Dict[str, int]) -> Dict[str, Any]:
    turns = await course.conversations(wanted.get("conversations", 0))
    long = await course.long(wanted["long"]) if wanted.get("long") else []
    return {"turns": turns, "long": long, "rss_mb": peak_mb()}


def _tell(out: TextIO, value: Dict[str, Any]) -> None:
    print(json.dumps(value, ensure_ascii=False), file=out, flush=True)


def _own_output() -> TextIO:
    """Standard output for our JSON alone: what Rasa and TensorFlow print goes to standard error."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return out


def _arguments(given: Optional[List[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("side", choices=("ours", "stock"))
    parser.add_argument("--dialogue", type=Path, required=True)
    parser.add_argument("--conversations", type=int, default=10)
    parser.add_argument("--warm", type=int, default=WARM_UP, help="conversations before that are not counted")
    parser.add_argument("--long", type=int, default=0, help="also one conversation of this many questions")
    parser.add_argument("--follow", action="store_true", help="take what to measure from standard input, line by line")
    parser.add_argument("--model", help="stock: the trained model")
    parser.add_argument("--actions", help="stock: address of its action server")
    parser.add_argument("--database", help="stock: file of its tracker store")
    return parser.parse_args(given)


def main() -> int:
    asked = _arguments()
    out = _own_output()
    # Both sides as quiet as our server is: what is printed is no part of a turn.
    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("rasa").setLevel(logging.ERROR)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    from rasa.shared.utils.io import read_yaml_file

    agent, dialogue = _load(asked), read_yaml_file(asked.dialogue)
    return asyncio.run(measure(agent, dialogue, asked, out))


def _load(asked: argparse.Namespace) -> Any:
    return Ours() if asked.side == "ours" else Stock(asked.model, asked.actions, asked.database)


if __name__ == "__main__":
    sys.exit(main())
