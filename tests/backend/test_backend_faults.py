"""Whatever is cut off, and wherever: sending again opens exactly one case and loses nothing."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from connectors.backend import BackendClient, BackendUnavailable, CaseReceipt, CaseState, ReportBody
from connectors.backend.reference.evidence import EvidenceFolder
from tests.backend.harness import SEALER, a_call_back, a_report, a_supplement, client, filed, sha256, upload, wait_until

ROOT = Path(__file__).parents[2]


class LosesAnswers(httpx.AsyncBaseTransport):
    """Carries requests out and loses the first `lost` answers on the way back."""

    def __init__(self, lost: int) -> None:
        self.lost = lost
        self.carried: list[int] = []
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        await response.aread()
        self.carried.append(response.status_code)
        if self.lost > 0:
            self.lost -= 1
            raise httpx.ReadTimeout("lost", request=request)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


async def test_a_lost_answer_then_again(address: str) -> None:
    transport = LosesAnswers(lost=4)
    report = a_report(b"screenshot")
    async with client(address, transport=transport) as api:
        for _ in range(2):
            with pytest.raises(BackendUnavailable):
                await api.put_evidence(report.draft_id, sha256(b"screenshot"), b"screenshot", "image/png")
        for _ in range(2):
            with pytest.raises(BackendUnavailable):
                await api.submit(report)
        receipt = await api.submit(report)
        assert [case.case_no for case in await api.cases()] == [receipt.case_no]
    assert transport.carried == [201, 200, 201, 200, 200, 200]


async def test_an_upload_that_breaks_off_leaves_nothing(address: str, tmp_path: Path) -> None:
    host, port = address.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    path = f"/v1/submissions/{a_report().draft_id}/evidence/{'0' * 64}"
    head = (
        f"PUT {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a-token-for-tests\r\nContent-Length: 1000000\r\n\r\n"
    )
    writer.write(head.encode() + bytes(600_000))
    await writer.drain()
    folder = tmp_path / "evidence"
    await asyncio.to_thread(wait_until, lambda: any(folder.iterdir()))
    writer.close()
    await asyncio.to_thread(wait_until, lambda: not any(folder.iterdir()))
    async with client(address) as api:
        assert (await api.health()).status == "ok"


class Killable:
    """A backend process over one folder, started again after each kill -9."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "data"
        self._address_file = folder / "address"

    @contextmanager
    def running(self) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
        self._address_file.unlink(missing_ok=True)
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "tests.backend.process", self.folder, self._address_file],
            env=environment,
        )
        try:
            wait_until(lambda: self._address_file.exists() or process.poll() is not None, seconds=60)
            yield self._address_file.read_text(), process
        finally:
            process.kill()
            process.wait()


async def test_killed_between_evidence_and_report(tmp_path: Path) -> None:
    backend = Killable(tmp_path)
    content = os.urandom(700_000)
    report = a_report(content)
    with backend.running() as (address, process):
        async with client(address) as api:
            await api.put_evidence(report.draft_id, sha256(content), content, "image/png")
            process.kill()
            process.wait()
            with pytest.raises(BackendUnavailable):
                await api.submit(report)
    with backend.running() as (address, _):
        async with client(address) as api:
            receipt = await api.submit(report)
            assert receipt.evidence == [sha256(content)]
    folder = EvidenceFolder(backend.folder / "evidence", SEALER)
    assert b"".join(folder.read(report.draft_id, sha256(content))) == content


