"""Filing a report over real HTTP: evidence first, then the report, one case for one draft."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from datetime import date
from pathlib import Path

import pytest

from connectors.backend import BackendClient, BackendRefused, BackendUnauthorised
from connectors.backend.contract import MAX_EVIDENCE_BYTES, MAX_REPORT_BYTES
from connectors.backend.reference import create_app
from connectors.backend.reference.evidence import BLOCK_BYTES, EvidenceFolder
from tests.backend.harness import (
    CANARY,
    NOON,
    SEALER,
    TOKEN,
    Clock,
    a_call_back,
    a_report,
    a_supplement,
    backend,
    client,
    filed,
    pieces,
    raw,
    sha256,
    upload,
)


async def test_evidence_then_report_then_receipt(api: BackendClient) -> None:
    report = a_report(b"screenshot", b"recording")
    await upload(api, report.draft_id, b"screenshot", b"recording")
    receipt = await api.submit(report)
    assert receipt.case_no == "W20261123-0001"
    assert re.fullmatch("[2-9A-HJ-NP-Z]{6}", receipt.query_code)
    assert receipt.received_at == NOON
    assert receipt.answer_by.isoformat() == "2026-11-26"
    assert receipt.evidence == [sha256(b"screenshot"), sha256(b"recording")]
    assert await api.report(receipt.case_no) == filed(report)


async def test_numbers_run_on_within_a_day_in_beijing(api: BackendClient, clock: Clock) -> None:
    assert [(await api.submit(a_report())).case_no[-4:] for _ in range(3)] == ["0001", "0002", "0003"]
    clock.forward(hours=11, minutes=59)
    assert (await api.submit(a_report())).case_no == "W20261123-0004"
    clock.forward(minutes=1)
    assert (await api.submit(a_report())).case_no == "W20261124-0001"


async def test_a_repetition_gets_the_same_receipt(api: BackendClient, clock: Clock, address: str) -> None:
    report = a_report(b"screenshot")
    await upload(api, report.draft_id, b"screenshot")
    first = await api.submit(report)
    clock.forward(days=3)
    assert await api.submit(report) == first
    assert len(await api.cases()) == 1
    # Members in another order are the same report; the status tells that nothing new was made.
    body = json.dumps(dict(reversed(json.loads(report.model_dump_json()).items())))
    with raw(address) as http:
        again = http.post(
            "/v1/reports",
            content=body,
            headers={"Idempotency-Key": report.draft_id, "Content-Type": "application/json"},
        )
    assert (again.status_code, again.json()["case_no"]) == (200, first.case_no)


async def test_another_report_for_the_same_draft_is_a_conflict(api: BackendClient) -> None:
    report = a_report()
    first = await api.submit(report)
    with pytest.raises(BackendRefused) as refusal:
        await api.submit(report.model_copy(update={"consent": "partial"}))
    assert refusal.value.status == 409
    assert await api.report(first.case_no) == filed(report)


async def test_a_provisional_report_that_follows_on_another(api: BackendClient) -> None:
    first = (await api.submit(a_report())).case_no
    report = a_report(proof_owed_by=date(2026, 12, 3), relates_to=first)
    receipt = await api.submit(report)
    assert await api.report(receipt.case_no) == filed(report)
    # A hint: a case of another agency, or a mistaken number, must not stop a report.
    stray = a_report(relates_to="W20190101-0001")
    assert await api.report((await api.submit(stray)).case_no) == filed(stray)
    with pytest.raises(BackendRefused) as refusal:
        await api.submit(report.model_copy(update={"relates_to": None}))
    assert refusal.value.status == 409


async def test_a_file_of_an_earlier_version_goes_on(tmp_path: Path) -> None:
    """Made as before supplements: without their tables, and with a fingerprint over the members of that time."""
    report = a_report()
    with backend(tmp_path) as address:
        async with client(address) as api:
            receipt = await api.submit(report)
    members = report.model_dump(mode="json", exclude={"proof_owed_by", "relates_to"})
    fingerprint = SEALER.name(json.dumps(members, sort_keys=True, ensure_ascii=False).encode(), "backend-report")
    database = sqlite3.connect(tmp_path / "backend.db")
    with database:
        database.execute("DROP TABLE supplements")
        database.execute("DROP TABLE call_backs")
        database.execute("UPDATE cases SET fingerprint = ?", (fingerprint,))
    database.close()
    supplement, request = a_supplement(receipt.case_no), a_call_back()
    with backend(tmp_path) as address:
        async with client(address) as api:
            assert await api.submit(report) == receipt
            await api.supplement(supplement)
            await api.call_back(request)
            assert await api.report(receipt.case_no) == filed(report, supplement)
            assert await api.call_backs() == [request]


async def test_twenty_at_once_open_one_case(api: BackendClient) -> None:
    report = a_report(b"screenshot")
    await upload(api, report.draft_id, b"screenshot")
    receipts = await asyncio.gather(*(api.submit(report) for _ in range(20)))
    assert {receipt.model_dump_json() for receipt in receipts} == {receipts[0].model_dump_json()}
    assert len(await api.cases()) == 1


async def test_two_processes_on_one_file_open_one_case(tmp_path: Path) -> None:
    # One process is the rule; a second one started by mistake must not make two cases of one draft either.
    report = a_report()
    with backend(tmp_path) as one, backend(tmp_path) as other:
        async with client(one) as api, client(other) as twin:
            sent = [side.submit(report) for side in (api, twin) * 10]
            sent += [side.submit(a_report()) for side in (api, twin) * 10]
            receipts = await asyncio.gather(*sent)
            assert len({receipt.case_no for receipt in receipts}) == len(await api.cases()) == 21


async def test_twenty_drafts_at_once_get_twenty_numbers(api: BackendClient) -> None:
    receipts = await asyncio.gather(*(api.submit(a_report()) for _ in range(20)))
    assert sorted(receipt.case_no for receipt in receipts) == [f"W20261123-{number:04d}" for number in range(1, 21)]


async def test_the_key_must_be_the_drafts(address: str) -> None:
    report = a_report()
    json_headers = {"Content-Type": "application/json"}
    with raw(address) as http:
        without = http.post("/v1/reports", content=report.model_dump_json(), headers=json_headers)
        other = http.post(
            "/v1/reports",
            content=report.model_dump_json(),
            headers=json_headers | {"Idempotency-Key": a_report().draft_id},
        )
        assert http.get("/v1/cases").json() == {"cases": []}
    assert (without.status_code, other.status_code) == (422, 422)


# --- evidence ---------------------------------------------------------------------------------------------------------


async def test_evidence_must_be_there_before_the_report(api: BackendClient) -> None:
    report = a_report(b"here", b"missing", b"missing")
    await upload(api, report.draft_id, b"here")
    with pytest.raises(BackendRefused) as refusal:
        await api.submit(report)
    assert refusal.value.status == 422
    assert refusal.value.problem
    assert refusal.value.problem.missing_evidence == [sha256(b"missing")]
    assert await api.cases() == []
    await upload(api, report.draft_id, b"missing")
    assert (await api.submit(report)).case_no == "W20261123-0001", "a refused report used up no number"


async def test_evidence_belongs_to_its_draft(api: BackendClient) -> None:
    await upload(api, a_report().draft_id, b"screenshot")
    with pytest.raises(BackendRefused, match="Upload the evidence"):
        await api.submit(a_report(b"screenshot"))


@pytest.mark.parametrize("size", [1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 2 * BLOCK_BYTES, 1_000_003])
async def test_what_is_stored_is_what_was_sent(api: BackendClient, tmp_path: Path, size: int) -> None:
    content = bytes(number % 251 for number in range(size))
    report = a_report(content)
    stored = await api.put_evidence(report.draft_id, sha256(content), pieces(content), "image/png")
    assert (stored.sha256, stored.size) == (sha256(content), size)
    # A repetition in one piece changes nothing.
    assert await api.put_evidence(report.draft_id, sha256(content), content, "image/png") == stored
    assert len(list((tmp_path / "evidence").iterdir())) == 1
    folder = EvidenceFolder(tmp_path / "evidence", SEALER)
    assert b"".join(folder.read(report.draft_id, sha256(content))) == content


async def test_a_stored_file_that_was_cut_or_reordered_does_not_open(api: BackendClient, tmp_path: Path) -> None:
    content = bytes(2 * BLOCK_BYTES)
    report = a_report(content)
    await upload(api, report.draft_id, content)
    (file,) = (tmp_path / "evidence").iterdir()
    whole = file.read_bytes()
    frame = len(whole) // 2
    folder = EvidenceFolder(tmp_path / "evidence", SEALER)
    for damaged in (whole[:frame], whole[frame:] + whole[:frame], whole[:-1], whole[frame:]):
        file.write_bytes(damaged)
        with pytest.raises(Exception, match="sealed value"):
            b"".join(folder.read(report.draft_id, sha256(content)))


async def test_wrong_bytes_are_not_kept(api: BackendClient, address: str, tmp_path: Path) -> None:
    report = a_report(b"screenshot")
    with pytest.raises(BackendRefused) as refusal:
        await api.put_evidence(report.draft_id, sha256(b"screenshot"), b"screenshoT", "image/png")
    assert refusal.value.status == 422
    with pytest.raises(BackendRefused, match="empty"):
        await api.put_evidence(report.draft_id, sha256(b""), b"", "image/png")
    assert list((tmp_path / "evidence").iterdir()) == []


@pytest.mark.parametrize("announced", [True, False])
async def test_evidence_has_a_largest_size(api: BackendClient, tmp_path: Path, announced: bool) -> None:
    content = bytes(MAX_EVIDENCE_BYTES + 1)
    with pytest.raises(BackendRefused) as refusal:
        await api.put_evidence(
            a_report().draft_id, sha256(content), content if announced else pieces(content, 1_000_000), "video/mp4"
        )
    assert refusal.value.status == 413
    assert list((tmp_path / "evidence").iterdir()) == []
    just = content[:-1]
    assert (await api.put_evidence(a_report().draft_id, sha256(just), just, "video/mp4")).size == MAX_EVIDENCE_BYTES


async def test_two_uploads_of_one_file_at_once(api: BackendClient, tmp_path: Path) -> None:
    content, draft_id = bytes(700_000), a_report().draft_id
    await asyncio.gather(*(api.put_evidence(draft_id, sha256(content), pieces(content), "image/png") for _ in range(4)))
    folder = EvidenceFolder(tmp_path / "evidence", SEALER)
    assert b"".join(folder.read(draft_id, sha256(content))) == content


# --- what must not come in --------------------------------------------------------------------------------------------

PROTECTED = [
    ("PUT", f"/v1/submissions/{a_report().draft_id}/evidence/{'0' * 64}"),
    ("POST", "/v1/reports"),
    ("POST", "/v1/case-queries"),
    ("GET", "/v1/cases"),
    ("GET", "/v1/cases/W20261123-0001"),
    ("GET", "/v1/cases/W20261123-0001/report"),
    ("POST", "/v1/cases/W20261123-0001/supplements"),
    ("POST", "/v1/cases/W20261123-0001/advance"),
    ("POST", "/v1/call-backs"),
    ("GET", "/v1/call-backs"),
]
JSON_BODIES = [path for method, path in PROTECTED if method == "POST"]


@pytest.mark.parametrize(("method", "path"), PROTECTED)
@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Bearer", "Basic YTpi", "Bearer \xe9"])
def test_nothing_without_the_token(lasting_address: str, method: str, path: str, authorization: str | None) -> None:
    with raw(lasting_address) as http:
        del http.headers["Authorization"]
        headers = {} if authorization is None else {b"Authorization": authorization.encode("latin-1")}
        answer = http.request(method, path, headers=headers, content=b"{}" if method != "GET" else None)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_the_protected_routes_above_are_all_there_are(tmp_path: Path) -> None:
    paths = create_app(tmp_path / "backend.db", SEALER, TOKEN).openapi()["paths"]
    listed = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert len(listed - {("GET", "/health")}) == len(PROTECTED)


@pytest.mark.parametrize(
    ("path", "allowed"), [("/v1/call-backs", "GET, POST"), ("/v1/reports", "POST"), ("/v1/cases", "GET")]
)
def test_another_method_is_told_which_are_served(lasting_address: str, path: str, allowed: str) -> None:
    with raw(lasting_address) as http:
        answer = http.delete(path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_health_needs_no_token(address: str) -> None:
    with raw(address) as http:
        del http.headers["Authorization"]
        assert http.get("/health").json() == {"status": "ok", "api_version": "v1", "callbacks_waiting": 0}
        assert http.get("/openapi.json").status_code == 404
        assert http.get("/docs").status_code == 404


@pytest.mark.parametrize("path", JSON_BODIES)
@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (b"{}", "text/plain", 415),
        (b"", "application/json", 422),
        (b"{", "application/json", 422),
        (b"[1, 2]", "application/json", 422),
        (b'{"\xff": 1}', "application/json", 422),
        (b'"\\ud800"', "application/json", 422),
        (b"[" * 100_000, "application/json", 422),
        (b'{"surprise": "' + CANARY.encode() + b'"}', "application/json; charset=utf-8", 422),
    ],
    ids=["not-json", "empty", "cut", "list", "not-utf8", "lone-surrogate", "deep", "unknown-member"],
)
def test_unknown_json_is_refused_without_an_echo(
    lasting_address: str, path: str, body: bytes, media_type: str, status: int
) -> None:
    headers = {"Content-Type": media_type, "Idempotency-Key": a_report().draft_id}
    with raw(lasting_address) as http:
        answer = http.post(path, content=body, headers=headers)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert CANARY not in answer.text


@pytest.mark.parametrize("announced", [True, False])
def test_a_report_has_a_largest_size(address: str, announced: bool) -> None:
    body = b" " * (MAX_REPORT_BYTES + 1)
    headers = {"Content-Type": "application/json", "Idempotency-Key": a_report().draft_id}
    with raw(address) as http:
        answer = http.post("/v1/reports", content=body if announced else iter([body[:-1], body[-1:]]), headers=headers)
        assert answer.status_code == 413
        fits = a_report()
        text = fits.model_dump_json().encode()
        answer = http.post(
            "/v1/reports",
            content=text + b" " * (MAX_REPORT_BYTES - len(text)),
            headers=headers | {"Idempotency-Key": fits.draft_id},
        )
        assert answer.status_code == 201


async def test_the_client_says_which_failure_it_is(address: str) -> None:
    async with client(address, token="wrong") as api:
        with pytest.raises(BackendUnauthorised):
            await api.submit(a_report())


def test_a_backend_without_a_token_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="token"):
        create_app(tmp_path / "backend.db", SEALER, "")


def test_two_days_of_numbers_survive_a_restart(tmp_path: Path, clock: Clock) -> None:
    async def file() -> str:
        async with client(address) as api:
            return (await api.submit(a_report())).case_no

    numbers = []
    for _ in range(3):
        with backend(tmp_path, clock=clock) as address:
            numbers.append(asyncio.run(file()))
    assert numbers == ["W20261123-0001", "W20261123-0002", "W20261123-0003"]
