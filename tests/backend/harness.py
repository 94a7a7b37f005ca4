"""A backend over real HTTP, and reports to send to it. Offline: everything listens on 127.0.0.1."""

from __future__ import annotations

import hashlib
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI, Request, Response

from bot.sealing import Sealer
from connectors.backend import (
    BackendClient,
    CallBack,
    ElementValue,
    EvidenceRef,
    FiledReport,
    LegalBasis,
    ReportBody,
    Supplement,
)
from connectors.backend.reference import CallbackTarget, RetryPlan, create_app

TOKEN = "a-token-for-tests"
SECRET = b"a-secret-for-callbacks"
SEALER = Sealer(bytes(range(32)))
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # Monday, 12:00 in Beijing
CANARY = "张三丰-金丝雀-13800138000"
QUICK = RetryPlan(first=0.02, longest=0.2, timeout=5.0)


class Clock:
    """A clock that tests move by hand."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **step: float) -> None:
        self.now += timedelta(**step)


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Run `app` in uvicorn on a free port of 127.0.0.1; yields its address."""
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False, ws="none", lifespan="on")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        wait_until(lambda: server.started or not thread.is_alive())
        host, port = server.servers[0].sockets[0].getsockname()[:2]
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        thread.join(20)
    assert not thread.is_alive()


@contextmanager
def backend(folder: Path, **options: Any) -> Iterator[str]:
    """The reference backend over `folder`; its address."""
    app = create_app(folder / "backend.db", SEALER, TOKEN, **options)
    # FastAPI makes its schemas at the first request. In two servers' threads at once pydantic cannot hush a warning of
    # its own, and a warning is an error here.
    app.openapi()
    with serving(app) as address:
        yield address


def client(address: str, **options: Any) -> BackendClient:
    return BackendClient(address, options.pop("token", TOKEN), **options)


def raw(address: str) -> httpx.Client:
    """For what the client would never send."""
    return httpx.Client(base_url=address, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=20)


def wait_until(happened: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def refs(*contents: bytes) -> list[EvidenceRef]:
    return [
        EvidenceRef(
            sha256=sha256(content), name=f"{CANARY}.png", size=len(content), media_type="image/png", received_at=NOON
        )
        for content in contents
    ]


async def upload(api: BackendClient, owner: str, *contents: bytes) -> None:
    for content in contents:
        await api.put_evidence(owner, sha256(content), content, "image/png")


def a_report(*evidence: bytes, **changes: Any) -> ReportBody:
    """A report of a leaked address and telephone number, with the given evidence files."""
    return ReportBody(
        **{
            "draft_id": str(uuid.uuid4()),
            "standard_version": "2026.11",
            "matter": "personal_info_leak",
            "reporter_zone": "citizen",
            "channel": "web",
            "priority": "normal",
            "route": "local",
            "measures": ["删除"],
            "elements": [
                ElementValue(id="reporter_name", label="姓名", value=CANARY, shown=CANARY),
                ElementValue(id="leaked", label="泄露的信息", value=["address", "phone"], shown="住址、电话"),
                ElementValue(
                    id="location", label="位置", value={"url": "https://example.com/1", "floor": 3}, shown="3 楼评论"
                ),
            ],
            "evidence": refs(*evidence),
            "legal_basis": [LegalBasis(law="中华人民共和国个人信息保护法", article="第十条")],
            "consent": "full",
            "declared_true_at": NOON,
            "created_at": NOON,
            **changes,
        }
    )


def filed(report: ReportBody, *supplements: Supplement) -> FiledReport:
    """The report as staff read it."""
    return FiledReport(**dict(report), supplements=list(supplements))


def a_supplement(case_no: str, *evidence: bytes, **changes: Any) -> Supplement:
    return Supplement(
        **{
            "supplement_id": str(uuid.uuid4()),
            "case_no": case_no,
            "note": f"补充:{CANARY}",
            "evidence": refs(*evidence),
            "created_at": NOON,
            **changes,
        }
    )


def a_call_back(**changes: Any) -> CallBack:
    return CallBack(
        **{
            "request_id": str(uuid.uuid4()),
            "contact": CANARY,
            "wish": f"请{CANARY}的案件承办人回电",
            "hours": "工作日下午",
            "matter": "personal_info_leak",
            "channel": "web",
            "created_at": NOON,
            **changes,
        }
    )


async def pieces(content: bytes, size: int = 60_000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


class Receiver:
    """The service's end of the callbacks: keeps what it gets, answers `status`."""

    def __init__(self, status: int = 204) -> None:
        self.status = status
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.app = FastAPI()
        self.app.add_api_route("/callback", self._receive, methods=["POST"])

    async def _receive(self, request: Request) -> Response:
        self.got.append((dict(request.headers), await request.body()))
        return Response(status_code=self.status)

    @contextmanager
    def listening(self) -> Iterator[CallbackTarget]:
        with serving(self.app) as address:
            yield CallbackTarget(f"{address}/callback", SECRET)
