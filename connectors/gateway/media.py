"""Fetching what people sent through a channel: at once, with patience, and never forgotten until it has come or gone.

A message with files is stored as ``fetching``, acknowledged, and becomes ``waiting`` for the brain when its files are
in the vault. A provider that is down is asked again until it deletes the file; the person is told once that it takes
longer, and what they write meanwhile is answered.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import sqlalchemy as sa
import structlog

from connectors.gateway import schema
from connectors.gateway.database import Database
from connectors.gateway.messages import Arrival, Media, MediaAway, MediaGone, Rejected
from connectors.gateway.vault import EvidenceFacts, Sealing, Vault

log = structlog.get_logger("media")

#: Seconds that what was written after a file waits for it, and after which the person is told that it takes longer.
PATIENCE = 15.0
#: Seconds until a file is asked for again; the last value repeats.
AGAIN = (0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0)

#: How often a file may come damaged before it is taken to be so.
MOST_DAMAGED = 3

#: ``(channel, media)`` → name and content. Raises MediaAway or MediaGone.
Fetch = Callable[[str, Media], Awaitable[tuple[str, bytes]]]


class Collector:
    """One task per message that waits for files. `say` adds an entry in a transaction; `collected` is told after it."""

    def __init__(
        self,
        database: Database,
        sealer: Sealing,
        vault: Vault,
        words: Callable[..., str],
        fetch: Fetch | None,
        say: Callable[..., None],
        collected: Callable[[str], None],
    ) -> None:
        self._database, self._sealer, self._vault, self._words = database, sealer, vault, words
        self._fetch, self._say, self._collected = fetch, say, collected
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Take up what was being fetched when the process ended."""

        def fetching(connection: sa.Connection) -> list[Any]:
            query = sa.select(schema.inbox.c.conversation_id, schema.inbox.c.id).where(
                schema.inbox.c.state == "fetching"
            )
            return list(connection.execute(query).all())

        for row in await self._database.read(fetching):
            self.collect(row.conversation_id, row.id)

    async def stop(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def collect(self, conversation_id: str, inbox_id: int) -> None:
        if inbox_id not in self._tasks:
            task = asyncio.create_task(self._run(conversation_id, inbox_id))
            self._tasks[inbox_id] = task
            task.add_done_callback(lambda _task: self._tasks.pop(inbox_id, None))

    async def _run(self, conversation_id: str, inbox_id: int) -> None:
        row = await self._database.read(lambda connection: self._row(connection, inbox_id))
        if row is None:
            return
        message = Arrival.model_validate(self._sealer.open_json(row.body, f"inbox:{conversation_id}"))
        kept: dict[int, EvidenceFacts] = {}
        gone: dict[int, str] = {}
        damaged = [0] * len(message.media)
        slow = asyncio.create_task(self._tell_slow(conversation_id, inbox_id, row.received_at))
        try:
            tries = 0
            while True:
                for index in [index for index in range(len(message.media)) if index not in kept and index not in gone]:
                    await self._one(row.channel, conversation_id, message.media[index], index, kept, gone, damaged)
                if len(kept) + len(gone) == len(message.media):
                    break
                await asyncio.sleep(AGAIN[min(tries, len(AGAIN) - 1)])
                tries += 1
        finally:
            slow.cancel()
            await asyncio.gather(slow, return_exceptions=True)
        await self._database.write(lambda c: self._settle(c, conversation_id, inbox_id, message, kept, gone))
        self._collected(conversation_id)

    def _row(self, connection: sa.Connection, inbox_id: int) -> Any:
        query = (
            sa.select(schema.inbox, schema.conversations.c.channel)
            .join(schema.conversations, schema.conversations.c.id == schema.inbox.c.conversation_id)
            .where(schema.inbox.c.id == inbox_id, schema.inbox.c.state == "fetching")
        )
        return connection.execute(query).first()

    async def _one(
        self,
        channel: str,
        conversation_id: str,
        media: Media,
        index: int,
        kept: dict[int, EvidenceFacts],
        gone: dict[int, str],
        damaged: list[int],
    ) -> None:
        try:
            if self._fetch is None:
                raise MediaGone("media_unknown")
            name, content = await self._fetch(channel, media)
            kept[index] = await self._vault.keep(conversation_id, name, content)
        except MediaGone as problem:
            gone[index] = self._words(problem.reason, **problem.values)
        except Rejected as problem:
            gone[index] = self._words(problem.reason, **problem.values)
        except Exception as problem:
            # Whatever else is wrong (a full disk, a provider's new mood), the file is still there: ask again.
            if not isinstance(problem, MediaAway):
                log.error("fetch_failed", channel=channel, kind=type(problem).__name__)
            elif problem.damaged:
                damaged[index] += 1
            if damaged[index] >= MOST_DAMAGED:
                gone[index] = self._words("media_unknown")
            elif time.time() > media.until:
                gone[index] = self._words("media_expired")

    async def _tell_slow(self, conversation_id: str, inbox_id: int, received_at: float) -> None:
        await asyncio.sleep(max(0.0, received_at + PATIENCE - time.time()))
        once = f"slow:{inbox_id}"

        text = self._words("media_slow")
        await self._database.write(lambda c: self._say(c, conversation_id, "assistant", text, once=once))
        self._collected(conversation_id)

    def _settle(
        self,
        connection: sa.Connection,
        conversation_id: str,
        inbox_id: int,
        message: Arrival,
        kept: dict[int, EvidenceFacts],
        gone: dict[int, str],
    ) -> None:
        """The message goes on to the brain with the files that came; what did not come is said."""
        files = list({kept[index].id: kept[index] for index in sorted(kept)}.values())
        heard = any(message.media[index].kind == "voice" for index in kept)
        going_on = bool(files or message.text or message.button)
        body = message.model_copy(update={"media": [], "files": [item.id for item in files]}).model_dump(mode="json")
        changed = connection.execute(
            schema.inbox.update()
            .where(schema.inbox.c.id == inbox_id, schema.inbox.c.state == "fetching")
            .values(
                state="waiting" if going_on else "failed",
                body=self._sealer.seal_json(body, f"inbox:{conversation_id}"),
            )
        )
        if not changed.rowcount:
            return
        self._show_files(connection, conversation_id, inbox_id, files)
        texts = list(dict.fromkeys(gone[index] for index in sorted(gone)))
        if heard:
            # It cannot be understood, and to pretend otherwise would leave the person waiting for an answer to it.
            texts.append(self._words("voice_kept"))
        for text in texts:
            self._say(connection, conversation_id, "assistant", text, inbox_id=inbox_id)

    def _show_files(
        self, connection: sa.Connection, conversation_id: str, inbox_id: int, files: list[EvidenceFacts]
    ) -> None:
        query = sa.select(schema.entries).where(
            schema.entries.c.inbox_id == inbox_id, schema.entries.c.side == "person"
        )
        row = connection.execute(query).first()
        if row is None:
            return
        body = self._sealer.open_json(row.body, f"entry:{conversation_id}")
        body["files"] = [item.shown().model_dump() for item in files]
        sealed = self._sealer.seal_json(body, f"entry:{conversation_id}")
        connection.execute(schema.entries.update().where(schema.entries.c.seq == row.seq).values(body=sealed))
