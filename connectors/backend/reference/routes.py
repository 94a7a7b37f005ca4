"""The contract's routes."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect

from ..contract import (
    API_VERSION,
    MAX_EVIDENCE_BYTES,
    MAX_REPORT_BYTES,
    Advance,
    CallBack,
    CallBackList,
    CallBackReceipt,
    CaseList,
    CaseNo,
    CaseQuery,
    CaseReceipt,
    CaseStatus,
    DraftId,
    EvidenceStored,
    FiledReport,
    Health,
    ReportBody,
    Sha256,
    Supplement,
    SupplementReceipt,
)
from .evidence import BLOCK_BYTES
from .openapi import json_body, octets_body, problems
from .refusals import Invalid, Refusal
from .store import Store

_M = TypeVar("_M", bound=BaseModel)
_bearer = HTTPBearer(auto_error=False, description="The token both sides were given")


def contract_routes(store: Store, token: str, news: Callable[[], None]) -> APIRouter:
    """All of /v1. `news` is called on the event loop after a case may have moved on."""
    expected = token.encode()

    async def authorised(given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> None:
        if given is None or not hmac.compare_digest(given.credentials.encode(errors="replace"), expected):
            raise Refusal(401, "The token is missing or wrong.", headers={"WWW-Authenticate": "Bearer"})

    routes = APIRouter(prefix=f"/{API_VERSION}", dependencies=[Depends(authorised)])

    @routes.put(
        "/submissions/{draft_id}/evidence/{sha256}",
        status_code=201,
        responses={200: {"model": EvidenceStored, "description": "Already there"}, **problems(400, 401, 413, 422)},
        openapi_extra=octets_body(),
    )
    async def put_evidence(
        draft_id: Annotated[DraftId, Path(description="The report's draft_id or the supplement's supplement_id")],
        sha256: Sha256,
        request: Request,
        response: Response,
    ) -> EvidenceStored:
        """Upload one evidence file ahead of the report or supplement that names it. Idempotent."""
        _refuse_announced(request, MAX_EVIDENCE_BYTES)
        upload = await run_in_threadpool(store.evidence.upload, draft_id, sha256)
        try:
            async for block in _blocks(request):
                await run_in_threadpool(upload.write, block)
            if not await run_in_threadpool(upload.commit):
                response.status_code = 200
        finally:
            # Not awaited: a request that is being cancelled must clean up all the same, and this takes no time.
            upload.abandon()
        return EvidenceStored(sha256=sha256, size=upload.size)

    @routes.post(
        "/reports",
        status_code=201,
        responses={
            200: {"model": CaseReceipt, "description": "Submitted before; the same receipt"},
            **problems(400, 401, 409, 413, 415, 422),
        },
        openapi_extra=json_body(ReportBody),
    )
    async def post_report(
        report: Annotated[ReportBody, Depends(_json(ReportBody))],
        idempotency_key: Annotated[DraftId, Header(description="The report's draft_id")],
        response: Response,
    ) -> CaseReceipt:
        """Submit a report: one case for one draft, however often it is sent."""
        if idempotency_key != report.draft_id:
            raise Refusal(422, "Idempotency-Key must be the report's draft_id.")
        receipt, new = await run_in_threadpool(store.submit, report)
        response.status_code = 201 if new else 200
        return receipt

    @routes.post(
        "/case-queries", responses=problems(400, 401, 404, 413, 415, 422, 429), openapi_extra=json_body(CaseQuery)
    )
    async def query_case(query: Annotated[CaseQuery, Depends(_json(CaseQuery))]) -> CaseStatus:
        """How a case stands, for one who has its number and code. Five wrong codes lock it for 15 minutes."""
        return await run_in_threadpool(store.status_with_code, query)

    @routes.get("/cases", responses=problems(401, 422))
    def list_cases(limit: Annotated[int, Query(ge=1, le=200)] = 50) -> CaseList:
        """The newest cases first, for staff."""
        return CaseList(cases=store.newest(limit))

    @routes.get("/cases/{case_no}", responses=problems(401, 404, 422))
    def get_case(case_no: CaseNo) -> CaseStatus:
        """How a case stands."""
        return store.status(case_no)

    @routes.get("/cases/{case_no}/report", responses=problems(401, 404, 422))
    def get_report(case_no: CaseNo) -> FiledReport:
        """The full report with its supplements, for staff."""
        return store.report(case_no)

    @routes.post(
        "/cases/{case_no}/supplements",
        status_code=201,
        responses={
            200: {"model": SupplementReceipt, "description": "Added before; the same receipt"},
            **problems(400, 401, 404, 409, 413, 415, 422),
        },
        openapi_extra=json_body(Supplement),
    )
    async def post_supplement(
        case_no: CaseNo,
        supplement: Annotated[Supplement, Depends(_json(Supplement))],
        idempotency_key: Annotated[DraftId, Header(description="The supplement's supplement_id")],
        response: Response,
    ) -> SupplementReceipt:
        """Add to a case. One that needs more moves on to checking, and that is queued as a signed callback."""
        if idempotency_key != supplement.supplement_id:
            raise Refusal(422, "Idempotency-Key must be the supplement's supplement_id.")
        if case_no != supplement.case_no:
            raise Refusal(422, "The supplement's case_no must be the one in the address.")
        receipt, new = await run_in_threadpool(store.supplement, supplement)
        response.status_code = 201 if new else 200
        news()
        return receipt

    @routes.post(
        "/cases/{case_no}/advance",
        responses=problems(400, 401, 404, 409, 413, 415, 422),
        openapi_extra=json_body(Advance),
    )
    async def advance(case_no: CaseNo, step: Annotated[Advance, Depends(_json(Advance))]) -> CaseStatus:
        """Move a case on, for staff; the change is queued as a signed callback."""
        status = await run_in_threadpool(store.advance, case_no, step)
        news()
        return status

    @routes.post(
        "/call-backs",
        status_code=201,
        responses={
            200: {"model": CallBackReceipt, "description": "Asked before; the same receipt"},
            **problems(400, 401, 409, 413, 415, 422),
        },
        openapi_extra=json_body(CallBack),
    )
    async def post_call_back(
        request: Annotated[CallBack, Depends(_json(CallBack))],
        idempotency_key: Annotated[DraftId, Header(description="The request's request_id")],
        response: Response,
    ) -> CallBackReceipt:
        """Ask staff to call a person: on the list once, however often it is sent."""
        if idempotency_key != request.request_id:
            raise Refusal(422, "Idempotency-Key must be the request's request_id.")
        receipt, new = await run_in_threadpool(store.call_back, request)
        response.status_code = 201 if new else 200
        return receipt

    @routes.get("/call-backs", responses=problems(401))
    def list_call_backs() -> CallBackList:
        """The requests that are waiting, the oldest first, for staff."""
        return CallBackList(call_backs=store.call_backs())

    return routes


def health_route(store: Store) -> APIRouter:
    """/health, open to all."""
    routes = APIRouter()

    @routes.get("/health", responses={503: {"model": Health, "description": "Cannot take reports"}})
    def health(response: Response) -> Health:
        """Whether the backend can take reports."""
        try:
            waiting = store.count_waiting_callbacks()
        except SQLAlchemyError:
            response.status_code = 503
            return Health(status="failing", api_version=API_VERSION, callbacks_waiting=0)
        return Health(status="ok", api_version=API_VERSION, callbacks_waiting=waiting)

    return routes


def _json(model: type[_M]) -> Callable[[Request], Awaitable[_M]]:
    """A dependency that reads a JSON body as `model`.

    The framework would first make Python objects of it, of which a strict model then refuses the times; and it would
    read a body of any size.
    """

    async def read(request: Request) -> _M:
        if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
            raise Refusal(415, "Send application/json.")
        _refuse_announced(request, MAX_REPORT_BYTES)
        body = bytearray()
        async for chunk in _chunks(request):
            body += chunk
            if len(body) > MAX_REPORT_BYTES:
                raise _too_large(MAX_REPORT_BYTES)
        try:
            return model.model_validate_json(bytes(body))
        except ValidationError as error:
            raise Invalid.of(error) from None

    return read


def _refuse_announced(request: Request, limit: int) -> None:
    """Refuse by Content-Length before reading; what is sent without it is counted on the way."""
    announced = request.headers.get("Content-Length", "0")
    if announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)


def _too_large(limit: int) -> Refusal:
    return Refusal(413, f"At most {limit} bytes are allowed here.")


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect:
        # Nobody is there to read this; it ends the request without a trace that looks like an error of ours.
        raise Refusal(400, "The request ended early.") from None


async def _blocks(request: Request) -> AsyncIterator[bytes]:
    """The body in larger pieces, so that a trip to a worker thread is worth its while."""
    waiting = bytearray()
    async for chunk in _chunks(request):
        waiting += chunk
        if len(waiting) >= BLOCK_BYTES:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)
