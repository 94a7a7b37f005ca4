"""The evidence vault: files kept bit for bit, sealed, named by a keyed hash, with a record of who touched them."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog

from connectors.gateway import schema
from connectors.gateway.database import Database
from connectors.gateway.messages import Rejected
from connectors.gateway.vault.copies import working_copy
from connectors.gateway.vault.facts import EvidenceFacts, Touch, facts_of
from connectors.gateway.vault.keys import TRAY, Keys, Sealing
from connectors.gateway.vault.kinds import MAX_FILES
from connectors.gateway.vault.scanner import Scanner, ScannerAway
from connectors.gateway.vault.stores import Folder, Store, StoreAway

log = structlog.get_logger("vault")

#: Most files that are taken from one person in a day.
MAX_PER_DAY = 5 * MAX_FILES
_DAY = 86400.0


class NotScanned(Exception):
    """The file has not been looked at by the virus scanner yet: it is kept, and handed out later."""


class Infected(KeyError):
    """The virus scanner found something in the file. It is not handed out."""


#: What is done in the transaction that records a file; it may raise to undo it.
Also = Callable[[sa.Connection, EvidenceFacts], None]


class Vault:
    """Keeps files in `store` (or in that folder). `with_key(key)` makes a sealer from 32 bytes.

    With a `scanner`, a harmful file is refused, and one that could not be scanned is kept and not handed out before
    it has been.
    """

    def __init__(
        self,
        store: Store | Path,
        database: Database,
        sealer: Sealing,
        with_key: Callable[[bytes], Sealing],
        scanner: Scanner | None = None,
    ) -> None:
        self._store: Store = Folder(store) if isinstance(store, Path) else store
        self._database, self._sealer, self._scanner = database, sealer, scanner
        self._keys = Keys(sealer, with_key)
        database.write_now(self._keys.adopt)

    # -- in ----------------------------------------------------------------------------------------------------------

    async def keep(self, conversation_id: str, name: str, content: bytes) -> EvidenceFacts:
        """Store one file. Raises Rejected if it is empty, too large, cut off, harmful, of a kind that cannot be
        evidence, one too many today, or if it cannot be stored now.
        """
        return await asyncio.to_thread(self._keep, conversation_id, facts_of(name, content), content)

    async def keep_page(self, conversation_id: str, draft_id: str, name: str, content: bytes, also: Also) -> None:
        """Store a copy of a page under the key of the report that links to it, beside the person's own files.

        `also` is done in the same transaction; what it raises undoes all of it. Raises Rejected as `keep` does.
        """
        facts = facts_of(name, content)
        await asyncio.to_thread(self._store_new, conversation_id, facts, content, draft_id, "page", also)

    def _keep(self, conversation_id: str, facts: EvidenceFacts, content: bytes) -> EvidenceFacts:
        def earlier(connection: sa.Connection) -> EvidenceFacts | None:
            # The same picture sent twice is one evidence item; a person's own files are few.
            kept = self._facts(connection, conversation_id, None)
            known = next((item for item in kept if item.sha256 == facts.sha256), None)
            if known is None:
                self._count(connection, conversation_id, facts.received_at)
            return known

        if known := self._database.read_now(earlier):
            return known
        self._store_new(
            conversation_id,
            facts,
            content,
            TRAY,
            "person",
            lambda connection, facts: self._count(connection, conversation_id, facts.received_at),
        )
        return facts

    def _store_new(
        self, conversation_id: str, facts: EvidenceFacts, content: bytes, draft_id: str, origin: str, also: Also
    ) -> None:
        verdict = self._scan(content)
        key = secrets.token_bytes(32)
        sealed = self._keys.with_key(key)
        vault_name, copy = self._sealer.name(facts.id.encode(), "vault"), working_copy(facts.media_type, content)
        try:
            self._store.put(vault_name, sealed.seal(content, facts.id))
            if copy:
                self._store.put(self._copy_name(facts.id), sealed.seal(copy[0], f"{facts.id}/copy"))
        except StoreAway as problem:
            log.error("evidence_not_stored", problem=str(problem))
            raise Rejected("file_store_away", status=503) from problem

        def record(connection: sa.Connection) -> None:
            also(connection, facts)
            connection.execute(
                schema.evidence.insert().values(
                    id=facts.id,
                    conversation_id=conversation_id,
                    vault_name=vault_name,
                    facts=sealed.seal_json(asdict(facts), f"evidence:{facts.id}"),
                    copy_type=copy[1] if copy else None,
                    scan=verdict,
                    origin=origin,
                    created_at=facts.received_at,
                )
            )
            self._keys.add(connection, conversation_id, facts.id, key, draft_id)
            who = "person" if origin == "person" else "service"
            self._note(connection, conversation_id, facts.id, "stored", who, scan=verdict)

        try:
            self._database.write_now(record)
        except BaseException:
            self._remove([facts.id])
            raise

    def _count(self, connection: sa.Connection, conversation_id: str, now: float) -> None:
        recent = sa.select(sa.func.count()).where(
            schema.evidence.c.conversation_id == conversation_id,
            schema.evidence.c.origin == "person",
            schema.evidence.c.created_at > now - _DAY,
        )
        if int(connection.execute(recent).scalar() or 0) >= MAX_PER_DAY:
            raise Rejected("file_many", status=429, limit=MAX_FILES)

    def _scan(self, content: bytes) -> str:
        """``off``, ``clean`` or ``waiting``. Raises Rejected if something was found."""
        if self._scanner is None:
            return "off"
        try:
            found = self._scanner.scan(content)
        except ScannerAway as problem:
            # What is reported may be gone from the net tomorrow: it is taken in, and handed to nobody yet.
            log.error("scanner_away", problem=str(problem))
            return "waiting"
        if found:
            log.warning("evidence_infected", found=found)
            raise Rejected("file_infected")
        return "clean"

    # -- of which report ---------------------------------------------------------------------------------------------

    async def file_under(self, conversation_id: str, draft_id: str, ids: Sequence[str]) -> None:
        """Put these files under the key of a report. Those already there, and those of others, are left alone."""
        # Asked for on every turn of a report, and news on few of them: looking is cheaper than writing.
        if ids and not await self._database.read(lambda c: self._keys.filed(c, draft_id, ids)):
            await self._database.write(lambda c: self._keys.file_under(c, conversation_id, draft_id, ids))

    async def filed_under(self, draft_id: str) -> list[str]:
        """The ids of all files under a report's key."""
        return await self._database.read(lambda connection: self._keys.held(connection, draft_id))

    async def erase(self, draft_id: str, who: str = "person") -> int:
        """Delete a report's key, and so its files but for those that another report has too. Returns how many went."""
        if not draft_id:
            raise ValueError("the tray is no report")
        pages, folders = schema.linked_pages, schema.evidence_folders
        return await self._erase(folders.c.draft_id == draft_id, pages.c.draft_id == draft_id, who)

    async def erase_conversation(self, conversation_id: str, who: str = "person") -> int:
        """Delete every file a person sent, reported or not, and what their links led to. Returns how many went."""
        pages, folders = schema.linked_pages, schema.evidence_folders
        mine = (folders.c.conversation_id == conversation_id, pages.c.conversation_id == conversation_id)
        return await self._erase(*mine, who)

    async def erase_unreported(self, conversation_id: str, reported: Sequence[str], who: str = "person") -> int:
        """Delete every file a person sent that is in none of the `reported` drafts. Returns how many went."""
        pages, folders = schema.linked_pages, schema.evidence_folders
        return await self._erase(
            (folders.c.conversation_id == conversation_id) & folders.c.draft_id.not_in(reported),
            (pages.c.conversation_id == conversation_id) & pages.c.draft_id.not_in(reported),
            who,
        )

    async def erase_unused(self, before: float, who: str = "retention") -> int:
        """Delete files that came before this time (seconds since 1970) and went into no report."""

        def erase(connection: sa.Connection) -> list[str]:
            wraps, folders, items = schema.evidence_keys, schema.evidence_folders, schema.evidence
            old = sa.select(items.c.id).where(items.c.created_at < before)
            trays = sa.select(folders.c.id).where(folders.c.draft_id == TRAY)
            unused = (wraps.c.folder_id.in_(trays)) & (wraps.c.evidence_id.in_(old))
            held = list(connection.execute(sa.select(wraps.c.evidence_id).where(unused)).scalars())
            connection.execute(wraps.delete().where(unused))
            return self._forget(connection, self._keys.without_key(connection, held), who)

        return await asyncio.to_thread(self._erase_now, erase)

    async def _erase(self, folders: sa.ColumnElement[bool], pages: sa.ColumnElement[bool], who: str) -> int:
        def erase(connection: sa.Connection) -> list[str]:
            connection.execute(schema.linked_pages.delete().where(pages))
            ids = connection.execute(sa.select(schema.evidence_folders.c.id).where(folders)).scalars()
            return self._forget(connection, self._keys.forget(connection, list(ids)), who)

        return await asyncio.to_thread(self._erase_now, erase)

    def _erase_now(self, erase: Callable[[sa.Connection], list[str]]) -> int:
        gone = self._database.write_now(erase)
        # The keys are gone for good before the files are; what a crash leaves behind is noise.
        self._database.settle()
        self._remove(gone)
        return len(gone)

    def _forget(self, connection: sa.Connection, ids: list[str], who: str) -> list[str]:
        table = schema.evidence
        for row in connection.execute(sa.select(table.c.id, table.c.conversation_id).where(table.c.id.in_(ids))).all():
            self._note(connection, row.conversation_id, row.id, "erased", who)
        connection.execute(table.delete().where(table.c.id.in_(ids)))
        return ids

    def _remove(self, ids: Sequence[str]) -> None:
        for evidence_id in ids:
            for name in (self._sealer.name(evidence_id.encode(), "vault"), self._copy_name(evidence_id)):
                try:
                    self._store.delete(name)
                except (StoreAway, OSError) as problem:
                    log.warning("evidence_left_behind", kind=type(problem).__name__)

    # -- out ---------------------------------------------------------------------------------------------------------

    async def facts(self, conversation_id: str, ids: Sequence[str] | None = None) -> list[EvidenceFacts]:
        """The facts of a conversation's files, all or those named, in the order they came; never those of others."""
        return await self._database.read(lambda connection: self._facts(connection, conversation_id, ids))

    def _facts(self, connection: sa.Connection, conversation_id: str, ids: Sequence[str] | None) -> list[EvidenceFacts]:
        query = sa.select(schema.evidence).where(schema.evidence.c.conversation_id == conversation_id)
        if ids is not None:
            query = query.where(schema.evidence.c.id.in_(list(ids)))
        rows = connection.execute(query.order_by(schema.evidence.c.created_at)).all()
        opened = self._keys.open(connection, [row.id for row in rows])
        return [
            EvidenceFacts(**opened[row.id].open_json(row.facts, f"evidence:{row.id}"))
            for row in rows
            if row.id in opened
        ]

    async def read(
        self, conversation_id: str, evidence_id: str, *, who: str = "service", action: str = "read"
    ) -> bytes:
        """The original bytes; that they were read is noted.

        Raises KeyError if the conversation has no such file (Infected if it is harmful), NotScanned if the scanner
        has still to see it, SealingError if it was changed, StoreAway or FileNotFoundError if the store has not got it.
        """
        return (await asyncio.to_thread(self._read, conversation_id, evidence_id, who, action, False))[0]

    async def read_copy(self, conversation_id: str, evidence_id: str, *, who: str = "service") -> tuple[bytes, str]:
        """The working copy of a picture, without its metadata, and its media type. Raises as `read` does."""
        return await asyncio.to_thread(self._read, conversation_id, evidence_id, who, "copied", True)

    def _read(self, conversation_id: str, evidence_id: str, who: str, action: str, of_copy: bool) -> tuple[bytes, str]:
        def find(connection: sa.Connection) -> tuple[Any, Sealing | None]:
            table = schema.evidence
            row = connection.execute(
                sa.select(table).where(table.c.id == evidence_id, table.c.conversation_id == conversation_id)
            ).first()
            return row, self._keys.open(connection, [evidence_id]).get(evidence_id)

        row, sealed = self._database.read_now(find)
        if row is None or sealed is None or (of_copy and row.copy_type is None):
            raise KeyError(evidence_id)
        if row.scan == "waiting":
            raise NotScanned(evidence_id)
        if row.scan == "infected":
            raise Infected(evidence_id)
        name, context = (
            (self._copy_name(evidence_id), f"{evidence_id}/copy") if of_copy else (row.vault_name, evidence_id)
        )
        content = sealed.open(self._store.get(name), context)
        self._database.write_now(lambda c: self._note(c, conversation_id, evidence_id, action, who))
        return content, row.copy_type if of_copy else ""

    def _copy_name(self, evidence_id: str) -> str:
        return self._sealer.name(f"{evidence_id}/copy".encode(), "vault")

    # -- the scanner's second look -----------------------------------------------------------------------------------

    async def scan_waiting(self) -> list[tuple[str, EvidenceFacts]]:
        """Scan what could not be scanned when it came. Returns the harmful ones with their conversations."""
        return await asyncio.to_thread(self._scan_waiting)

    def _scan_waiting(self) -> list[tuple[str, EvidenceFacts]]:
        table = schema.evidence
        columns = (table.c.id, table.c.conversation_id, table.c.vault_name, table.c.origin)
        waiting = sa.select(*columns).where(table.c.scan == "waiting")
        harmful: list[tuple[str, EvidenceFacts]] = []
        if self._scanner is None:
            return harmful

        def read(connection: sa.Connection) -> tuple[Sequence[Any], dict[str, Sealing]]:
            rows = connection.execute(waiting.order_by(table.c.created_at)).all()
            return rows, self._keys.open(connection, [row.id for row in rows])

        rows, opened = self._database.read_now(read)
        for row in rows:
            sealed = opened.get(row.id)
            if sealed is None:
                continue
            try:
                found = self._scanner.scan(sealed.open(self._store.get(row.vault_name), row.id))
            except (ScannerAway, StoreAway, FileNotFoundError) as problem:
                log.warning("scan_postponed", kind=type(problem).__name__)
                break
            verdict = "infected" if found else "clean"

            def note(connection: sa.Connection, row: Any = row, verdict: str = verdict) -> list[EvidenceFacts]:
                connection.execute(table.update().where(table.c.id == row.id).values(scan=verdict))
                self._note(connection, row.conversation_id, row.id, "scanned", "scanner", scan=verdict)
                return self._facts(connection, row.conversation_id, [row.id])

            facts = self._database.write_now(note)
            if found:
                log.warning("evidence_infected", found=found)
                # Nobody sent a page's copy, so nobody is told of it.
                harmful += [(row.conversation_id, item) for item in facts if row.origin == "person"]
        return harmful

    # -- the record --------------------------------------------------------------------------------------------------

    async def touches(self, evidence_id: str) -> list[Touch]:
        """Who did what with a file and when, oldest first; what was erased keeps its record."""

        def read(connection: sa.Connection) -> list[Touch]:
            table = schema.evidence_log
            query = sa.select(table).where(table.c.evidence_id == evidence_id).order_by(table.c.id)
            found = []
            for row in connection.execute(query):
                details = dict(self._sealer.open_json(row.details, f"evidence-log:{evidence_id}"))
                found.append(Touch(row.action, row.at, details.pop("who"), details))
            return found

        return await self._database.read(read)

    def _note(
        self, connection: sa.Connection, conversation_id: str, evidence_id: str, action: str, who: str, **details: Any
    ) -> None:
        connection.execute(
            schema.evidence_log.insert().values(
                evidence_id=evidence_id,
                conversation_id=conversation_id,
                action=action,
                at=time.time(),
                details=self._sealer.seal_json({"who": who, **details}, f"evidence-log:{evidence_id}"),
            )
        )
