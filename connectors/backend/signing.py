"""The signature under a status callback, made and checked by the same few lines.

HMAC-SHA256 over ``timestamp + "." + body``, in hex, beside the timestamp in Unix seconds. The timestamp is that of the
attempt, so a callback held back for a day is still fresh when it is sent. Within the window of freshness a copied
request verifies again: what makes it harmless is that the receiver knows each `event_id` once.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

SIGNATURE_HEADER = "X-Reportguide-Signature"
TIMESTAMP_HEADER = "X-Reportguide-Timestamp"
FRESH_SECONDS = 300


class SignatureError(Exception):
    """A callback is unsigned, stale, forged or was changed on its way."""


def sign(secret: bytes, body: bytes, now: datetime) -> dict[str, str]:
    """The two headers for `body` as it will be sent. `now` must be aware."""
    timestamp = str(int(now.timestamp()))
    return {TIMESTAMP_HEADER: timestamp, SIGNATURE_HEADER: _digest(secret, timestamp, body)}


def verify(secret: bytes, body: bytes, headers: Mapping[str, str], now: datetime) -> None:
    """Check the raw `body` against its headers; raises SignatureError. Reads header names as HTTP does, in any case."""
    lowered = {name.lower(): value for name, value in headers.items()}
    timestamp = lowered.get(TIMESTAMP_HEADER.lower(), "")
    signature = lowered.get(SIGNATURE_HEADER.lower(), "")
    # The signature first: what an unsigned request says about time is nobody's business. Compared as bytes, because
    # compare_digest raises on other than ASCII text.
    if not hmac.compare_digest(_digest(secret, timestamp, body).encode(), signature.encode(errors="replace")):
        raise SignatureError("the signature does not match")
    try:
        age = abs(int(now.timestamp()) - int(timestamp))
    except ValueError:
        raise SignatureError("the timestamp is not a number of seconds") from None
    if age > FRESH_SECONDS:
        raise SignatureError(f"the signature is {age} seconds old or early; at most {FRESH_SECONDS} are allowed")


def _digest(secret: bytes, timestamp: str, body: bytes) -> str:
    if not secret:
        # An empty key would make a signature that anyone can make.
        raise ValueError("the secret for callbacks is empty")
    return hmac.new(secret, timestamp.encode(errors="replace") + b"." + body, hashlib.sha256).hexdigest()
