"""Adding to a case: once, whole, and a case that waited for it moves on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from connectors.backend import (
    BackendClient,
    BackendRefused,
    CaseState,
    NotFound,
    StatusCallback,
    SupplementReceipt,
)
from connectors.backend.reference.evidence import EvidenceFolder
from tests.backend.harness import (
    NOON,
    QUICK,
    SEALER,
    Clock,
    Receiver,
    a_report,
    a_supplement,
    backend,
    client,
    filed,
    raw,
    sha256,
    upload,
    wait_until,
)

NO_CASE = "W20261123-9999"


async def test_a_word_and_files_are_added(api: BackendClient, clock: Clock, tmp_path: Path) -> None:
    case_no = (await api.submit(report := a_report())).case_no
    clock.forward(days=1)
    files, word = a_supplement(case_no, b"one", b"two", note=None), a_supplement(case_no)
    await upload(api, files.supplement_id, b"one", b"two")
    assert await api.supplement(files) == SupplementReceipt(
        supplement_id=files.supplement_id,
        case_no=case_no,
        received_at=clock.now,
        evidence=[sha256(b"one"), sha256(b"two")],
    )
    assert (await api.supplement(word)).evidence == []
    assert await api.report(case_no) == filed(report, files, word)
    # A case that was not waiting for anything stays where it is.
    assert [step.state for step in (await api.status(case_no)).history] == [CaseState.RECEIVED]
    folder = EvidenceFolder(tmp_path / "evidence", SEALER)
    assert b"".join(folder.read(files.supplement_id, sha256(b"two"))) == b"two"


async def test_supplements_belong_to_their_case(api: BackendClient) -> None:
    first, second = a_report(), a_report()
    cases = [(await api.submit(report)).case_no for report in (first, second)]
    await api.supplement(supplement := a_supplement(cases[0]))
    assert await api.report(cases[0]) == filed(first, supplement)
    assert await api.report(cases[1]) == filed(second)


async def test_a_repetition_gets_the_same_receipt(api: BackendClient, clock: Clock, address: str) -> None:
    case_no = (await api.submit(report := a_report())).case_no
    supplement = a_supplement(case_no, b"one")
    await upload(api, supplement.supplement_id, b"one")
    receipt = await api.supplement(supplement)
    clock.forward(days=3)
    with raw(address) as http:
        again = post(http, case_no, supplement.model_dump_json(), supplement.supplement_id)
    assert (again.status_code, SupplementReceipt.model_validate_json(again.content)) == (200, receipt)
    assert receipt.received_at == NOON
    assert await api.report(case_no) == filed(report, supplement)


async def test_twenty_at_once_are_one(api: BackendClient) -> None:
    case_no = (await api.submit(report := a_report())).case_no
    await api.advance(case_no, CaseState.NEED_MORE, "请补充")
    supplement = a_supplement(case_no)
    receipts = await asyncio.gather(*(api.supplement(supplement) for _ in range(20)))
    assert {receipt.model_dump_json() for receipt in receipts} == {receipts[0].model_dump_json()}
    assert await api.report(case_no) == filed(report, supplement)
    assert len((await api.status(case_no)).history) == 3


async def test_another_one_under_the_same_id_is_a_conflict(api: BackendClient) -> None:
    case_no, other_case = [(await api.submit(a_report())).case_no for _ in range(2)]
    await api.supplement(supplement := a_supplement(case_no))
    for change in ({"note": "别的"}, {"note": None, "evidence": a_report(b"one").evidence}, {"case_no": other_case}):
        with pytest.raises(BackendRefused) as refusal:
            await api.supplement(supplement.model_copy(update=change))
        assert refusal.value.status == 409
    assert (await api.report(case_no)).supplements == [supplement]
    assert (await api.report(other_case)).supplements == []


async def test_there_must_be_such_a_case(api: BackendClient) -> None:
    for case_no in (NO_CASE, "W20190101-0001"):
        with pytest.raises(NotFound):
            await api.supplement(a_supplement(case_no))


async def test_evidence_must_be_there_before(api: BackendClient) -> None:
    report = a_report(b"missing")
    await upload(api, report.draft_id, b"missing")
    case_no = (await api.submit(report)).case_no
    await api.advance(case_no, CaseState.NEED_MORE, "请补充")
    supplement = a_supplement(case_no, b"here", b"missing")
    await upload(api, supplement.supplement_id, b"here")
    # That the report's draft has the same file does not count: evidence belongs to what it was uploaded for.
    with pytest.raises(BackendRefused) as refusal:
        await api.supplement(supplement)
    assert refusal.value.status == 422
    assert refusal.value.problem
    assert refusal.value.problem.missing_evidence == [sha256(b"missing")]
    assert (await api.report(case_no)).supplements == []
    assert (await api.status(case_no)).state is CaseState.NEED_MORE, "a refused supplement moves nothing"
    await upload(api, supplement.supplement_id, b"missing")
    await api.supplement(supplement)


def post(http: httpx.Client, case_no: str, body: str, key: str | None) -> httpx.Response:
    headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
    return http.post(f"/v1/cases/{case_no}/supplements", content=body, headers=headers)


async def test_key_and_address_must_agree_with_the_body(api: BackendClient, address: str) -> None:
    case_no, other_case = [(await api.submit(a_report())).case_no for _ in range(2)]
    supplement = a_supplement(case_no)
    body, key = supplement.model_dump_json(), supplement.supplement_id
    with raw(address) as http:
        refused = [
            post(http, case_no, body, None),
            post(http, case_no, body, a_report().draft_id),
            post(http, other_case, body, key),
            post(http, NO_CASE, body, key),
            post(http, "W1", body, key),
        ]
    assert [answer.status_code for answer in refused] == [422] * 5
    assert {answer.headers["Content-Type"] for answer in refused} == {"application/problem+json"}
    for number in (case_no, other_case):
        assert (await api.report(number)).supplements == []


async def test_a_case_that_needs_more_is_checked_again(tmp_path: Path) -> None:
    receiver = Receiver()
    with receiver.listening() as target, backend(tmp_path, callback=target, retry=QUICK) as address:
        async with client(address) as api:
            case_no = (await api.submit(a_report())).case_no
            await api.advance(case_no, CaseState.NEED_MORE, "请补充原始链接")
            await api.supplement(supplement := a_supplement(case_no))
            status = await api.status(case_no)
            await asyncio.to_thread(wait_until, lambda: len(receiver.got) == 2)
            # More of the same case, and the same again, is no news.
            await api.supplement(a_supplement(case_no))
            await api.supplement(supplement)
            await api.advance(case_no, CaseState.NEED_MORE, "还差一张截图")
            # It was answered before the second question: repeated, it does not answer that one.
            await api.supplement(supplement)
            asked_again = await api.status(case_no)
            await asyncio.to_thread(wait_until, lambda: len(receiver.got) == 3)
    assert (status.state, status.asks) == (CaseState.CHECKING, None)
    assert [(step.state, step.note) for step in status.history] == [
        (CaseState.RECEIVED, None),
        (CaseState.NEED_MORE, "请补充原始链接"),
        (CaseState.CHECKING, None),
    ]
    assert (asked_again.state, asked_again.asks) == (CaseState.NEED_MORE, "还差一张截图")
    told = [StatusCallback.model_validate_json(body) for _, body in receiver.got]
    assert [(event.case_no, event.state, event.note) for event in told] == [
        (case_no, CaseState.NEED_MORE, "请补充原始链接"),
        (case_no, CaseState.CHECKING, None),
        (case_no, CaseState.NEED_MORE, "还差一张截图"),
    ]
    assert told[1].at == status.state_since


async def test_a_closed_case_takes_them_and_stays_closed(api: BackendClient) -> None:
    case_no = (await api.submit(a_report())).case_no
    await api.advance(case_no, CaseState.CLOSED_DECLINED, "不属于受理范围")
    await api.supplement(supplement := a_supplement(case_no))
    assert (await api.report(case_no)).supplements == [supplement]
    assert (await api.status(case_no)).state is CaseState.CLOSED_DECLINED
