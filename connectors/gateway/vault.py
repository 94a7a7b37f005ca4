"""The evidence vault: files kept bit for bit, sealed under a key of their own, named by a keyed hash."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import re
import secrets
import time
import uuid
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import filetype
import sqlalchemy as sa

from connectors.gateway import schema
from connectors.gateway.database import Database
from connectors.gateway.messages import FileShown, Rejected

MAX_FILE_BYTES = 20 * 1024 * 1024
MAX_FILES = 20

#: Media type by content → what its name may end in. What is not here is not evidence that a case worker can open.
TYPES: dict[str, tuple[str, ...]] = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "image/heic": (".heic", ".heif"),
    "image/bmp": (".bmp",),
    "video/mp4": (".mp4", ".m4v"),
    "video/quicktime": (".mov",),
    "video/3gpp": (".3gp",),
    "video/x-matroska": (".mkv",),
    "video/webm": (".webm",),
    "audio/mpeg": (".mp3",),
    "audio/mp4": (".m4a",),
    "audio/amr": (".amr",),
    "audio/x-wav": (".wav",),
    "audio/aac": (".aac",),
    "application/pdf": (".pdf",),
    "application/zip": (".zip",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (".docx",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (".xlsx",),
    "application/msword": (".doc",),
    "application/vnd.ms-excel": (".xls",),
}
ACCEPT = tuple(suffix for suffixes in TYPES.values() for suffix in suffixes)
_SAME = {"video/x-m4v": "video/mp4", "audio/m4a": "audio/mp4", "audio/x-m4a": "audio/mp4", "audio/wav": "audio/x-wav"}


class Sealing(Protocol):
    """What the vault needs of the project's sealer."""

    def seal(self, data: bytes, context: str) -> bytes: ...
    def open(self, blob: bytes, context: str) -> bytes: ...
    def name(self, data: bytes, context: str) -> str: ...
    def seal_json(self, value: Any, context: str) -> bytes: ...
    def open_json(self, blob: bytes, context: str) -> Any: ...


@dataclass(frozen=True)
class EvidenceFacts:
    """What is known of one file. `received_at` in seconds since 1970, `size` in bytes, `sha256` of the original."""

    id: str
    name: str
    size: int
    media_type: str
    sha256: str
    received_at: float

    @property
    def short(self) -> str:
        return self.sha256[:8]

    def shown(self) -> FileShown:
        return FileShown(name=self.name, size=self.size, short=self.short)


class Vault:
    """Keeps files in `folder`. `with_key(key)` makes the sealer of one file from 32 bytes."""

    def __init__(self, folder: Path, database: Database, sealer: Sealing, with_key: Callable[[bytes], Sealing]) -> None:
        self._folder, self._database, self._sealer, self._with_key = folder, database, sealer, with_key

    async def keep(self, conversation_id: str, name: str, content: bytes) -> EvidenceFacts:
        """Store one file. Raises Rejected if it is empty, too large, cut off, or of a kind that cannot be evidence."""
        media_type = examine(name, content)
        facts = EvidenceFacts(
            id=str(uuid.uuid4()),
            name=_tidy(name, media_type),
            size=len(content),
            media_type=media_type,
            sha256=hashlib.sha256(content).hexdigest(),
            received_at=time.time(),
        )
        return await asyncio.to_thread(self._keep, conversation_id, facts, content)

    def _keep(self, conversation_id: str, facts: EvidenceFacts, content: bytes) -> EvidenceFacts:
        def earlier(connection: sa.Connection) -> EvidenceFacts | None:
            # The same picture sent twice is one evidence item; a person's own files are few.
            kept = self._facts(connection, conversation_id, None)
            return next((item for item in kept if item.sha256 == facts.sha256), None)

        if known := self._database.read_now(earlier):
            return known
        key = secrets.token_bytes(32)
        vault_name = self._sealer.name(facts.id.encode(), "vault")
        _write(self._path(vault_name), self._with_key(key).seal(content, facts.id))

        def record(connection: sa.Connection) -> None:
            connection.execute(
                schema.evidence.insert().values(
                    id=facts.id,
                    conversation_id=conversation_id,
                    vault_name=vault_name,
                    key=self._sealer.seal(key, f"evidence-key:{facts.id}"),
                    facts=self._sealer.seal_json(asdict(facts), f"evidence:{facts.id}"),
                    created_at=facts.received_at,
                )
            )

        self._database.write_now(record)
        return facts

    async def facts(self, conversation_id: str, ids: Sequence[str] | None = None) -> list[EvidenceFacts]:
        """The facts of a conversation's files, all or those named, in the order they came; never those of others."""
        return await self._database.read(lambda connection: self._facts(connection, conversation_id, ids))

    def _facts(self, connection: sa.Connection, conversation_id: str, ids: Sequence[str] | None) -> list[EvidenceFacts]:
        query = sa.select(schema.evidence).where(schema.evidence.c.conversation_id == conversation_id)
        if ids is not None:
            query = query.where(schema.evidence.c.id.in_(list(ids)))
        rows = connection.execute(query.order_by(schema.evidence.c.created_at)).all()
        return [EvidenceFacts(**self._sealer.open_json(row.facts, f"evidence:{row.id}")) for row in rows]

    async def read(self, conversation_id: str, evidence_id: str) -> bytes:
        """The original bytes. Raises KeyError if the conversation has no such file, SealingError if it was changed."""
        return await asyncio.to_thread(self._read, conversation_id, evidence_id)

    def _read(self, conversation_id: str, evidence_id: str) -> bytes:
        def find(connection: sa.Connection) -> Any:
            return connection.execute(
                sa.select(schema.evidence).where(
                    schema.evidence.c.id == evidence_id, schema.evidence.c.conversation_id == conversation_id
                )
            ).first()

        row = self._database.read_now(find)
        if row is None:
            raise KeyError(evidence_id)
        key = self._sealer.open(row.key, f"evidence-key:{evidence_id}")
        return self._with_key(key).open(self._path(row.vault_name).read_bytes(), evidence_id)

    def _path(self, vault_name: str) -> Path:
        return self._folder / vault_name[:2] / vault_name


