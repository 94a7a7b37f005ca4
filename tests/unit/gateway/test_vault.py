"""The evidence vault: what is taken in, what is refused and why, and what lies on the disk."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest

from bot.migrations import migrate
from bot.sealing import Sealer, SealingError
from connectors.gateway import Database, Rejected, Vault, schema
from connectors.gateway.vault import MAX_FILE_BYTES, examine
from tests import files

CANARY = "王小明 13812345678 幸福路8号"


@pytest.fixture
def database(tmp_path: Path) -> Database:
    database = Database(f"sqlite:///{tmp_path / 'service.db'}")
    migrate(database.engine)
    for person in ("a", "b"):
        row = {"id": person, "channel": "web", "person": person, "created_at": 0.0}
        database.write_now(lambda connection, row=row: connection.execute(schema.conversations.insert().values(**row)))
    return database


@pytest.fixture
def vault(tmp_path: Path, database: Database) -> Vault:
    return Vault(tmp_path / "evidence", database, Sealer(bytes(32)), Sealer)


async def test_a_file_comes_back_bit_for_bit(vault: Vault) -> None:
    content = files.png(7)
    facts = await vault.keep("a", "截图.png", content)
    assert (facts.sha256, facts.size, facts.media_type) == (
        hashlib.sha256(content).hexdigest(),
        len(content),
        "image/png",
    )
    assert await vault.read("a", facts.id) == content


async def test_others_do_not_find_it(vault: Vault) -> None:
    facts = await vault.keep("a", "x.png", files.png())
    assert await vault.facts("b", [facts.id]) == []
    with pytest.raises(KeyError):
        await vault.read("b", facts.id)


async def test_the_same_file_twice_is_one_item(vault: Vault) -> None:
    first = await vault.keep("a", "x.png", files.png())
    assert (await vault.keep("a", "y.png", files.png())).id == first.id
    assert len(await vault.facts("a")) == 1


def everything_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


async def test_nothing_on_disk_is_in_clear(vault: Vault, tmp_path: Path, database: Database) -> None:
    content = files.pdf(CANARY)
    await vault.keep("a", f"{CANARY}.pdf", content)
    database.close()
    stored = everything_in(tmp_path)
    for secret in (CANARY.encode(), "王小明".encode(), b"%PDF-1.4", hashlib.sha256(content).hexdigest().encode()):
        assert secret not in stored


async def test_a_changed_file_is_noticed(vault: Vault, tmp_path: Path) -> None:
    facts = await vault.keep("a", "x.png", files.png())
    [file] = [path for path in (tmp_path / "evidence").rglob("*") if path.is_file()]
    stored = bytearray(file.read_bytes())
    stored[-1] ^= 1
    file.write_bytes(bytes(stored))
    with pytest.raises(SealingError):
        await vault.read("a", facts.id)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.png", files.png(), "image/png"),
        ("wrong.pdf", files.png(), "image/png"),
        ("a.jpg", files.jpeg(), "image/jpeg"),
        ("a.pdf", files.pdf(), "application/pdf"),
        ("a.mp4", files.mp4(), "video/mp4"),
    ],
)
def test_the_kind_is_told_by_the_bytes(name: str, content: bytes, kind: str) -> None:
    assert examine(name, content) == kind


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.png", b"", "file_empty"),
        ("a.png", files.png()[:40], "file_cut"),
        ("a.jpg", files.jpeg()[:-2], "file_cut"),
        ("a.pdf", files.pdf()[:-8], "file_cut"),
        ("a.mp4", files.mp4()[:-5], "file_cut"),
        ("a.jpg", b"MZ\x90\x00" + b"\0" * 200, "file_kind"),
        ("a.png", b"<script>alert(1)</script>", "file_kind"),
        ("a.jpg", b"\x7fELF" + b"\0" * 200, "file_kind"),
        ("a.png", files.png() + b"\0" * MAX_FILE_BYTES, "file_large"),
    ],
)
def test_what_cannot_be_evidence_is_refused_with_its_reason(name: str, content: bytes, reason: str) -> None:
    with pytest.raises(Rejected) as refused:
        examine(name, content)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd.png"),
        ("C:\\Users\\x\\图.png", "图.png"),
        ("a\u202egnp.exe", "agnp.png"),
        ("照片.jpg", "照片.png"),
        ("", ".png"),
    ],
)
async def test_names_lose_folders_and_tricks(vault: Vault, given: str, kept: str) -> None:
    assert (await vault.keep("a", given, files.png())).name.endswith(kept)


async def test_twenty_at_once(vault: Vault) -> None:
    kept = await asyncio.gather(*(vault.keep("a", f"{n}.png", files.png(n)) for n in range(20)))
    assert len({item.id for item in kept}) == 20
    assert len(await vault.facts("a")) == 20
