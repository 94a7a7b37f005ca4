"""What a stolen disk, or a log, would tell: nothing about a person."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from pathlib import Path

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from bot.sealing import Sealer, SealingError
from connectors.backend import BackendRefused, CaseState, ReportBody
from connectors.backend.reference import CallbackTarget
from connectors.backend.reference.evidence import BLOCK_BYTES
from connectors.backend.reference.store import Store
from tests.backend.harness import (
    CANARY,
    QUICK,
    SEALER,
    SECRET,
    TOKEN,
    a_call_back,
    a_report,
    a_supplement,
    backend,
    client,
    raw,
    sha256,
    wait_until,
)

PICTURE = (CANARY.encode() + b"\x00") * 20_000  # several blocks


def contents(folder: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


async def live(address: str) -> list[str]:
    """A report's whole life, refusals included. Returns what must not be found in clear."""
    report = a_report(PICTURE)
    async with client(address) as api:
        with pytest.raises(BackendRefused):
            await api.submit(report)
        await api.put_evidence(report.draft_id, sha256(PICTURE), PICTURE, "image/png")
        receipt = await api.submit(report)
        await api.submit(report)
        with pytest.raises(BackendRefused):
            await api.submit(report.model_copy(update={"consent": "partial"}))
        await api.status_with_code(receipt.case_no, receipt.query_code)
        await api.advance(receipt.case_no, CaseState.NEED_MORE, f"请{CANARY}补充")
        supplement, request = a_supplement(receipt.case_no, PICTURE), a_call_back()
        with pytest.raises(BackendRefused):
            await api.supplement(supplement)
        await api.put_evidence(supplement.supplement_id, sha256(PICTURE), PICTURE, "image/png")
        await api.supplement(supplement)
        with pytest.raises(BackendRefused):
            await api.supplement(supplement.model_copy(update={"note": None}))
        await api.call_back(request)
        with pytest.raises(BackendRefused):
            await api.call_back(request.model_copy(update={"hours": "上午"}))
        await api.report(receipt.case_no)
        await api.cases()
        await api.call_backs()
    return [
        CANARY,
        sha256(PICTURE),
        receipt.query_code,
        "personal_info_leak",
        "example.com",
        TOKEN,
        SECRET.decode(),
        "工作日",
    ]


async def test_the_disk_has_nothing_in_clear(tmp_path: Path) -> None:
    nobody = CallbackTarget("http://127.0.0.1:9/callback", SECRET)
    with backend(tmp_path, callback=nobody, retry=QUICK) as address:
        secrets = await live(address)
        files = contents(tmp_path)
        assert {"backend.db", "backend.db-wal"} <= {file.name for file in files}
    # Stopped, the log is folded into the database: look at both states.
    for file, content in [*files.items(), *contents(tmp_path).items()]:
        for secret in secrets:
            for encoding in ("utf-8", "utf-16-le"):
                assert secret.encode(encoding) not in content, f"{file.name} holds {secret!r}"
            assert secret not in file.name
    stored = list((tmp_path / "evidence").iterdir())
    assert len(stored) == 2, "one picture, for the report and for the supplement: nothing tells that it is the same"
    assert all(file.stat().st_size > len(PICTURE) > 2 * BLOCK_BYTES for file in stored)


async def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    with backend(tmp_path) as address:
        await live(address)
        open_to_others = {path for path in contents(tmp_path) if stat.S_IMODE(path.stat().st_mode) & 0o077}
        assert not open_to_others
        assert stat.S_IMODE((tmp_path / "evidence").stat().st_mode) == 0o700


async def test_the_log_names_no_one(tmp_path: Path) -> None:
    nobody = CallbackTarget("http://127.0.0.1:9/callback", SECRET)
    with capture_logs() as log, backend(tmp_path, callback=nobody, retry=QUICK) as address:
        secrets = await live(address)
        await asyncio.to_thread(wait_until, lambda: any(line["event"] == "backend.callback_failed" for line in log))
    expected = {"case_opened", "case_advanced", "case_supplemented", "call_back_asked"}
    assert {f"backend.{event}" for event in expected} <= {line["event"] for line in log}
    for secret in [*secrets[:3], *secrets[4:]]:
        assert secret not in repr(log)


async def test_a_failure_says_nothing_of_what_it_failed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(self: Store, report: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(Store, "submit", failing)
    report = a_report()
    with backend(tmp_path) as address, raw(address) as http:
        answer = http.post(
            "/v1/reports",
            content=report.model_dump_json(),
            headers={"Idempotency-Key": report.draft_id, "Content-Type": "application/json"},
        )
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, "application/problem+json")
    assert "boom" not in answer.text
    assert CANARY not in caplog.text


async def test_a_value_moved_to_another_row_does_not_open(tmp_path: Path) -> None:
    with backend(tmp_path) as address:
        async with client(address) as api:
            first, second = await api.submit(a_report()), await api.submit(a_report())
            database = sqlite3.connect(tmp_path / "backend.db")
            with database:
                database.execute(
                    "UPDATE cases SET report = (SELECT report FROM cases WHERE case_no = ?) WHERE case_no = ?",
                    (first.case_no, second.case_no),
                )
            database.close()
            await api.report(first.case_no)
            with raw(address) as http:
                assert http.get(f"/v1/cases/{second.case_no}/report").status_code == 500


@pytest.mark.parametrize("change", ["case_no", "body"])
async def test_a_supplement_put_under_another_case_does_not_open(tmp_path: Path, change: str) -> None:
    with backend(tmp_path) as address:
        async with client(address) as api:
            cases = [(await api.submit(a_report())).case_no for _ in range(2)]
            ids = []
            for case_no in cases:
                ids.append(a_supplement(case_no))
                await api.supplement(ids[-1])
            database = sqlite3.connect(tmp_path / "backend.db")
            with database:
                database.execute(
                    f"UPDATE supplements SET {change} = (SELECT {change} FROM supplements WHERE case_no = ?)"
                    " WHERE supplement_id = ?",
                    (cases[0], ids[1].supplement_id),
                )
            database.close()
            with raw(address) as http:
                assert http.get(f"/v1/cases/{cases[0 if change == 'case_no' else 1]}/report").status_code == 500


def test_a_validation_error_does_not_quote_what_it_refuses() -> None:
    with pytest.raises(ValidationError) as refusal:
        ReportBody.model_validate_json(a_report().model_dump_json().replace('"full"', f'"{CANARY}"'))
    assert CANARY not in str(refusal.value)


def test_the_sealer_of_the_tests_is_the_real_one() -> None:
    blob = SEALER.seal(b"x", "a")
    with pytest.raises(SealingError):
        Sealer(bytes(32)).open(blob, "a")
