"""The sealing seam: what it promises, and that it fails closed."""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sealing import KEY_BYTES, Sealer, SealingError, make_key_file, read_key

KEY = bytes(range(32))


@given(st.binary(max_size=2000), st.text(max_size=40))
def test_what_is_sealed_opens_in_its_context_only(data: bytes, context: str) -> None:
    sealer = Sealer(KEY)
    blob = sealer.seal(data, context)
    assert sealer.open(blob, context) == data
    with pytest.raises(SealingError, match="belongs elsewhere"):
        sealer.open(blob, context + "x")


def test_the_same_value_never_looks_the_same() -> None:
    assert Sealer(KEY).seal(b"13812345678", "x") != Sealer(KEY).seal(b"13812345678", "x")


@pytest.mark.parametrize("position", [0, 1, 5, 17, -1])
def test_one_changed_byte_is_noticed(position: int) -> None:
    blob = bytearray(Sealer(KEY).seal(b"secret", "x"))
    blob[position] ^= 1
    with pytest.raises(SealingError):
        Sealer(KEY).open(bytes(blob), "x")


def test_another_key_is_named_as_the_cause() -> None:
    with pytest.raises(SealingError, match="REPORTGUIDE_KEY"):
        Sealer(bytes(32)).open(Sealer(KEY).seal(b"secret", "x"), "x")


@pytest.mark.parametrize("blob", [b"", b"\x01", b"\x02" * 60, b"\x01" * 16])
def test_what_was_never_sealed_does_not_open(blob: bytes) -> None:
    with pytest.raises(SealingError):
        Sealer(KEY).open(blob, "x")


def test_names_tell_nothing_without_the_key() -> None:
    name = Sealer(KEY).name(b"openid-1", "person:web")
    assert name == Sealer(KEY).name(b"openid-1", "person:web")
    assert name != Sealer(bytes(32)).name(b"openid-1", "person:web")
    assert name != Sealer(KEY).name(b"openid-1", "person:wechat")
    assert len({Sealer(KEY).derive(purpose) for purpose in ("a", "b", "seal", "name")}) == 4


def test_a_key_file_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "sealing.key"
    make_key_file(file)
    key = read_key(None, file)
    make_key_file(file)
    assert read_key(None, file) == key
    assert len(key) == KEY_BYTES
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "sealing.key"
    make_key_file(file)
    file.chmod(0o644)
    with pytest.raises(SealingError, match="chmod 600"):
        read_key(None, file)


@pytest.mark.parametrize(
    ("text", "says"),
    [("not base64!", "not base64"), (base64.b64encode(b"short").decode(), "must be 32 bytes")],
)
def test_a_malformed_key_is_refused(text: str, says: str) -> None:
    with pytest.raises(SealingError, match=says):
        read_key(text, Path(os.devnull))


def test_a_missing_key_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SealingError, match="REPORTGUIDE_KEY"):
        read_key(None, tmp_path / "none")
