"""A callback is believed only with a signature that is right and fresh."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta

import pytest

from connectors.backend import FRESH_SECONDS, SIGNATURE_HEADER, TIMESTAMP_HEADER, SignatureError, sign, verify
from tests.backend.harness import NOON, SECRET

BODY = '{"state":"accepted","note":"已受理"}'.encode()


def test_what_was_signed_verifies_whatever_the_case_of_the_headers() -> None:
    headers = sign(SECRET, BODY, NOON)
    verify(SECRET, BODY, headers, NOON)
    verify(SECRET, BODY, {name.lower(): value for name, value in headers.items()}, NOON)


def test_the_signature_is_the_documented_one() -> None:
    # Worked out with: printf '%s' '1795406400.{}' | openssl dgst -sha256 -hmac secret
    assert sign(b"secret", b"{}", NOON)[TIMESTAMP_HEADER] == "1795406400"
    expected = "0d802419624c9f9f85d02c19898a44c43e2abb26e6913a9cd55a8667d20f14a2"
    assert sign(b"secret", b"{}", NOON)[SIGNATURE_HEADER] == expected


@pytest.mark.parametrize("seconds", [FRESH_SECONDS, -FRESH_SECONDS])
def test_at_the_edge_it_is_fresh(seconds: int) -> None:
    verify(SECRET, BODY, sign(SECRET, BODY, NOON), NOON + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [FRESH_SECONDS + 1, -FRESH_SECONDS - 1, 86_400])
def test_stale_or_early(seconds: int) -> None:
    with pytest.raises(SignatureError, match="seconds old"):
        verify(SECRET, BODY, sign(SECRET, BODY, NOON), NOON + timedelta(seconds=seconds))


GOOD = sign(SECRET, BODY, NOON)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (BODY + b" ", GOOD),
        (BODY, {}),
        (BODY, {TIMESTAMP_HEADER: GOOD[TIMESTAMP_HEADER]}),
        (BODY, {SIGNATURE_HEADER: GOOD[SIGNATURE_HEADER]}),
        (BODY, GOOD | {TIMESTAMP_HEADER: str(int(GOOD[TIMESTAMP_HEADER]) + 1)}),
        (BODY, GOOD | {SIGNATURE_HEADER: GOOD[SIGNATURE_HEADER].upper()}),
        (BODY, GOOD | {SIGNATURE_HEADER: "ünïcode\ud800"}),
        (BODY, GOOD | {TIMESTAMP_HEADER: "时间"}),
        (BODY, sign(b"another secret", BODY, NOON)),
    ],
    ids=["tampered", "none", "unsigned", "undated", "redated", "upper", "not-ascii", "not-a-time", "forged"],
)
def test_anything_else_is_refused(body: bytes, headers: dict[str, str]) -> None:
    with pytest.raises(SignatureError):
        verify(SECRET, body, headers, NOON)


def test_a_signed_timestamp_that_is_no_number_is_refused() -> None:
    signature = hmac.new(SECRET, b"soon." + BODY, hashlib.sha256).hexdigest()
    headers = {TIMESTAMP_HEADER: "soon", SIGNATURE_HEADER: signature}
    with pytest.raises(SignatureError, match="not a number"):
        verify(SECRET, BODY, headers, NOON)


def test_an_empty_secret_is_a_mistake_of_the_operator() -> None:
    with pytest.raises(ValueError, match="empty"):
        sign(b"", BODY, NOON)