async def test_killed_in_the_middle_of_an_upload(tmp_path: Path) -> None:
    backend = Killable(tmp_path)
    content = os.urandom(1_200_000)
    report = a_report(content)
    with backend.running() as (address, process):

        async def killed_half_way() -> AsyncIterator[bytes]:
            yield content[:700_000]
            # Part of it is on the disk by now.
            files = backend.folder / "evidence"
            await asyncio.to_thread(wait_until, lambda: any(file.stat().st_size > 200_000 for file in files.iterdir()))
            process.kill()
            process.wait()
            yield content[700_000:]

        async with client(address) as api:
            with pytest.raises(BackendUnavailable):
                await api.put_evidence(report.draft_id, sha256(content), killed_half_way(), "image/png")
    (part,) = (backend.folder / "evidence").iterdir()
    assert content[1000:1032] not in part.read_bytes(), "not even a half file is clear"
    with backend.running() as (address, _):
        assert not part.exists()
        async with client(address) as api:
            await api.put_evidence(report.draft_id, sha256(content), content, "image/png")
            assert (await api.submit(report)).evidence == [sha256(content)]


async def test_lost_answers_to_a_supplement_and_a_request(address: str) -> None:
    async with client(address) as api:
        case_no = (await api.submit(report := a_report())).case_no
    supplement, request = a_supplement(case_no, b"screenshot"), a_call_back()
    transport = LosesAnswers(lost=0)
    async with client(address, transport=transport) as api:
        await upload(api, supplement.supplement_id, b"screenshot")
        for send in (lambda: api.supplement(supplement), lambda: api.call_back(request)):
            transport.lost = 1
            with pytest.raises(BackendUnavailable):
                await send()
            await send()
        assert transport.carried == [201, 201, 200, 201, 200]
        assert await api.report(case_no) == filed(report, supplement)
        assert await api.call_backs() == [request]


async def test_killed_after_a_supplement(tmp_path: Path) -> None:
    """What was answered is kept whole: the supplement, the step it caused, the request."""
    backend = Killable(tmp_path)
    report, request = a_report(), a_call_back()
    with backend.running() as (address, process):
        async with client(address) as api:
            case_no = (await api.submit(report)).case_no
            await api.advance(case_no, CaseState.NEED_MORE, "请补充")
            supplement = a_supplement(case_no, b"screenshot")
            await upload(api, supplement.supplement_id, b"screenshot")
            receipts = await api.supplement(supplement), await api.call_back(request)
            process.kill()
            process.wait()
    with backend.running() as (address, _):
        async with client(address) as api:
            assert (await api.supplement(supplement), await api.call_back(request)) == receipts
            assert await api.report(case_no) == filed(report, supplement)
            assert await api.call_backs() == [request]
            steps = [step.state for step in (await api.status(case_no)).history]
    assert steps == [CaseState.RECEIVED, CaseState.NEED_MORE, CaseState.CHECKING]


async def test_killed_while_reports_come_in(tmp_path: Path) -> None:
    """Three kills under load. Whoever got no answer sends again; in the end every draft has one case and one number."""
    backend = Killable(tmp_path)
    reports = [a_report() for _ in range(60)]
    answered: dict[str, CaseReceipt] = {}

    for answers_before_kill in (10, 25, 40, None):
        with backend.running() as (address, process):
            heard: list[CaseReceipt] = []

            async def send(api: BackendClient, report: ReportBody) -> None:
                try:
                    receipt = await api.submit(report)
                except BackendUnavailable:
                    return
                assert answered.setdefault(report.draft_id, receipt) == receipt, "a receipt once given changed"
                heard.append(receipt)  # noqa: B023 - called within this very round
                if len(heard) == answers_before_kill:  # noqa: B023
                    process.kill()

            async with client(address) as api:
                await asyncio.gather(*(send(api, report) for report in reports))
                if answers_before_kill is None:
                    assert len(heard) == len(reports)
                    stored = {case.case_no for case in await api.cases(limit=200)}
                    kept = [await api.report(answered[report.draft_id].case_no) for report in reports]
                else:
                    assert answers_before_kill <= len(heard) < len(reports), "killed too late to matter"
    assert kept == [filed(report) for report in reports]
    assert stored == {receipt.case_no for receipt in answered.values()}
    assert len(stored) == len(reports)
    # Numbers without gaps: what a kill undid gave its number back.
    assert sorted(int(case_no[-4:]) for case_no in stored) == list(range(1, len(reports) + 1))
