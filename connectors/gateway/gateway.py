"""The gateway: stores what people send, takes it to the brain in order, and keeps what is said in return.

A message is on disk before it is acknowledged. Each conversation is worked on by one task at a time, so that its order
holds, and a turn that fails is taken again under the same message id, which the brain answers the same way. What was
waiting when a process died is found again at start.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import sqlalchemy as sa
import structlog

from connectors.gateway import schema
from connectors.gateway.database import Database
from connectors.gateway.media import PATIENCE as MEDIA_PATIENCE
from connectors.gateway.media import Collector, Fetch
from connectors.gateway.messages import MAX_TEXT, Arrival, Button, Entry, Inbound, Rejected, read_payload
from connectors.gateway.vault import EvidenceFacts, Sealing, Vault

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


#: What is done in the transaction that stores something.
Also = Callable[[sa.Connection], None]


class Words(Protocol):
    """Texts for people, by name."""

    def __call__(self, name: str, **values: Any) -> str: ...


@dataclass(frozen=True)
class Pace:
    """How fast people write. Messages that follow each other within `burst` seconds are one turn."""

    burst: float
    #: More messages than this in a minute are refused, kindly.
    per_minute: int


class Gateway:
    """One per process. `start` finds what was left waiting; `stop` ends the tasks and leaves the rest for next time."""

    #: Called with a conversation to which something was said: delivery hangs itself in here.
    said: Callable[[str], None]

    def __init__(
        self,
        database: Database,
        sealer: Sealing,
        vault: Vault,
        brain: Brain,
        words: Words,
        pace: Pace,
        fetch: Fetch | None = None,
    ) -> None:
        self._database, self._sealer, self.vault, self._brain, self._words = database, sealer, vault, brain, words
        self._pace = pace
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._news: dict[str, asyncio.Event] = {}
        self._stopping = False
        self.said = lambda _conversation_id: None
        self._media = Collector(database, sealer, vault, words, fetch, self._add_entry, self._collected)

    # -- people and their conversations ------------------------------------------------------------------------------

    async def conversation(
        self, channel: str, person: str, address: Mapping[str, str] | None = None
    ) -> tuple[str, bool]:
        """The id of this person's conversation on this channel, and whether it is new. `address`: how to reach them
        where entries must be sent; it is kept sealed."""
        name = self._sealer.name(person.encode(), f"person:{channel}")

        def find(connection: sa.Connection) -> str | None:
            return connection.execute(
                sa.select(schema.conversations.c.id).where(
                    schema.conversations.c.channel == channel, schema.conversations.c.person == name
                )
            ).scalar()

        def make(connection: sa.Connection) -> tuple[str, bool]:
            if known := find(connection):
                return known, False
            new = str(uuid.uuid4())
            sealed = self._sealer.seal_json(dict(address), f"address:{new}") if address is not None else None
            row = {"id": new, "channel": channel, "person": name, "address": sealed, "created_at": time.time()}
            connection.execute(schema.conversations.insert().values(row))
            return new, True

        if known := await self._database.read(find):
            return known, False
        return await self._database.write(make)

    # -- in ----------------------------------------------------------------------------------------------------------

    async def receive(
        self, conversation_id: str, message: Inbound, *, hurried: bool = False, also: Also | None = None
    ) -> int:
        """Store a message and set its conversation to work. Returns its inbox id, the same for the same message id.

        Raises Rejected if it is empty, too long, names files that are not this person's, or comes too fast; an
        operator's own program may be `hurried`. `also` is done with it, once, in the same transaction.
        """
        files = await self._own_files(conversation_id, message.files)
        self._check(message)
        body = message.model_dump(mode="json")
        received_at = time.time()
        shown = message.text or ""
        fetching = isinstance(message, Arrival) and bool(message.media)

        def store(connection: sa.Connection) -> tuple[int, bool]:
            known = connection.execute(
                sa.select(schema.inbox.c.id).where(
                    schema.inbox.c.conversation_id == conversation_id, schema.inbox.c.message_id == message.id
                )
            ).scalar()
            if known is not None:
                return known, False
            if not hurried and self._too_many(connection, conversation_id, received_at):
                raise Rejected("too_many", status=429)
            inbox_id = connection.execute(
                schema.inbox.insert().values(
                    conversation_id=conversation_id,
                    message_id=message.id,
                    body=self._sealer.seal_json(body, f"inbox:{conversation_id}"),
                    state="fetching" if fetching else "waiting",
                    received_at=received_at,
                )
            ).inserted_primary_key[0]  # type: ignore[index]
            if also:
                also(connection)
            text = self._title(connection, conversation_id, message) if message.button else shown
            self._add_entry(
                connection,
                conversation_id,
                "person",
                text,
                inbox_id=inbox_id,
                at=received_at,
                message_id=message.id,
                files=files,
            )
            return inbox_id, True

        inbox_id, new = await self._database.write(store)
        if new:
            self._tell(conversation_id)
        if fetching:
            self._media.collect(conversation_id, inbox_id)
        self._work(conversation_id)
        return inbox_id

    async def note(self, conversation_id: str, key: str, text: str | None, also: Also) -> int:
        """Take an event that asks for no turn, once: say `text` to it, if any, and do `also` in the same transaction.
        Returns its inbox id."""

        def store(connection: sa.Connection) -> int:
            known = connection.execute(
                sa.select(schema.inbox.c.id).where(
                    schema.inbox.c.conversation_id == conversation_id, schema.inbox.c.message_id == key
                )
            ).scalar()
            if known is not None:
                return int(known)
            body = self._sealer.seal_json({"id": key}, f"inbox:{conversation_id}")
            row = {"conversation_id": conversation_id, "message_id": key, "body": body, "state": "noted"}
            new = connection.execute(schema.inbox.insert().values(received_at=time.time(), **row))
            inbox_id = int(new.inserted_primary_key[0])  # type: ignore[index]
            if text:
                self._add_entry(connection, conversation_id, "assistant", text, inbox_id=inbox_id)
            also(connection)
            return inbox_id

        inbox_id = await self._database.write(store)
        self._tell(conversation_id)
        self.said(conversation_id)
        return inbox_id

    def _collected(self, conversation_id: str) -> None:
        self._tell(conversation_id)
        self.said(conversation_id)
        self._work(conversation_id)

    def _too_many(self, connection: sa.Connection, conversation_id: str, now: float) -> bool:
        recent = sa.select(sa.func.count()).where(
            schema.inbox.c.conversation_id == conversation_id, schema.inbox.c.received_at > now - 60
        )
        return int(connection.execute(recent).scalar() or 0) >= self._pace.per_minute

    async def _own_files(self, conversation_id: str, ids: Sequence[str]) -> list[EvidenceFacts]:
        if not ids:
            return []
        facts = await self.vault.facts(conversation_id, ids)
        if len(facts) != len(set(ids)):
            raise Rejected("file_unknown", status=404)
        # As the person chose them, not as they happened to arrive.
        return sorted(facts, key=lambda item: ids.index(item.id))

    def _check(self, message: Inbound) -> None:
        if message.text is not None and len(message.text) > MAX_TEXT:
            raise Rejected("text_long", status=413, limit=MAX_TEXT)
        coming = isinstance(message, Arrival) and message.media
        if message.button is None and not message.files and not coming and not (message.text or "").strip():
            raise Rejected("text_empty")

    def _title(self, connection: sa.Connection, conversation_id: str, message: Inbound) -> str:
        """What is shown in the person's bubble for a pressed button."""
        press = message.button
        if press and press.message is not None and press.index is not None:
            entry = self._entry(connection, conversation_id, press.message)
            if entry and press.index < len(entry.buttons):
                return entry.buttons[press.index].title
        return (press.label if press else None) or "…"

    # -- the work of a conversation ----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Take up every conversation in which something waits."""

        def waiting(connection: sa.Connection) -> list[str]:
            query = sa.select(schema.inbox.c.conversation_id).where(schema.inbox.c.state == "waiting").distinct()
            return list(connection.execute(query).scalars())

        for conversation_id in await self._database.read(waiting):
            self._work(conversation_id)
        await self._media.start()

    async def stop(self) -> None:
        self._stopping = True
        await self._media.stop()
        for worker in self._workers.values():
            worker.cancel()
        await asyncio.gather(*self._workers.values(), return_exceptions=True)

    def _work(self, conversation_id: str) -> None:
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
            self._tell(conversation_id)

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
        self.said(conversation_id)
        return True

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
            news = self._event(conversation_id)
            rows = await self._database.read(waiting)
            # What follows a file waits for it, so that order holds; not for long, if the provider is slow.
            rows = [row for row in rows if row.state == "waiting" or time.time() - row.received_at < MEDIA_PATIENCE]
            if not rows or rows[0].turn is not None:
                return [row for row in rows if row.turn == rows[0].turn]
            together = self._together(conversation_id, rows)
            if coming := [row for row in together if row.state == "fetching"]:
                with contextlib.suppress(TimeoutError):
                    left = coming[0].received_at + MEDIA_PATIENCE - time.time()
                    await asyncio.wait_for(news.wait(), max(0.05, left))
                continue
            quiet = time.time() - together[-1].received_at
            more = self._pace.burst - quiet
            latest = self._read(conversation_id, together[-1])
            if len(together) < len(rows) or more <= 0 or latest.alone or latest.whole:
                break
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), more)
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

    def _pressed(self, connection: sa.Connection, conversation_id: str, inbox_id: int, message: Arrival) -> Any:
        """The meaning of a press, or of a typed text that is a button's title, among the buttons of the last turn."""
        if message.meaning:
            return read_payload(message.meaning)
        offered = self._offered(connection, conversation_id, inbox_id)
        press = message.button
        if press is None:
            typed = _bare(message.text)
            if message.numbers and typed.isdecimal() and len(typed) < 3 and 1 <= int(typed) <= len(offered):
                return read_payload(offered[int(typed) - 1][2].payload)
            match = next((b for _, _, b in offered if typed and _bare(b.title) == typed), None)
            return read_payload(match.payload) if match else None
        for seq, index, button in offered:
            if (press.message, press.index) == (seq, index):
                return read_payload(button.payload)
        if press.label is not None:
            wanted = _bare(press.label)
            titles = [button for _, _, button in offered]
            if wanted.isdigit() and 1 <= int(wanted) <= len(titles):
                return read_payload(titles[int(wanted) - 1].payload)
            if match := next((button for button in titles if _bare(button.title) == wanted), None):
                return read_payload(match.payload)
        known = press.message is not None and self._entry(connection, conversation_id, press.message) is not None
        return {"intent": "stale_button" if known else "unknown_button", "entities": {}}

    def _offered(self, connection: sa.Connection, conversation_id: str, inbox_id: int) -> list[tuple[int, int, Button]]:
        """Buttons said since the message before this one was answered: ``(entry, index, button)``."""
        previous = connection.execute(
            sa.select(sa.func.max(schema.inbox.c.id)).where(
                schema.inbox.c.conversation_id == conversation_id,
                schema.inbox.c.id < inbox_id,
                # A message that came to nothing leaves the choices before it open.
                schema.inbox.c.state == "done",
            )
        ).scalar()
        query = sa.select(schema.entries).where(
            schema.entries.c.conversation_id == conversation_id, schema.entries.c.side == "assistant"
        )
        if previous is not None:
            answered = sa.select(sa.func.min(schema.entries.c.seq)).where(schema.entries.c.inbox_id == previous)
            query = query.where(schema.entries.c.seq >= answered.scalar_subquery())
        rows = connection.execute(query.order_by(schema.entries.c.seq)).all()
        entries = [self._open(row) for row in rows]
        return [(entry.seq, index, button) for entry in entries for index, button in enumerate(entry.buttons)]

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
            self._add_entry(
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
            if give_up:
                values["state"] = "failed"
                self._add_entry(connection, conversation_id, "assistant", self._words("turn_given_up"), inbox_id=row.id)
            elif tries == PATIENCE:
                self._add_entry(connection, conversation_id, "assistant", self._words("turn_slow"), inbox_id=row.id)
            ids = [row.id for row in rows]
            connection.execute(schema.inbox.update().where(schema.inbox.c.id.in_(ids)).values(**values))

        await self._database.write(note)
        if give_up or tries == PATIENCE:
            self._tell(conversation_id)
            self.said(conversation_id)
        if not give_up:
            await asyncio.sleep(RETRY_AFTER[min(tries, len(RETRY_AFTER)) - 1])

    # -- out ---------------------------------------------------------------------------------------------------------

    async def say(
        self, conversation_id: str, text: str, buttons: Sequence[Mapping[str, str]] = (), once: str | None = None
    ) -> None:
        """Add a message of the assistant outside any turn. With `once`, the same name is said only once, ever."""

        def add(connection: sa.Connection) -> None:
            if (
                once
                and connection.execute(sa.select(schema.entries.c.seq).where(schema.entries.c.once == once)).first()
            ):
                return
            self._add_entry(connection, conversation_id, "assistant", text, buttons=buttons, once=once)

        await self._database.write(add)
        self._tell(conversation_id)
        self.said(conversation_id)

    async def entries(self, conversation_id: str, after: int = 0) -> list[Entry]:
        """The conversation after entry `after`, both sides, oldest first."""

        def read(connection: sa.Connection) -> list[Entry]:
            query = sa.select(schema.entries).where(
                schema.entries.c.conversation_id == conversation_id, schema.entries.c.seq > after
            )
            return [self._open(row) for row in connection.execute(query.order_by(schema.entries.c.seq))]

        return await self._database.read(read)

    async def waiting(self, conversation_id: str) -> bool:
        """Whether a message of this conversation is not answered yet."""

        def read(connection: sa.Connection) -> bool:
            query = sa.select(schema.inbox.c.id).where(
                schema.inbox.c.conversation_id == conversation_id, schema.inbox.c.state.in_(("waiting", "fetching"))
            )
            return connection.execute(query.limit(1)).first() is not None

        return await self._database.read(read)

    async def answered(self, conversation_id: str, inbox_id: int, seconds: float) -> list[Entry] | None:
        """What was said to one message, as soon as it was; None if that takes longer than `seconds`."""

        def read(connection: sa.Connection) -> list[Entry] | None:
            row = connection.execute(
                sa.select(schema.inbox.c.state, schema.inbox.c.turn).where(schema.inbox.c.id == inbox_id)
            ).one()
            if row.state in ("waiting", "fetching"):
                return None
            # What was said to several messages together answers each of them.
            turn = sa.select(schema.inbox.c.id).where(schema.inbox.c.turn == row.turn) if row.turn else [inbox_id]
            query = sa.select(schema.entries).where(
                schema.entries.c.inbox_id.in_(turn), schema.entries.c.side == "assistant"
            )
            return [self._open(row) for row in connection.execute(query.order_by(schema.entries.c.seq))]

        until = time.monotonic() + seconds
        while True:
            news = self._event(conversation_id)
            if (said := await self._database.read(read)) is not None:
                return said
            left = until - time.monotonic()
            if left <= 0:
                return None
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), left)

    async def follow(self, conversation_id: str, after: int, heartbeat: float) -> AsyncIterator[Entry | bool | None]:
        """Entries as they come; a bool when waiting for an answer begins or ends; None every `heartbeat` seconds."""
        waiting: bool | None = None
        while True:
            news = self._event(conversation_id)
            for entry in await self.entries(conversation_id, after):
                after = entry.seq
                yield entry
            now = await self.waiting(conversation_id)
            if now != waiting:
                waiting = now
                yield now
            try:
                await asyncio.wait_for(news.wait(), heartbeat)
            except TimeoutError:
                yield None

    async def state(self, conversation_id: str) -> dict[str, Any]:
        """Where the conversation stands after its last turn, for programs that hold one."""

        def read(connection: sa.Connection) -> Any:
            query = sa.select(schema.conversations.c.state).where(schema.conversations.c.id == conversation_id)
            return connection.execute(query).scalar()

        sealed = await self._database.read(read)
        return dict(self._sealer.open_json(sealed, f"state:{conversation_id}")) if sealed else {}

    # -- entries -----------------------------------------------------------------------------------------------------

    def _add_entry(
        self,
        connection: sa.Connection,
        conversation_id: str,
        side: str,
        text: str,
        *,
        inbox_id: int | None = None,
        at: float | None = None,
        message_id: str | None = None,
        buttons: Sequence[Mapping[str, str]] = (),
        files: Sequence[EvidenceFacts] = (),
        once: str | None = None,
    ) -> None:
        body = {
            "text": text,
            "message_id": message_id,
            "buttons": [dict(button) for button in buttons],
            "files": [item.shown().model_dump() for item in files],
        }
        sent_to = sa.select(schema.conversations.c.address).where(schema.conversations.c.id == conversation_id)
        owed = side == "assistant" and connection.execute(sent_to).scalar() is not None
        connection.execute(
            schema.entries.insert().values(
                conversation_id=conversation_id,
                inbox_id=inbox_id,
                side=side,
                delivery="waiting" if owed else "shown",
                at=at or time.time(),
                body=self._sealer.seal_json(body, f"entry:{conversation_id}"),
                once=once,
            )
        )

    def _open(self, row: Any) -> Entry:
        body = self._sealer.open_json(row.body, f"entry:{row.conversation_id}")
        return Entry(seq=row.seq, side=row.side, at=datetime.fromtimestamp(row.at, UTC), **body)

    def _entry(self, connection: sa.Connection, conversation_id: str, seq: int) -> Entry | None:
        query = sa.select(schema.entries).where(
            schema.entries.c.conversation_id == conversation_id,
            schema.entries.c.seq == seq,
            schema.entries.c.side == "assistant",
        )
        row = connection.execute(query).first()
        return self._open(row) if row else None

    # -- news --------------------------------------------------------------------------------------------------------

    def _event(self, conversation_id: str) -> asyncio.Event:
        return self._news.setdefault(conversation_id, asyncio.Event())

    def _tell(self, conversation_id: str) -> None:
        """Wake everyone who waits for news of this conversation; the next to wait gets a fresh event."""
        event = self._news.pop(conversation_id, None)
        if event:
            event.set()


def _bare(text: str | None) -> str:
    return "".join(c for c in (text or "") if c.isalnum()).casefold()
