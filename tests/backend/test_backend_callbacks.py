"""Status callbacks: signed, in order, and never lost."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from connectors.backend import CaseState, SignatureError, StatusCallback, sign, verify
from connectors.backend.reference import CallbackTarget, RetryPlan
from connectors.backend.reference.store import Store
from tests.backend.harness import QUICK, SECRET, Receiver, a_report, backend, client, wait_until


async def advance(address: str, steps: int = 1, note: str | None = "已受理") -> str:
    async with client(address) as api:
        case_no = (await api.submit(a_report())).case_no
        for _ in range(steps):
            await api.advance(case_no, note=note)
        return case_no


def waiting(address: str) -> int:
    return int(httpx.get(f"{address}/health").json()["callbacks_waiting"])


async def test_a_change_is_told_with_a_signature(tmp_path: Path) -> None:
    receiver = Receiver()
    with receiver.listening() as target, backend(tmp_path, callback=target, retry=QUICK) as address:
        case_no = await advance(address)
        await asyncio.to_thread(wait_until, lambda: bool(receiver.got) and waiting(address) == 0)
    ((headers, body),) = receiver.got
    verify(SECRET, body, headers, datetime.now(UTC))
    with pytest.raises(SignatureError):
        verify(SECRET, body + b" ", headers, datetime.now(UTC))
    event = StatusCallback.model_validate_json(body)
    assert (event.case_no, event.state, event.note) == (case_no, CaseState.ACCEPTED, "已受理")


@pytest.mark.parametrize("status", [500, 404, 302, 429])
async def test_only_success_acknowledges(tmp_path: Path, status: int) -> None:
    receiver = Receiver(status)
    with receiver.listening() as target, backend(tmp_path, callback=target, retry=QUICK) as address:
        await advance(address)
        await asyncio.to_thread(wait_until, lambda: len(receiver.got) >= 3)
        assert waiting(address) == 1
        receiver.status = 200
        await asyncio.to_thread(wait_until, lambda: waiting(address) == 0)
    # One event however often it was sent, and each attempt under a signature of its own time.
    assert len({StatusCallback.model_validate_json(body).event_id for _, body in receiver.got}) == 1
    for headers, body in receiver.got:
        verify(SECRET, body, headers, datetime.now(UTC))


async def test_news_of_a_case_do_not_overtake_each_other(tmp_path: Path) -> None:
    receiver = Receiver(503)
    with receiver.listening() as target, backend(tmp_path, callback=target, retry=QUICK) as address:
        first, second = await asyncio.gather(advance(address, steps=4), advance(address, steps=4))
        await asyncio.to_thread(wait_until, lambda: len(receiver.got) >= 4)
        receiver.got.clear()
        receiver.status = 200
        await asyncio.to_thread(wait_until, lambda: waiting(address) == 0)
    events = list(dict.fromkeys(StatusCallback.model_validate_json(body) for _, body in receiver.got))
    for case_no in (first, second):
        states = [event.state.value for event in events if event.case_no == case_no]
        assert states == ["accepted", "checking", "measures_taken", "closed_done"]


async def test_a_restart_keeps_what_was_not_delivered(tmp_path: Path) -> None:
    receiver = Receiver()
    nobody = CallbackTarget("http://127.0.0.1:9/callback", SECRET)
    with backend(tmp_path, callback=nobody, retry=QUICK) as address:
        case_no = await advance(address, steps=2)
        assert waiting(address) == 2
    with receiver.listening() as target, backend(tmp_path, callback=target, retry=QUICK) as address:
        await asyncio.to_thread(wait_until, lambda: waiting(address) == 0)
    told = [StatusCallback.model_validate_json(body) for _, body in receiver.got]
    assert [(event.case_no, event.state.value) for event in told] == [(case_no, "accepted"), (case_no, "checking")]


async def test_stopping_does_not_wait_for_a_receiver_that_hangs(tmp_path: Path) -> None:
    asked = asyncio.Event()

    class Hanging(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            asked.set()
            await asyncio.sleep(3600)
            raise AssertionError

    target = CallbackTarget("http://receiver/callback", SECRET)
    with backend(tmp_path, callback=target, callback_transport=Hanging()) as address:
        await advance(address)
        await asyncio.to_thread(wait_until, asked.is_set)
        before = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - before < 5


async def test_without_a_target_nothing_is_queued(tmp_path: Path) -> None:
    with backend(tmp_path) as address:
        await advance(address)
        assert waiting(address) == 0


async def test_a_failing_queue_does_not_end_delivery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    healthy, failures = Store.waiting_callbacks, iter(range(3))

    def sick(self: Store, limit: int = 100) -> object:
        if next(failures, None) is not None:
            raise OSError("disk full")
        return healthy(self, limit)

    monkeypatch.setattr(Store, "waiting_callbacks", sick)
    receiver = Receiver()
    with receiver.listening() as target, backend(tmp_path, callback=target, retry=QUICK) as address:
        await advance(address)
        await asyncio.to_thread(wait_until, lambda: waiting(address) == 0)
    assert len(receiver.got) == 1


def test_waits_grow_to_a_bound() -> None:
    plan = RetryPlan(first=2, longest=600)
    assert [plan.wait(failures).total_seconds() for failures in (1, 2, 3, 9, 10, 10_000)] == [2, 4, 8, 512, 600, 600]


def test_the_secret_is_not_shown() -> None:
    assert SECRET.decode() not in repr(CallbackTarget("http://x", SECRET))


def test_sign_gives_what_verify_reads() -> None:
    now = datetime.now(UTC)
    verify(SECRET, b"", sign(SECRET, b"", now), now)
