"""What is known of a file, and of who touched it."""

from __future__ import annotations

import hashlib
import time
import uuid
from dataclasses import dataclass
from typing import Any

from connectors.gateway.messages import FileShown
from connectors.gateway.vault.kinds import examine, tidy


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


@dataclass(frozen=True)
class Touch:
    """One line of the record: `action` is stored, read, copied, sent, scanned or erased; `at` in seconds since 1970."""

    action: str
    at: float
    who: str
    details: dict[str, Any]


def facts_of(name: str, content: bytes) -> EvidenceFacts:
    """The facts of a file that has just come. Raises Rejected where `examine` does."""
    media_type = examine(name, content)
    return EvidenceFacts(
        id=str(uuid.uuid4()),
        name=tidy(name, media_type),
        size=len(content),
        media_type=media_type,
        sha256=hashlib.sha256(content).hexdigest(),
        received_at=time.time(),
    )