def examine(name: str, content: bytes) -> str:
    """The media type by content. Raises Rejected with the reason a person can act on."""
    if not content:
        raise Rejected("file_empty")
    if len(content) > MAX_FILE_BYTES:
        raise Rejected("file_large", status=413, limit=MAX_FILE_BYTES // 1024 // 1024)
    guessed: str | None = filetype.guess_mime(content)  # type: ignore[no-untyped-call]
    media_type = _SAME.get(guessed or "", guessed or "")
    if media_type == "application/zip":
        media_type = _office(content) or media_type
    if media_type not in TYPES:
        raise Rejected("file_kind", status=415)
    if not _whole(media_type, content):
        raise Rejected("file_cut")
    return media_type


def _office(content: bytes) -> str | None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()[:200]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return None
    if any(entry.startswith("word/") for entry in names):
        return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    if any(entry.startswith("xl/") for entry in names):
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return None


def _whole(media_type: str, content: bytes) -> bool:
    """Whether the file has its end: an upload that broke off is noticed while the person still has the original."""
    tail = content[-2048:]
    if media_type == "image/jpeg":
        return b"\xff\xd9" in tail
    if media_type == "image/png":
        return b"IEND" in content[-64:]
    if media_type == "image/gif":
        return content.rstrip(b"\x00")[-1:] == b";"
    if media_type == "application/pdf":
        return b"%%EOF" in tail
    if media_type == "image/webp":
        return len(content) >= int.from_bytes(content[4:8], "little") + 8
    if media_type == "application/zip" or "openxmlformats" in media_type:
        return zipfile.is_zipfile(io.BytesIO(content))
    if media_type in ("video/mp4", "video/quicktime", "video/3gpp", "audio/mp4", "image/heic"):
        return _boxes_end(content)
    return True


def _boxes_end(content: bytes) -> bool:
    """Whether the boxes of an ISO media file fill it exactly or end before it does."""
    at = 0
    while at + 8 <= len(content):
        size = int.from_bytes(content[at : at + 4], "big")
        if size == 1 and at + 16 <= len(content):
            size = int.from_bytes(content[at + 8 : at + 16], "big")
        if size == 0:
            return True
        if size < 8:
            return False
        at += size
    return at == len(content)


def _tidy(name: str, media_type: str) -> str:
    """The file's own name without folders and control characters, ending in what the content is."""
    base = re.split(r"[/\\]", name)[-1]
    base = "".join(c for c in base if c.isprintable()).strip(". ")[:80]
    suffixes = TYPES[media_type]
    if not base.lower().endswith(suffixes):
        base = (base.rsplit(".", 1)[0] if "." in base else base) + suffixes[0]
    return base if not base.startswith(".") else "file" + base


def _write(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(path)


def shorts(items: Iterable[EvidenceFacts]) -> str:
    """The check codes of several files in one line."""
    return "、".join(item.short for item in items)
