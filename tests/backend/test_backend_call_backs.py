"""Requests for a call by staff: on the list once, the oldest first."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from connectors.backend import BackendClient, BackendRefused, CallBackReceipt
from tests.backend.harness import NOON, Clock, a_call_back, a_report, raw


async def test_a_request_is_put_on_the_list(api: BackendClient, clock: Clock) -> None:
    assert await api.call_backs() == []
    request = a_call_back()
    receipt = await api.call_back(request)
    assert receipt == CallBackReceipt(request_id=request.request_id, received_at=NOON)
    assert await api.call_backs() == [request]


async def test_the_oldest_is_first(api: BackendClient, clock: Clock) -> None:
    first, second = a_call_back(), a_call_back(matter=None)
    late = a_call_back(created_at=NOON - timedelta(hours=1))
    for request in (first, second, late):
        await api.call_back(request)
        clock.forward(minutes=1)
    assert await api.call_backs() == [late, first, second], "by when the person asked, then by arrival"


async def test_a_repetition_gets_the_same_receipt(api: BackendClient, clock: Clock, address: str) -> None:
    request = a_call_back()
    receipt = await api.call_back(request)
    clock.forward(days=1)
    headers = {"Idempotency-Key": request.request_id, "Content-Type": "application/json"}
    with raw(address) as http:
        again = http.post("/v1/call-backs", content=request.model_dump_json(), headers=headers)
    assert (again.status_code, CallBackReceipt.model_validate_json(again.content)) == (200, receipt)
    assert await api.call_backs() == [request]


async def test_twenty_at_once_are_one(api: BackendClient) -> None:
    request = a_call_back()
    receipts = await asyncio.gather(*(api.call_back(request) for _ in range(20)))
    assert {receipt.model_dump_json() for receipt in receipts} == {receipts[0].model_dump_json()}
    assert await api.call_backs() == [request]


async def test_another_one_under_the_same_id_is_a_conflict(api: BackendClient) -> None:
    request = a_call_back()
    await api.call_back(request)
    for change in ({"contact": "12345"}, {"matter": None}):
        with pytest.raises(BackendRefused) as refusal:
            await api.call_back(request.model_copy(update=change))
        assert refusal.value.status == 409
    assert await api.call_backs() == [request]


async def test_the_key_must_be_the_requests(api: BackendClient, address: str) -> None:
    body = a_call_back().model_dump_json()
    with raw(address) as http:
        for key in ({}, {"Idempotency-Key": a_report().draft_id}):
            answer = http.post("/v1/call-backs", content=body, headers={"Content-Type": "application/json", **key})
            assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    assert await api.call_backs() == []
