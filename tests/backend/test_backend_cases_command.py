"""`reportguide cases`: what staff read of a case, its supplements, and who waits for a call."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Awaitable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from actions.handover import Handover
from actions.submission import Away, Evidence, Submission
from bot.backend import ContractBackend
from bot.cli.cases import call_backs, show
from bot.cli.faults import Fault
from bot.migrations import migrate
from bot.sealing import Sealer
from bot.settings import Settings
from connectors.backend import BackendClient
from connectors.gateway import Database, Vault, schema
from tests.backend.harness import CANARY, TOKEN, a_call_back, a_report, a_supplement, sha256
from tests.files import png

KEY = bytes(range(32))
CONVERSATION = "conversation-1"


@dataclass
class Home:
    """A service's state as it lies on disk, and how to fill it."""

    settings: Settings
    vault: Vault
    submission: Submission
    handover: Handover

    async def report(self, **changes: Any) -> str:
        report = a_report(**changes)
        body = json.loads(report.model_dump_json(exclude={"evidence"}))
        submitted = await self.submission.submit(report.draft_id, CONVERSATION, body, [], 20)
        assert submitted.case_no
        return submitted.case_no

    async def supplement(self, case_no: str, *files: bytes, **changes: Any) -> None:
        supplement = a_supplement(case_no, *files, **changes)
        kept = [(await self.vault.keep(CONVERSATION, f"{CANARY}.png", content)).id for content in files]
        body = json.loads(supplement.model_dump_json(exclude={"evidence"}))
        await self.handover.give(supplement.supplement_id, CONVERSATION, "supplement", body, kept, 20)


@pytest.fixture
async def home(
    tmp_path: Path, address: str, api: BackendClient, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Home]:
    monkeypatch.setenv("COLUMNS", "200")
    settings = Settings(
        home=tmp_path / "home", key=base64.b64encode(KEY).decode(), backend_url=address, backend_token=TOKEN
    )
    settings.home.mkdir()
    database, sealer = Database(settings.service_database), settings.sealer()
    migrate(database.engine)
    conversation = schema.conversations.insert().values(id=CONVERSATION, channel="web", person="x", created_at=0.0)
    await database.write(lambda connection: connection.execute(conversation))
    vault = Vault(settings.home / "evidence", database, sealer, Sealer)

    async def read(conversation: str, item: str) -> tuple[dict[str, Any], bytes]:
        [facts] = await vault.facts(conversation, [item])
        told = asdict(facts)
        told.pop("id")
        told["received_at"] = datetime.fromtimestamp(facts.received_at, UTC).isoformat()
        return told, await vault.read(conversation, item)

    desk = ContractBackend(api)
    yield Home(
        settings,
        vault,
        Submission(database, sealer, desk, read),
        Handover(database, sealer, desk, read),
    )
    database.close()


async def printed(capsys: pytest.CaptureFixture[str], command: Awaitable[None]) -> str:
    capsys.readouterr()  # The backend of the tests logs into the same output.
    await command
    return capsys.readouterr().out


async def shown(home: Home, case_no: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(await printed(capsys, show(home.settings, case_no, as_json=True)))
    return whole


async def test_a_case_is_shown_with_what_was_added(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    earlier = await home.report()
    case_no = await home.report(proof_owed_by=date(2026, 12, 3), relates_to=earlier)
    await home.supplement(case_no, png(1), png(2), note=None)
    await home.supplement(case_no, note="[/b]原始链接\x1b[31m")
    await home.supplement(earlier, note="另一个案件的")
    whole = await shown(home, case_no, capsys)
    assert (whole["proof_owed_by"], whole["relates_to"]) == ("2026-12-03", earlier)
    assert [(item["note"], item["state"], len(item["evidence"])) for item in whole["supplements"]] == [
        (None, "sent", 2),
        ("[/b]原始链接\x1b[31m", "sent", 0),
    ]
    files = whole["supplements"][0]["evidence"]
    assert [(item["name"], item["sha256"], item["intact"]) for item in files] == [
        (f"{CANARY}.png", sha256(content), True) for content in (png(1), png(2))
    ]
    text = await printed(capsys, show(home.settings, case_no, as_json=False))
    for words in (
        sha256(png(1)),
        sha256(png(2)),
        f"follows on {earlier}",
        "owed by 2026-12-03",
        "[/b]原始链接",
        CANARY,
    ):
        assert words in text
    assert "\x1b" not in text, "a reporter's control codes reach no terminal"
    assert "另一个案件的" not in text


async def test_a_case_without_additions(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    case_no = await home.report()
    whole = await shown(home, case_no, capsys)
    assert (whole["supplements"], whole["proof_owed_by"], whole["relates_to"]) == ([], None, None)
    text = await printed(capsys, show(home.settings, case_no, as_json=False))
    assert not any(words in text for words in ("supplement", "follows on", "owed by"))


@pytest.mark.parametrize("damage", ["changed", "gone"])
async def test_a_damaged_file_is_told(home: Home, capsys: pytest.CaptureFixture[str], damage: str) -> None:
    case_no = await home.report()
    await home.supplement(case_no, png())
    for stored in [file for file in (home.settings.home / "evidence").rglob("*") if file.is_file()]:
        if damage == "gone":
            stored.unlink()
        else:
            stored.write_bytes(stored.read_bytes()[:-1] + b"\x00")
    [supplement] = (await shown(home, case_no, capsys))["supplements"]
    assert [item["intact"] for item in supplement["evidence"]] == [False]
    assert "NO" in await printed(capsys, show(home.settings, case_no, as_json=False))


async def test_a_supplement_on_its_way_is_told_as_such(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(self: ContractBackend, body: dict[str, Any], evidence: Evidence) -> None:
        raise Away("no answer")

    case_no = await home.report()
    monkeypatch.setattr(ContractBackend, "supplement", away)
    await home.supplement(case_no)
    assert [item["state"] for item in (await shown(home, case_no, capsys))["supplements"]] == ["waiting"]


async def test_who_waits_for_a_call(home: Home, api: BackendClient, capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(await printed(capsys, call_backs(home.settings, as_json=True))) == []
    requests = [a_call_back(wish="[/b]请回电"), a_call_back(matter=None)]
    for request in requests:
        await api.call_back(request)
    listed = json.loads(await printed(capsys, call_backs(home.settings, as_json=True)))
    assert listed == [request.model_dump(mode="json") for request in requests]
    text = await printed(capsys, call_backs(home.settings, as_json=False))
    for words in (CANARY, "工作日下午", "[/b]请回电", "personal_info_leak", "—"):
        assert words in text


async def test_without_a_backend_the_list_says_what_to_do(home: Home) -> None:
    with pytest.raises(Fault, match="no answer") as fault:
        await call_backs(home.settings.model_copy(update={"backend_url": "http://127.0.0.1:9"}), as_json=True)
    assert "reportguide up" in fault.value.remedy
