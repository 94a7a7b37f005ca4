"""Who really called: Tencent's signatures, compared in constant time, fresh, and used once.

The signature of a plain call covers its time and nonce but not its body, so whoever sees one could send any body under
it. A signature is therefore good for one body and a few minutes. An encrypted call covers its content.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from collections import OrderedDict
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any

from wechatpy.enterprise.exceptions import InvalidCorpIdException
from wechatpy.exceptions import InvalidAppIdException

from connectors.channels.contract import Call, Forged, Unreadable
from connectors.channels.tencent import xml

#: Seconds that a call's time may differ from ours: a provider's retries and two clocks.
FRESH_SECONDS = 300
#: Most signatures that are remembered. Only genuine ones are, so a stranger cannot fill it.
MOST_REMEMBERED = 20_000


def signature(*parts: str) -> str:
    """Tencent's signature: SHA-1 over the sorted parts, the token among them."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


class Calls:
    """Checks the calls for one address. `token` is the secret chosen in Tencent's console."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._seen: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    def check(self, call: Call, name: str, *signed: str) -> None:
        """Raises Forged unless the query's `name` signs its time and nonce (and `signed`), freshly."""
        given, stamp, nonce = (call.query.get(key, "") for key in (name, "timestamp", "nonce"))
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12) or len(nonce) > 128:
            raise Forged("malformed")
        expected = signature(self._token, stamp, nonce, *signed)
        if not compare_digest(expected.encode(), given.lower().encode()):
            raise Forged("wrong_signature")
        if abs(call.at - int(stamp)) > FRESH_SECONDS:
            raise Forged("stale")

    def once(self, call: Call, name: str) -> None:
        """Raises Forged if a checked call's signature was used for another body. The same body is a retry."""
        while self._seen and (
            next(iter(self._seen.values()))[0] < call.at - 2 * FRESH_SECONDS or len(self._seen) >= MOST_REMEMBERED
        ):
            self._seen.popitem(last=False)
        digest = hashlib.sha256(call.body).digest()
        key = f"{call.query.get(name)}:{call.query.get('timestamp')}:{call.query.get('nonce')}"
        _, known = self._seen.setdefault(key, (call.at, digest))
        if known != digest:
            raise Forged("replayed")


class Envelope:
    """Opens and closes AES envelopes, with wechatpy's crypto for accounts (`wechatpy.crypto`) or corporations."""

    def __init__(self, crypto: Any, prp: type) -> None:
        self._crypto, self._prp = crypto, prp

    def open(self, encrypted: str) -> str:
        """The content of a checked call. Raises Forged if it is for another account, Unreadable if it is damaged."""
        try:
            if len(base64.b64decode(encrypted, validate=True)) < 48:
                raise Unreadable("envelope")
            return str(self._prp(self._crypto.key).decrypt(encrypted, self._crypto._id))
        except (InvalidAppIdException, InvalidCorpIdException):
            raise Forged("other_account") from None
        except (binascii.Error, struct.error, ValueError, IndexError, TypeError):
            raise Unreadable("envelope") from None

    def close(self, content: str, nonce: str, stamp: str) -> str:
        """An encrypted and signed answer, as XML."""
        return str(self._crypto.encrypt_message(content, nonce, stamp))


def envelope_of(call: Call) -> Mapping[str, str]:
    """The outer fields of a POST. Raises Unreadable."""
    return xml.fields(call.body)
