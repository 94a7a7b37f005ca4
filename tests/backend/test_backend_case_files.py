"""`reportguide cases file` and `record`: what staff take out of the vault, and that it is recorded."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from actions.submission import Submission
from bot.backend import ContractBackend
from bot.cli.case_files import file, record
from bot.cli.cases import show
from bot.cli.faults import Fault
from bot.evidence import open_vault
from bot.migrations import migrate
from bot.settings import Settings
from connectors.backend import BackendClient
from connectors.gateway import Database, Vault, schema
from connectors.gateway.fetching import Fetcher
from connectors.gateway.pages import PageCopies
from tests import files
from tests.backend.harness import TOKEN, a_report, sha256
from tests.unit.gateway.test_fetching import answer, server
from tests.unit.gateway.test_vault_copies import photo as photograph

CONVERSATION = "conversation-1"
PAPER = files.pdf("聊天记录")
POST = b"<!DOCTYPE html><html><body>post</body></html>"


@dataclass
class Home:
    """A case with a photograph and a paper, and a linked page."""

    settings: Settings
    vault: Vault
    case_no: str
    photo: bytes


@pytest.fixture
async def home(tmp_path: Path, address: str, api: BackendClient) -> AsyncIterator[Home]:
    key = base64.b64encode(bytes(range(32))).decode()
    settings = Settings(home=tmp_path / "home", key=key, backend_url=address, backend_token=TOKEN)
    settings.home.mkdir()
    database, sealer = Database(settings.service_database), settings.sealer()
    migrate(database.engine)
    conversation = schema.conversations.insert().values(id=CONVERSATION, channel="web", person="x", created_at=0.0)
    await database.write(lambda connection: connection.execute(conversation))
    vault = open_vault(settings, database, sealer)
    report, photo = a_report(), photograph()
    sent = (("a.jpg", photo), ("b.pdf", PAPER))
    kept = [(await vault.keep(CONVERSATION, name, content)).id for name, content in sent]
    await vault.keep(CONVERSATION, "unreported.png", files.png(9))
    await vault.file_under(CONVERSATION, report.draft_id, kept)
    async with server(answer(POST)) as (port, _seen):
        copies = PageCopies(database, sealer, vault, Fetcher(also={("127.0.0.1", port)}))
        links = [f"http://127.0.0.1:{port}/post", "http://127.0.0.1:9/gone"]
        await copies.note(CONVERSATION, report.draft_id, links)
        await copies.round()

    async def nothing(_conversation: str, _item: str) -> tuple[dict[str, Any], bytes]:
        raise KeyError("no evidence is sent here")

    submission = Submission(database, sealer, ContractBackend(api), nothing)
    body = json.loads(report.model_dump_json(exclude={"evidence"}))
    submitted = await submission.submit(report.draft_id, CONVERSATION, body, [], 20)
    assert submitted.case_no
    yield Home(settings, vault, submitted.case_no, photo)
    database.close()


async def touches(home: Home, capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str, str]]:
    capsys.readouterr()
    await record(home.settings, home.case_no, as_json=True)
    return [(row["sha256"], row["action"], row["who"]) for row in json.loads(capsys.readouterr().out)]


async def test_a_picture_is_handed_out_without_its_metadata_and_that_is_recorded(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = sha256(home.photo)
    copy, original = tmp_path / "copy.jpg", tmp_path / "original.jpg"
    await file(home.settings, home.case_no, name[:8], copy, "李工", original=False)
    assert b"Exif" in home.photo
    assert b"Exif" not in copy.read_bytes()
    assert copy.stat().st_mode & 0o777 == 0o600
    await file(home.settings, home.case_no, name, original, "王工", original=True)
    assert original.read_bytes() == home.photo
    mine = [(action, who) for found, action, who in await touches(home, capsys) if found == name]
    assert mine == [("stored", "person"), ("copied", "staff:李工"), ("read", "staff:王工")]


@pytest.mark.parametrize("content", [PAPER, POST], ids=["a paper", "a page's copy"])
async def test_what_has_no_working_copy_comes_as_it_is(home: Home, tmp_path: Path, content: bytes) -> None:
    target = tmp_path / "out"
    await file(home.settings, home.case_no, sha256(content)[:8].upper(), target, "李工", original=False)
    assert target.read_bytes() == content


async def test_a_case_is_shown_with_its_pages(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    await show(home.settings, home.case_no, as_json=True)
    kept, failed = json.loads(capsys.readouterr().out)["pages"]
    assert (kept["state"], kept["status"], kept["address"]) == ("kept", 200, kept["link"])
    assert (kept["copy"]["sha256"], kept["copy"]["intact"]) == (sha256(POST), True)
    assert (failed["state"], failed["why"], failed["copy"]) == ("failed", "port", None)
    await show(home.settings, home.case_no, as_json=False)
    text = capsys.readouterr().out
    assert failed["link"] in text
    assert kept["address"] in text
    assert ("staff:cases" in [who for _, _, who in await touches(home, capsys)]) is True


@pytest.mark.parametrize("name", ["", "0123456", "ffffffffffff", sha256(files.png(9))])
async def test_only_files_of_the_case_are_found(home: Home, tmp_path: Path, name: str) -> None:
    with pytest.raises(Fault, match="files of"):
        await file(home.settings, home.case_no, name, tmp_path / "out", "李工", original=False)
    assert not (tmp_path / "out").exists()


async def test_nothing_is_written_over(home: Home, tmp_path: Path) -> None:
    target = tmp_path / "mine.txt"
    target.write_text("mine", "utf-8")
    with pytest.raises(Fault, match="cannot be written"):
        await file(home.settings, home.case_no, sha256(PAPER), target, "李工", original=False)
    assert target.read_text("utf-8") == "mine"


async def test_a_file_that_was_changed_is_not_handed_out(home: Home, tmp_path: Path) -> None:
    for stored in [path for path in (home.settings.home / "evidence").rglob("*") if path.is_file()]:
        stored.write_bytes(stored.read_bytes()[:-1] + b"x")
    with pytest.raises(Fault, match="cannot be read"):
        await file(home.settings, home.case_no, sha256(PAPER), tmp_path / "out", "李工", original=False)
