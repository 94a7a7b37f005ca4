"""Turns: what waits in the inbox is taken to the brain, in order, one conversation by one task.

A turn that fails is taken again under the same message id, which the brain answers the same way. Messages that people
send in one breath are one turn.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa
import structlog

from connectors.gateway import schema
from connectors.gateway.database import Database
from connectors.gateway.entries import Entries
from connectors.gateway.media import PATIENCE as MEDIA_PATIENCE
from connectors.gateway.messages import Arrival
from connectors.gateway.news import News, within
from connectors.gateway.vault import Sealing

log = structlog.get_logger("gateway")

#: Seconds until a failed turn is tried again, by how often it failed; the last value repeats.
RETRY_AFTER = (0.3, 0.7, 1.5, 3.0, 5.0, 10.0)
#: A message that fails this often while the brain is otherwise up is set aside, so that it does not block the next.
MAX_TRIES = 12
#: Most messages that are taken as one turn.
MOST_TOGETHER = 20
#: After this many failures the person is told once that it takes longer.
PATIENCE = 4


class Brain(Protocol):
    """What the gateway needs of the brain."""

    async def turn(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """One message → ``{"replies": [{"text", "buttons"}], "state": {…}}``. Raises BrainAway or BrainFailed."""
        ...


class BrainAway(Exception):
    """The brain cannot be reached: it is starting, or starting again. The message waits, however long."""


class BrainFailed(Exception):
    """The brain could not take this turn. It may be tried again, but not for ever."""


class Words(Protocol):
    """Texts for people, by name."""

    def __call__(self, name: str, **values: Any) -> str: ...


@dataclass(frozen=True)
class Pace:
    """How fast people write. Messages that follow each other within `burst` seconds are one turn."""

    burst: float
    #: More messages than this in a minute are refused, kindly.
    per_minute: int


#: ``(connection, conversation_id, inbox_id, message)`` → the meaning of a press, or of words that stand for one.
Pressed = Callable[[sa.Connection, str, int, Arrival], Any]


class Turns:
    """`said` is told a conversation to which something was said."""

    def __init__(
        self,
        database: Database,
        sealer: Sealing,
        brain: Brain,
        words: Words,
        pace: Pace,
        entries: Entries,
        news: News,
        pressed: Pressed,
        said: Callable[[str], None],
    ) -> None:
        self._database, self._sealer, self._brain, self._words, self._pace = database, sealer, brain, words, pace
        self._entries, self._news, self._pressed, self._said = entries, news, pressed, said
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._stopping = False

    async def start(self) -> None:
        """Take up every conversation in which something waits."""

        def waiting(connection: sa.Connection) -> list[str]:
            query = sa.select(schema.inbox.c.conversation_id).where(schema.inbox.c.state == "waiting").distinct()
            return list(connection.execute(query).scalars())

        for conversation_id in await self._database.read(waiting):
            self.work(conversation_id)

    async def stop(self) -> None:
        self._stopping = True
        for worker in self._workers.values():
            worker.cancel()
        await asyncio.gather(*self._workers.values(), return_exceptions=True)

    def work(self, conversation_id: str) -> None:
        """Something waits in this conversation."""
        if self._stopping:
            return
        if conversation_id in self._workers:
            self._again.add(conversation_id)
            return
        self._workers[conversation_id] = asyncio.create_task(self._run(conversation_id))

    async def _run(self, conversation_id: str) -> None:
        try:
            while True:
                self._again.discard(conversation_id)
                while await self._one(conversation_id):
                    pass
                if conversation_id not in self._again:
                    break
        finally:
            del self._workers[conversation_id]
            self._news.tell(conversation_id)

    async def _one(self, conversation_id: str) -> bool:
        """Take the oldest turn that waits: one message, or those sent in one breath. False if there is none."""
        rows = await self._breath(conversation_id)
        if not rows:
            return False
        last = rows[-1]
        messages = [self._read(conversation_id, row) for row in rows]
        try:
            answer = await self._brain.turn(await self._call(conversation_id, rows, messages))
        except (BrainAway, BrainFailed) as problem:
            await self._failed(conversation_id, rows, isinstance(problem, BrainFailed))
            return True
        if not answer["replies"]:
            log.error("empty_turn", inbox=last.id)
        ids = [row.id for row in rows]
        await self._database.write(lambda connection: self._done(connection, conversation_id, ids, answer))
        self._tell(conversation_id)
        return True

    def _tell(self, conversation_id: str) -> None:
        self._news.tell(conversation_id)
        self._said(conversation_id)

    # -- one breath --------------------------------------------------------------------------------------------------

    def _read(self, conversation_id: str, row: Any) -> Arrival:
        return Arrival.model_validate(self._sealer.open_json(row.body, f"inbox:{conversation_id}"))

    async def _breath(self, conversation_id: str) -> list[Any]:
        """The messages of the next turn, in order. Waits while more of them may be under way."""

        def waiting(connection: sa.Connection) -> list[Any]:
            query = sa.select(schema.inbox).where(
                schema.inbox.c.conversation_id == conversation_id, schema.inbox.c.state.in_(("waiting", "fetching"))
            )
            return list(connection.execute(query.order_by(schema.inbox.c.id)).all())

        while True:
            news = self._news.event(conversation_id)
            rows = await self._database.read(waiting)
            # What follows a file waits for it, so that order holds; not for long, if the provider is slow.
            rows = [row for row in rows if row.state == "waiting" or time.time() - row.received_at < MEDIA_PATIENCE]
            if not rows or rows[0].turn is not None:
                return [row for row in rows if row.turn == rows[0].turn]
            together = self._together(conversation_id, rows)
            if coming := [row for row in together if row.state == "fetching"]:
                left = coming[0].received_at + MEDIA_PATIENCE - time.time()
                await within(news, max(0.05, left))
                continue
            quiet = time.time() - together[-1].received_at
            more = self._pace.burst - quiet
            latest = self._read(conversation_id, together[-1])
            if len(together) < len(rows) or more <= 0 or latest.alone or latest.whole:
                break
            await within(news, more)
        if len(together) > 1:
            ids, first = [row.id for row in together], together[0].id
            await self._database.write(
                lambda connection: connection.execute(
                    schema.inbox.update().where(schema.inbox.c.id.in_(ids)).values(turn=first)
                )
            )
        return together

    def _together(self, conversation_id: str, rows: list[Any]) -> list[Any]:
        """The first of `rows` and those that follow it closely enough. A pressed button stands alone."""
        together: list[Any] = []
        for row in rows[:MOST_TOGETHER]:
            message = self._read(conversation_id, row)
            pressed = message.alone
            late = bool(together) and row.received_at - together[-1].received_at > self._pace.burst
            if together and (pressed or late):
                break
            together.append(row)
            if pressed or message.whole:
                break
        return together

    # -- one turn ----------------------------------------------------------------------------------------------------

    async def _call(self, conversation_id: str, rows: list[Any], messages: list[Arrival]) -> dict[str, Any]:
        first, last = rows[0], rows[-1]

        def press(connection: sa.Connection) -> Any:
            return self._pressed(connection, conversation_id, last.id, messages[-1]) if len(messages) == 1 else None

        texts = [message.text for message in messages if message.text]
        files = list(dict.fromkeys(name for message in messages for name in message.files))
        return {
            "conversation": conversation_id,
            "message_id": messages[0].id,
            "text": "\n".join(texts) or ("[文件]" if files else "[按钮]"),
            "button": await self._database.read(press),
            "files": files,
            "received_at": first.received_at,
        }

    def _done(self, connection: sa.Connection, conversation_id: str, ids: list[int], answer: Mapping[str, Any]) -> None:
        done = connection.execute(
            schema.inbox.update()
            .where(schema.inbox.c.id.in_(ids), schema.inbox.c.state == "waiting")
            .values(state="done")
        )
        if done.rowcount != len(ids):
            return
        inbox_id = ids[-1]
        for reply in answer["replies"]:
            self._entries.add(
                connection, conversation_id, "assistant", reply["text"], inbox_id=inbox_id, buttons=reply["buttons"]
            )
        connection.execute(
            schema.conversations.update()
            .where(schema.conversations.c.id == conversation_id)
            .values(state=self._sealer.seal_json(dict(answer["state"]), f"state:{conversation_id}"))
        )

    async def _failed(self, conversation_id: str, rows: list[Any], counts: bool) -> None:
        row = rows[-1]
        tries = row.tries + 1
        give_up = counts and tries >= MAX_TRIES
        log.warning("turn_failed", inbox=row.id, tries=tries, given_up=give_up)

        def note(connection: sa.Connection) -> None:
            values: dict[str, Any] = {"tries": tries}
            say = "turn_given_up" if give_up else "turn_slow" if tries == PATIENCE else None
            if give_up:
                values["state"] = "failed"
            if say:
                self._entries.add(connection, conversation_id, "assistant", self._words(say), inbox_id=row.id)
            ids = [row.id for row in rows]
            connection.execute(schema.inbox.update().where(schema.inbox.c.id.in_(ids)).values(**values))

        await self._database.write(note)
        if give_up or tries == PATIENCE:
            self._tell(conversation_id)
        if not give_up:
            await asyncio.sleep(RETRY_AFTER[min(tries, len(RETRY_AFTER)) - 1])
