"""The gateway: stores what people send, has it taken to the brain in order, and keeps what is said in return.

A message is on disk before it is acknowledged. What was waiting when a process died is found again at start.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from connectors.gateway import schema
from connectors.gateway.database import Database
from connectors.gateway.entries import Entries
from connectors.gateway.media import Collector, Fetch
from connectors.gateway.messages import MAX_TEXT, Arrival, Button, Entry, Inbound, Rejected, read_payload
from connectors.gateway.news import News, within
from connectors.gateway.turns import Brain, Pace, Turns, Words
from connectors.gateway.vault import EvidenceFacts, Sealing, Vault

#: What is done in the transaction that stores something.
Also = Callable[[sa.Connection], None]


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
        self._database, self._sealer, self.vault, self._pace = database, sealer, vault, pace
        self._entries, self._news = Entries(sealer), News()
        self.said = lambda _conversation_id: None
        self._turns = Turns(
            database, sealer, brain, words, pace, self._entries, self._news, self._pressed, lambda c: self.said(c)
        )
        self._media = Collector(database, sealer, vault, words, fetch, self._entries.add, self._collected)

    async def start(self) -> None:
        """Take up every conversation in which something waits."""
        await self._turns.start()
        await self._media.start()

    async def stop(self) -> None:
        await self._media.stop()
        await self._turns.stop()

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
            self._entries.add(
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
            self._news.tell(conversation_id)
        if fetching:
            self._media.collect(conversation_id, inbox_id)
        self._turns.work(conversation_id)
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
                self._entries.add(connection, conversation_id, "assistant", text, inbox_id=inbox_id)
            also(connection)
            return inbox_id

        inbox_id = await self._database.write(store)
        self._news.tell(conversation_id)
        self.said(conversation_id)
        return inbox_id

    def _collected(self, conversation_id: str) -> None:
        self._news.tell(conversation_id)
        self.said(conversation_id)
        self._turns.work(conversation_id)

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
            entry = self._entries.said(connection, conversation_id, press.message)
            if entry and press.index < len(entry.buttons):
                return entry.buttons[press.index].title
        return (press.label if press else None) or "…"

    # -- what a press means ------------------------------------------------------------------------------------------

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
        known = press.message is not None and self._entries.said(connection, conversation_id, press.message) is not None
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
        entries = self._entries.said_since(connection, conversation_id, previous)
        return [(entry.seq, index, button) for entry in entries for index, button in enumerate(entry.buttons)]

    # -- out ---------------------------------------------------------------------------------------------------------

    async def say(
        self, conversation_id: str, text: str, buttons: Sequence[Mapping[str, str]] = (), once: str | None = None
    ) -> None:
        """Add a message of the assistant outside any turn. With `once`, the same name is said only once, ever."""

        def add(connection: sa.Connection) -> None:
            self._entries.add(connection, conversation_id, "assistant", text, buttons=buttons, once=once)

        await self._database.write(add)
        self._news.tell(conversation_id)
        self.said(conversation_id)

    async def entries(self, conversation_id: str, after: int = 0) -> list[Entry]:
        """The conversation after entry `after`, both sides, oldest first."""

        return await self._database.read(lambda connection: self._entries.after(connection, conversation_id, after))

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
            return self._entries.answers(connection, turn)

        until = time.monotonic() + seconds
        while True:
            news = self._news.event(conversation_id)
            if (said := await self._database.read(read)) is not None:
                return said
            left = until - time.monotonic()
            if left <= 0:
                return None
            await within(news, left)

    async def follow(self, conversation_id: str, after: int, heartbeat: float) -> AsyncIterator[Entry | bool | None]:
        """Entries as they come; a bool when waiting for an answer begins or ends; None every `heartbeat` seconds."""
        waiting: bool | None = None
        while True:
            news = self._news.event(conversation_id)
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


def _bare(text: str | None) -> str:
    """What a typed text and the title of a button are compared by: their letters and digits, whatever their case."""
    return "".join(c for c in (text or "") if c.isalnum()).casefold()
