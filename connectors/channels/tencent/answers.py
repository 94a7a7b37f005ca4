"""What Tencent's APIs answer: error codes, and what they mean for a message or a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.channels.contract import Busy, Closed, MediaAway, MediaGone, NotSent, Refused, Unreachable
from connectors.channels.download import Download

#: The access token is not, or no longer, believed.
TOKEN_REFUSED = (40001, 40014, 42001)
#: There is no such file, or no longer.
MEDIA_EXPIRED = (40006, 40007)


class ApiError(Exception):
    """An answer with an error code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"errcode {code}")
        self.code = code


@dataclass(frozen=True)
class Codes:
    """A table of one API's codes, each with a short name for staff. `pauses`: seconds until the next try."""

    closed: Mapping[int, str]
    unreachable: Mapping[int, str]
    refused: Mapping[int, str]
    pauses: Mapping[int, float] = field(default_factory=dict)

    def not_sent(self, code: int) -> NotSent:
        """What an error code means for a message. What is not known is tried again, and seen by staff."""
        if code in self.closed:
            return Closed(self.closed[code])
        if code in self.unreachable:
            return Unreachable(self.unreachable[code])
        if code in self.refused:
            return Refused(self.refused[code])
        return Busy(f"errcode_{code}", self.pauses.get(code))


def media_problem(code: int) -> MediaAway | MediaGone:
    """What an error code means for a file that was asked for."""
    return MediaGone("media_expired") if code in MEDIA_EXPIRED else MediaAway(f"errcode_{code}")


def told_by(found: Download) -> dict[str, Any]:
    """The answer that came where a file was asked for; empty if it is a file, which has a name."""
    if found.name or len(found.content) > 4096 or not found.content.lstrip().startswith(b"{"):
        return {}
    try:
        told = json.loads(found.content)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def error_of(told: Mapping[str, Any]) -> int:
    """The error code of an answer; 0 if there is none."""
    code = told.get("errcode", 0)
    return code if isinstance(code, int) else 0
