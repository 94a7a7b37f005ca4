"""The evidence vault: what is taken in, what is refused and why, and what lies on the disk."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest

from bot.sealing import SealingError
from connectors.gateway import Database, Rejected, Vault
from connectors.gateway.vault import MAX_FILE_BYTES, examine
from connectors.gateway.vault.vault import MAX_PER_DAY
from tests import files
from tests.unit.gateway.conftest import everything_in

OOXML = "application/vnd.openxmlformats-officedocument."
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
CANARY = "王小明 13812345678 幸福路8号"


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


async def test_nothing_on_disk_is_in_clear(vault: Vault, tmp_path: Path, database: Database) -> None:
    content = files.pdf(CANARY)
    await vault.keep("a", f"{CANARY}.pdf", content)
    database.close()
    stored = everything_in(tmp_path)
    for secret in (CANARY.encode(), "王小明".encode(), b"%PDF-1.4", hashlib.sha256(content).hexdigest().encode()):
        assert secret not in stored


async def test_a_changed_file_is_noticed(vault: Vault, tmp_path: Path) -> None:
    facts = await vault.keep("a", "x.png", files.png())
    for file in [path for path in (tmp_path / "evidence").rglob("*") if path.is_file()]:
        stored = bytearray(file.read_bytes())
        stored[-1] ^= 1
        file.write_bytes(bytes(stored))
    with pytest.raises(SealingError):
        await vault.read("a", facts.id)
    with pytest.raises(SealingError):
        await vault.read_copy("a", facts.id)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.png", files.png(), "image/png"),
        ("wrong.pdf", files.png(), "image/png"),
        ("a.jpg", files.jpeg(), "image/jpeg"),
        ("a.pdf", files.pdf(), "application/pdf"),
        ("a.mp4", files.mp4(), "video/mp4"),
        ("语音.amr", b"#!AMR\n" + b"\x04" * 40, "audio/amr"),
        ("a.awb", b"#!AMR-WB\n" + b"\x04" * 40, "audio/amr"),
        ("a.silk", b"\x02#!SILK_V3" + b"\x04" * 40, "audio/silk"),
        ("voice.oga", b"OggS\x00\x02" + bytes(22) + b"OpusHead" + bytes(40), "audio/ogg"),
        ("陈述.rtf", b"{\\rtf1\\ansi hello}", "application/rtf"),
        ("聊天记录.txt", "2026-11-21 20:03 老城一霸\n就是他偷的".encode(), "text/plain"),
        ("聊天记录.txt", "就是他偷的".encode("gb18030"), "text/plain"),
        ("名单.csv", "\ufeff姓名,电话\n王小明,1".encode(), "text/csv"),
        ("messages.html", b"\xef\xbb\xbf\n<!-- saved -->\n<!DOCTYPE html><html><body>x</body></html>", "text/html"),
        ("chat.zip", files.archive({"chat.txt": b"x"}), "application/zip"),
        ("a.zip", files.archive({"word/document.xml": b"<w/>"}), OOXML + "wordprocessingml.document"),
        ("a.xlsx", files.archive({"xl/workbook.xml": b"<w/>"}), OOXML + "spreadsheetml.sheet"),
        ("a.pptx", files.archive({"ppt/presentation.xml": b"<w/>"}), OOXML + "presentationml.presentation"),
        ("合同.wps", OLE + "WordDocument".encode("utf-16-le") + bytes(64), "application/msword"),
        ("a.xls", OLE + "Workbook".encode("utf-16-le") + bytes(64), "application/vnd.ms-excel"),
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
        ("a.png", b"hello", "file_kind"),
        ("a.txt", b"MZ\x90\x00" + b"\0" * 200, "file_kind"),
        ("a.txt", b"<html><script>alert(1)</script>", "file_kind"),
        ("a.html", b"not a page", "file_kind"),
        ("a.sh", b"#!/bin/sh\n", "file_kind"),
        ("a.doc", OLE + bytes(600), "file_kind"),
        ("a.zip", files.archive({"chat.txt": b"x"})[:-8], "file_cut"),
        ("a.rtf", b"{\\rtf1\\ansi hell", "file_cut"),
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


async def test_a_day_has_a_number_of_files(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.gateway.vault.vault.MAX_PER_DAY", 3)
    assert MAX_PER_DAY == 100
    answers = await asyncio.gather(
        *(vault.keep("a", f"{n}.png", files.png(n)) for n in range(6)), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, Rejected)]
    assert [problem.reason for problem in refused] == ["file_many"] * 3
    assert len(await vault.facts("a")) == 3
    await vault.keep("b", "x.png", files.png())


async def test_what_was_refused_leaves_no_file_behind(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.gateway.vault.vault.MAX_PER_DAY", 1)
    await asyncio.gather(*(vault.keep("a", f"{n}.pdf", files.pdf(str(n))) for n in range(4)), return_exceptions=True)
    assert len([path for path in (tmp_path / "evidence").rglob("*") if path.is_file()]) == 1
