"""The client's promise: the kind of error says whether to come back. No network: a transport answers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from connectors.backend import (
    BackendError,
    BackendRefused,
    BackendUnauthorised,
    BackendUnavailable,
    NotFound,
)
from tests.backend.harness import a_call_back, a_report, a_supplement, client, sha256

Answer = Callable[[httpx.Request], httpx.Response]
PROBLEM = {"Content-Type": "application/problem+json"}


def problem(status: int, **headers: str) -> httpx.Response:
    body = json.dumps({"title": "No", "status": status, "detail": "because", "extension": 1})
    return httpx.Response(status, content=body, headers={**headers, **PROBLEM})


def raising(error: type[httpx.RequestError]) -> Answer:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error("x", request=request)

    return answer


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (raising(httpx.ConnectError), BackendUnavailable),
        (raising(httpx.ConnectTimeout), BackendUnavailable),
        (raising(httpx.ReadTimeout), BackendUnavailable),
        (raising(httpx.PoolTimeout), BackendUnavailable),
        (raising(httpx.RemoteProtocolError), BackendUnavailable),
        (raising(httpx.DecodingError), BackendUnavailable),
        (lambda _: problem(500), BackendUnavailable),
        (lambda _: problem(503), BackendUnavailable),
        (lambda _: problem(429), BackendUnavailable),
        (lambda _: problem(408), BackendUnavailable),
        (lambda _: problem(401), BackendUnauthorised),
        (lambda _: problem(403), BackendUnauthorised),
        (lambda _: httpx.Response(404, html="<h1>proxy</h1>"), BackendUnavailable),
        (lambda _: httpx.Response(400, content=b"x", headers=PROBLEM), BackendUnavailable),
        (lambda _: httpx.Response(302, headers={"Location": "/login"}), BackendUnavailable),
        (lambda _: httpx.Response(200, html="<h1>portal</h1>"), BackendUnavailable),
        (lambda _: httpx.Response(200, json={"case_no": "W20261123-0001"}), BackendUnavailable),
        (lambda _: problem(400), BackendRefused),
        (lambda _: problem(409), BackendRefused),
        (lambda _: problem(413), BackendRefused),
        (lambda _: problem(422), BackendRefused),
        (lambda _: problem(404), NotFound),
    ],
)
async def test_which_error(answer: Answer, expected: type[BackendError]) -> None:
    requests: list[httpx.Request] = []

    def once(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return answer(request)

    async with client("http://backend", transport=httpx.MockTransport(once)) as api:
        with pytest.raises(expected) as raised:
            await api.submit(a_report())
    assert type(raised.value) is expected
    assert len(requests) == 1, "the client does not retry"


async def test_how_long_to_wait() -> None:
    for given, expected in (("120", 120.0), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("", None)):
        transport = httpx.MockTransport(lambda _, given=given: problem(503, **{"Retry-After": given}))
        async with client("http://backend", transport=transport) as api:
            with pytest.raises(BackendUnavailable) as raised:
                await api.submit(a_report())
        assert raised.value.retry_after == expected
        assert raised.value.problem
        assert raised.value.problem.detail == "because"


async def test_what_is_sent() -> None:
    sent: list[httpx.Request] = []

    def keep(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(500)

    report, supplement, request = a_report(), a_supplement("W20261123-0042"), a_call_back()
    async with client("http://backend/base", transport=httpx.MockTransport(keep)) as api:
        for call in (
            api.submit(report),
            api.put_evidence(report.draft_id, sha256(b"x"), b"x", "image/png"),
            api.supplement(supplement),
            api.call_back(request),
            api.health(),
        ):
            with pytest.raises(BackendUnavailable):
                await call
    submit, put, supplemented, asked, health = sent
    assert (submit.method, submit.url.path) == ("POST", "/base/v1/reports")
    assert submit.headers["Idempotency-Key"] == report.draft_id
    assert submit.headers["Authorization"].startswith("Bearer ")
    assert submit.content == report.model_dump_json().encode()
    assert put.url.path == f"/base/v1/submissions/{report.draft_id}/evidence/{sha256(b'x')}"
    assert put.headers["Content-Type"] == "image/png"
    assert (supplemented.method, supplemented.url.path) == ("POST", "/base/v1/cases/W20261123-0042/supplements")
    assert supplemented.headers["Idempotency-Key"] == supplement.supplement_id
    assert supplemented.content == supplement.model_dump_json().encode()
    assert (asked.method, asked.url.path) == ("POST", "/base/v1/call-backs")
    assert asked.headers["Idempotency-Key"] == request.request_id
    assert asked.content == request.model_dump_json().encode()
    assert health.url.path == "/base/health"


async def test_an_error_names_no_address_and_no_content() -> None:
    report = a_report(b"x")
    async with client("http://backend", transport=httpx.MockTransport(raising(httpx.ReadError))) as api:
        with pytest.raises(BackendUnavailable) as raised:
            await api.put_evidence(report.draft_id, sha256(b"x"), b"x", "image/png")
    assert str(raised.value) == "no answer from the backend (ReadError)"


async def test_a_failing_source_of_evidence_is_not_the_backends_fault(address: str) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise OSError("vault")

    async with client(address) as api:
        with pytest.raises(OSError, match="vault"):
            await api.put_evidence(a_report().draft_id, sha256(b"whole"), broken(), "image/png")
        assert (await api.health()).status == "ok"
