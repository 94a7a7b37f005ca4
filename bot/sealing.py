"""The one place through which personal data passes on its way to disk.

Everything that can name or describe a person (messages, drafts, evidence, Rasa's events) is sealed here before it is
written, and nothing else in the project touches a cipher. Written for both Pythons of the project (3.10 and newer):
it depends on `cryptography` alone.

A sealed value is ``version (1 byte) | key id (4 bytes) | nonce (12 bytes) | AES-256-GCM ciphertext and tag``. The
context (for instance ``"inbox:<conversation>"``) is authenticated with it: a value moved to another row does not open.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import json
import os
import secrets
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_VERSION = b"\x01"
_KEY_ID_BYTES = 4
_NONCE_BYTES = 12
_HEADER_BYTES = len(_VERSION) + _KEY_ID_BYTES + _NONCE_BYTES


class SealingError(Exception):
    """A key is missing or unusable, or a sealed value does not open."""


class Sealer:
    """Seals and opens bytes under one 32-byte key.

    Keys for the different uses are derived from it, so that a name in the vault or an internal token tells nothing
    about the encryption key.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise SealingError(f"the sealing key must be {KEY_BYTES} bytes, not {len(key)}")
        self._key = key
        self._aead = AESGCM(self.derive("seal"))
        self._names = self.derive("name")
        self._key_id = self.derive("key-id")[:_KEY_ID_BYTES]

    def seal(self, data: bytes, context: str) -> bytes:
        """Encrypt `data`; only the same key and the same `context` open it again."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _VERSION + self._key_id + nonce + self._aead.encrypt(nonce, data, context.encode())

    def open(self, blob: bytes, context: str) -> bytes:
        """Decrypt what `seal` returned. Raises SealingError if the key, the context or the bytes are not the same."""
        if len(blob) < _HEADER_BYTES or blob[:1] != _VERSION:
            raise SealingError("not a sealed value of a version this program knows")
        if blob[1 : 1 + _KEY_ID_BYTES] != self._key_id:
            raise SealingError("sealed with another key: check REPORTGUIDE_KEY and REPORTGUIDE_KEY_FILE")
        nonce = blob[_HEADER_BYTES - _NONCE_BYTES : _HEADER_BYTES]
        try:
            return self._aead.decrypt(nonce, blob[_HEADER_BYTES:], context.encode())
        except InvalidTag:
            raise SealingError("a sealed value was changed or belongs elsewhere") from None

    def seal_json(self, value: Any, context: str) -> bytes:
        """Seal any JSON value as UTF-8."""
        return self.seal(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), context)

    def open_json(self, blob: bytes, context: str) -> Any:
        """Open what `seal_json` returned. Raises SealingError as `open` does."""
        return json.loads(self.open(blob, context))

    def name(self, data: bytes, context: str) -> str:
        """A keyed hash (64 hex digits): the same data get the same name, and without the key it confirms nothing."""
        return hmac.new(self._names, context.encode() + b"\x00" + data, hashlib.sha256).hexdigest()

    def derive(self, purpose: str) -> bytes:
        """A 32-byte secret of its own for `purpose`: HMAC as the extract-less HKDF of a uniformly random key."""
        return hmac.new(self._key, b"reportguide/1/" + purpose.encode(), hashlib.sha256).digest()


def read_key(key: str | None, file: Path) -> bytes:
    """The sealing key: `key` (44 base64 characters, from the environment) or else the content of `file`.

    Raises SealingError, with what to do, if there is none, it is malformed, or others may read the file.
    """
    if key:
        return _decode(key, "REPORTGUIDE_KEY")
    try:
        mode = file.stat().st_mode
        text = file.read_text("ascii")
    except FileNotFoundError:
        raise SealingError(
            f"no sealing key: set REPORTGUIDE_KEY, or put one in {file} (`reportguide up` makes it)"
        ) from None
    except (OSError, UnicodeDecodeError) as problem:
        raise SealingError(f"cannot read the sealing key in {file}: {problem}") from None
    if mode & 0o077:
        raise SealingError(f"other users may read the sealing key; run: chmod 600 {file}")
    return _decode(text, str(file))


def make_key_file(file: Path) -> None:
    """Write a new random key to `file` with mode 0600, unless it is there already."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode() + "\n")


def _decode(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        raise SealingError(f"the sealing key in {where} is not base64") from None
    if len(key) != KEY_BYTES:
        raise SealingError(f"the sealing key in {where} must be {KEY_BYTES} bytes in base64, not {len(key)}")
    return key
