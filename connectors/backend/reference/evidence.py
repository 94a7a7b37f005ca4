"""Evidence on disk: one sealed file each, complete or absent.

A file's name is a keyed hash of draft and SHA-256, so the folder confirms nothing to one who holds the same picture.
The plain bytes never touch the disk: blocks are sealed as they arrive, which also keeps an upload of 25 MB at one block
of memory. A block's context has its place in the file, and the last one says that it is the last: blocks cannot be
exchanged, dropped or cut off unnoticed.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ..contract import MAX_EVIDENCE_BYTES
from .refusals import Refusal
from .sealing import Sealer

BLOCK_BYTES = 256 * 1024
_LENGTH_BYTES = 4
_PART = ".part"


class EvidenceFolder:
    """All evidence files of the backend. Blocking: call it from a worker thread."""

    def __init__(self, folder: Path, sealer: Sealer) -> None:
        self._folder = folder
        self._sealer = sealer
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Uploads that a crash cut off. Their senders saw no answer and will send them again.
        for part in folder.glob(f"*{_PART}"):
            part.unlink()

    def has(self, draft_id: str, sha256: str) -> bool:
        """Whether this draft's file was stored completely."""
        return self._path(draft_id, sha256).exists()

    def upload(self, draft_id: str, sha256: str) -> Upload:
        """Begin to store a file."""
        return Upload(self._path(draft_id, sha256), self._sealer, _context(draft_id, sha256), sha256)

    def read(self, draft_id: str, sha256: str) -> Iterator[bytes]:
        """The plain bytes, block by block. Raises FileNotFoundError, or the sealer's error if the file was changed."""
        context = _context(draft_id, sha256)
        with self._path(draft_id, sha256).open("rb") as file:
            index, block = 0, _frame(file)
            while block:
                following = _frame(file)
                yield self._sealer.open(block, _block_context(context, index, last=not following))
                index, block = index + 1, following

    def _path(self, draft_id: str, sha256: str) -> Path:
        return self._folder / self._sealer.name(f"{draft_id}/{sha256}".encode(), "backend-evidence")


class Upload:
    """One file on its way in: `write` its bytes, then `commit`; `abandon` in any case (it then only closes)."""

    def __init__(self, path: Path, sealer: Sealer, context: str, sha256: str) -> None:
        self._final, self._sealer, self._context, self._sha256 = path, sealer, context, sha256
        self._temporary = path.with_name(secrets.token_hex(16) + _PART)
        self._file: BinaryIO = os.fdopen(os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._hash = hashlib.sha256()
        self._waiting = bytearray()
        self._index = 0
        self.size = 0

    def write(self, data: bytes) -> None:
        """Take the next bytes. Raises Refusal (413) when there are too many."""
        self.size += len(data)
        if self.size > MAX_EVIDENCE_BYTES:
            raise Refusal(413, f"An evidence file may have at most {MAX_EVIDENCE_BYTES} bytes.")
        self._hash.update(data)
        self._waiting += data
        # One block is held back until more follows, because only then is it known not to be the last.
        while len(self._waiting) > BLOCK_BYTES:
            self._seal(bytes(self._waiting[:BLOCK_BYTES]), last=False)
            del self._waiting[:BLOCK_BYTES]

    def commit(self) -> bool:
        """Check the hash and put the file in its place; False if it was there already. Raises Refusal (422)."""
        if not self.size:
            raise Refusal(422, "The evidence file is empty.")
        if not hmac.compare_digest(self._hash.hexdigest(), self._sha256):
            raise Refusal(422, "The bytes received do not have the SHA-256 in the address; upload them again.")
        self._seal(bytes(self._waiting), last=True)
        self._file.flush()
        os.fsync(self._file.fileno())
        new = not self._final.exists()
        # Replacing a copy by an equal one is harmless, so two uploads at once need no lock.
        self._temporary.replace(self._final)
        _sync_folder(self._final.parent)
        return new

    def abandon(self) -> None:
        """Close, and leave nothing behind that was not committed."""
        self._file.close()
        self._temporary.unlink(missing_ok=True)

    def _seal(self, block: bytes, *, last: bool) -> None:
        sealed = self._sealer.seal(block, _block_context(self._context, self._index, last=last))
        self._file.write(len(sealed).to_bytes(_LENGTH_BYTES, "big") + sealed)
        self._index += 1


def _context(draft_id: str, sha256: str) -> str:
    return f"backend-evidence:{draft_id}:{sha256}"


def _block_context(context: str, index: int, *, last: bool) -> str:
    return f"{context}:{index}:{'last' if last else 'more'}"


def _frame(file: BinaryIO) -> bytes:
    return file.read(int.from_bytes(file.read(_LENGTH_BYTES), "big"))


def _sync_folder(folder: Path) -> None:
    # Without this a power cut may forget the file's new name although its content is on the disk.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
