"""What the outboxes see of the backend: done, or one of three reasons why not."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from actions.submission import Away, Evidence, NoSuchCase, Refused
from bot.backend import ContractBackend
from connectors.backend import BackendClient
from tests.backend.harness import CANARY, a_call_back, a_report, a_supplement, client, filed, sha256


@pytest.fixture
async def desk(api: BackendClient) -> ContractBackend:
    return ContractBackend(api)


@pytest.fixture
async def away() -> AsyncIterator[ContractBackend]:
    transport = httpx.MockTransport(lambda _: httpx.Response(503))
    async with client("http://backend", transport=transport) as api:
        yield ContractBackend(api)


def body_of(model: Any) -> tuple[dict[str, Any], Evidence]:
    """As the outbox holds it: JSON, with the evidence apart."""
    body = json.loads(model.model_dump_json())
    return body, [(facts, b"one") for facts in body.pop("evidence", [])]


async def test_a_supplement_with_its_file(api: BackendClient, desk: ContractBackend) -> None:
    report = a_report()
    body, evidence = body_of(report)
    receipt = await desk.submit(report.draft_id, body, evidence)
    supplement = a_supplement(receipt["case_no"], b"one")
    for _ in range(2):
        await desk.supplement(*body_of(supplement))
    assert await api.report(receipt["case_no"]) == filed(report, supplement)


async def test_a_request_for_a_call(api: BackendClient, desk: ContractBackend) -> None:
    request = a_call_back()
    for _ in range(2):
        await desk.call_back(body_of(request)[0])
    assert await api.call_backs() == [request]


async def test_no_such_case(desk: ContractBackend) -> None:
    with pytest.raises(NoSuchCase):
        await desk.supplement(*body_of(a_supplement("W20261123-9999", b"one")))


async def test_a_refusal_is_final(api: BackendClient, desk: ContractBackend) -> None:
    case_no = (await api.submit(a_report())).case_no
    supplement, request = a_supplement(case_no), a_call_back()
    await desk.supplement(*body_of(supplement))
    await desk.call_back(body_of(request)[0])
    with pytest.raises(Refused, match="409"):
        await desk.supplement(*body_of(supplement.model_copy(update={"note": "别的"})))
    with pytest.raises(Refused, match="409"):
        await desk.call_back(body_of(request.model_copy(update={"hours": "上午"}))[0])


async def test_what_does_not_keep_the_contract_is_not_sent(away: ContractBackend) -> None:
    supplement, evidence = body_of(a_supplement("W20261123-0042", b"one"))
    # Its words are not quoted: the outbox keeps the reason in clear.
    for send in (
        away.supplement({**supplement, "case_no": CANARY}, evidence),
        away.supplement({**supplement, "note": None}, []),
        away.supplement(supplement, [({**evidence[0][0], "sha256": sha256(b"one").upper()}, b"one")]),
        away.call_back({**body_of(a_call_back())[0], "matter": CANARY}),
    ):
        with pytest.raises(Refused, match="does not keep the contract") as refusal:
            await send
        assert CANARY not in str(refusal.value)


async def test_a_backend_in_trouble_is_tried_again(away: ContractBackend) -> None:
    report, evidence = body_of(a_report(b"one"))
    for send in (
        away.submit(report["draft_id"], report, evidence),
        away.supplement(*body_of(a_supplement("W20261123-0042", b"one"))),
        away.supplement(*body_of(a_supplement("W20261123-0042"))),
        away.call_back(body_of(a_call_back())[0]),
    ):
        with pytest.raises(Away):
            await send
