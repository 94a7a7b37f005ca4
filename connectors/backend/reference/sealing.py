"""What the backend needs of a sealer. The composition root hands one in; this room imports nothing of `bot`."""

from __future__ import annotations

from typing import Protocol


class Sealer(Protocol):
    """Encrypts bytes for the disk. A value opens only in the context it was sealed for."""

    def seal(self, data: bytes, context: str) -> bytes:
        """Encrypt and authenticate `data` together with `context`."""

    def open(self, blob: bytes, context: str) -> bytes:
        """Decrypt what `seal` returned; raises if key, context or bytes differ."""

    def name(self, data: bytes, context: str) -> str:
        """A keyed hash in hex: equal for equal data, and without the key it confirms nothing."""
