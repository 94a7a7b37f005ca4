"""Keys of evidence: every file has one, kept under the key of each report it belongs to, kept under the sealing key.

What arrives before a report is begun lies under the key of the conversation's tray. When a report takes it, only its
32-byte key is wrapped anew; the file stays where it is. Deleting a report's key makes its files noise, wherever copies
of them lie.
"""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import sqlalchemy as sa

from connectors.gateway import schema

#: The draft id of a conversation's tray.
TRAY = ""


class Sealing(Protocol):
    """What the vault needs of the project's sealer."""

    def seal(self, data: bytes, context: str) -> bytes: ...
    def open(self, blob: bytes, context: str) -> bytes: ...
    def name(self, data: bytes, context: str) -> str: ...
    def seal_json(self, value: Any, context: str) -> bytes: ...
    def open_json(self, blob: bytes, context: str) -> Any: ...


class Keys:
    """Works inside the vault's transactions. `with_key(key)` makes a sealer from 32 bytes."""

    def __init__(self, sealer: Sealing, with_key: Callable[[bytes], Sealing]) -> None:
        self._sealer, self.with_key = sealer, with_key

    def add(
        self, connection: sa.Connection, conversation_id: str, evidence_id: str, key: bytes, draft_id: str = TRAY
    ) -> None:
        """Keep a new file's key in the conversation's tray, or with a report."""
        self._wrap(connection, self._folder(connection, conversation_id, draft_id), evidence_id, key)

    def adopt(self, connection: sa.Connection) -> None:
        """Take in files of the first schema, which had their key and their facts under the sealing key itself."""
        table = schema.evidence
        for row in connection.execute(sa.select(table).where(table.c.key.is_not(None))).all():
            key = self._sealer.open(row.key, f"evidence-key:{row.id}")
            facts = self._sealer.open(row.facts, f"evidence:{row.id}")
            self.add(connection, row.conversation_id, row.id, key)
            resealed = self.with_key(key).seal(facts, f"evidence:{row.id}")
            connection.execute(table.update().where(table.c.id == row.id).values(key=None, facts=resealed))

    def open(self, connection: sa.Connection, ids: Sequence[str]) -> dict[str, Sealing]:
        """The sealers of these files; an erased file has none."""
        wraps, folders = schema.evidence_keys, schema.evidence_folders
        query = sa.select(wraps.c.evidence_id, wraps.c.key, folders.c.id, folders.c.key.label("folder_key"))
        query = query.join(folders, folders.c.id == wraps.c.folder_id).where(wraps.c.evidence_id.in_(list(ids)))
        opened: dict[str, Sealing] = {}
        found: dict[str, Sealing] = {}
        for row in connection.execute(query):
            if row.id not in opened:
                opened[row.id] = self._opened(row.id, row.folder_key)
            found[row.evidence_id] = self.with_key(opened[row.id].open(row.key, row.evidence_id))
        return found

    @staticmethod
    def filed(connection: sa.Connection, draft_id: str, ids: Sequence[str]) -> bool:
        """Whether all these files are under this report's key."""
        wraps, folders = schema.evidence_keys, schema.evidence_folders
        query = sa.select(sa.func.count()).select_from(wraps).join(folders, folders.c.id == wraps.c.folder_id)
        there = query.where(folders.c.draft_id == draft_id, wraps.c.evidence_id.in_(list(ids)))
        return connection.execute(there).scalar() == len(set(ids))

    @staticmethod
    def held(connection: sa.Connection, draft_id: str) -> list[str]:
        """The files under this report's key."""
        wraps, folders = schema.evidence_keys, schema.evidence_folders
        query = sa.select(wraps.c.evidence_id).join(folders, folders.c.id == wraps.c.folder_id)
        return list(connection.execute(query.where(folders.c.draft_id == draft_id)).scalars())

    def file_under(self, connection: sa.Connection, conversation_id: str, draft_id: str, ids: Sequence[str]) -> None:
        """Put files of this conversation under a report's key, and take them out of the tray."""
        wraps, folders, items = schema.evidence_keys, schema.evidence_folders, schema.evidence
        query = sa.select(wraps.c.evidence_id, wraps.c.key, folders.c.id, folders.c.key.label("folder_key"))
        query = query.join(folders, folders.c.id == wraps.c.folder_id).join(items, items.c.id == wraps.c.evidence_id)
        mine = query.where(items.c.conversation_id == conversation_id, wraps.c.evidence_id.in_(list(ids)))
        rows = connection.execute(mine.add_columns(folders.c.draft_id)).all()
        there = {row.evidence_id for row in rows if row.draft_id == draft_id}
        moving = {row.evidence_id: row for row in rows if row.evidence_id not in there}
        if not moving:
            return
        folder = self._folder(connection, conversation_id, draft_id)
        for evidence_id, row in moving.items():
            key = self._opened(row.id, row.folder_key).open(row.key, evidence_id)
            self._wrap(connection, folder, evidence_id, key)
        trays = {row.id for row in rows if row.draft_id == TRAY}
        connection.execute(wraps.delete().where(wraps.c.folder_id.in_(trays), wraps.c.evidence_id.in_(list(moving))))

    def forget(self, connection: sa.Connection, folder_ids: Iterable[str]) -> list[str]:
        """Delete the keys of these folders. Returns the files that nothing can open any more."""
        wraps, folders = schema.evidence_keys, schema.evidence_folders
        gone = list(folder_ids)
        held = set(connection.execute(sa.select(wraps.c.evidence_id).where(wraps.c.folder_id.in_(gone))).scalars())
        connection.execute(wraps.delete().where(wraps.c.folder_id.in_(gone)))
        connection.execute(folders.delete().where(folders.c.id.in_(gone)))
        return self.without_key(connection, held)

    def without_key(self, connection: sa.Connection, ids: Iterable[str]) -> list[str]:
        """Those of `ids` that no key is left for."""
        wraps = schema.evidence_keys
        wanted = set(ids)
        kept = connection.execute(sa.select(wraps.c.evidence_id).where(wraps.c.evidence_id.in_(wanted))).scalars()
        return sorted(wanted - set(kept))

    def _folder(self, connection: sa.Connection, conversation_id: str, draft_id: str) -> tuple[str, Sealing]:
        """The folder of this report, made if it is the first time."""
        table = schema.evidence_folders
        query = sa.select(table.c.id, table.c.key).where(
            table.c.conversation_id == conversation_id, table.c.draft_id == draft_id
        )
        if row := connection.execute(query).first():
            return row.id, self._opened(row.id, row.key)
        folder_id, key = str(uuid.uuid4()), secrets.token_bytes(32)
        values = {
            "id": folder_id,
            "conversation_id": conversation_id,
            "draft_id": draft_id,
            "key": self._sealer.seal(key, f"evidence-folder:{folder_id}"),
            "created_at": time.time(),
        }
        try:
            with connection.begin_nested():
                connection.execute(table.insert().values(**values))
        except sa.exc.IntegrityError:
            # Another process was faster.
            row = connection.execute(query).one()
            return row.id, self._opened(row.id, row.key)
        return folder_id, self.with_key(key)

    def _opened(self, folder_id: str, sealed: bytes) -> Sealing:
        return self.with_key(self._sealer.open(sealed, f"evidence-folder:{folder_id}"))

    @staticmethod
    def _wrap(connection: sa.Connection, folder: tuple[str, Sealing], evidence_id: str, key: bytes) -> None:
        folder_id, sealer = folder
        connection.execute(
            schema.evidence_keys.insert().values(
                evidence_id=evidence_id, folder_id=folder_id, key=sealer.seal(key, evidence_id)
            )
        )
