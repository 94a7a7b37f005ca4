"""The client of the contract: one request per call, typed errors, no retries of its own.

Retrying is the submission outbox's work, because only what is written down survives a crash. What the client promises
it is an error that says what to do: BackendUnavailable — the outcome is unknown or nothing happened, come back later
with the same draft; BackendRefused — the backend understood and said no, a repetition gets the same answer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from .contract import (
    API_VERSION,
    Advance,
    CallBack,
    CallBackList,
    CallBackReceipt,
    CaseList,
    CaseNo,
    CaseQuery,
    CaseReceipt,
    CaseState,
    CaseStatus,
    CaseSummary,
    EvidenceStored,
    FiledReport,
    Health,
    Problem,
    ReportBody,
    Supplement,
    SupplementReceipt,
)

# Reading is slow where the backend writes 25 MB to disk; connecting is not.
DEFAULT_TIMEOUT = httpx.Timeout(10.0, connect=5.0, read=30.0, write=30.0)
PROBLEM_MEDIA_TYPE = "application/problem+json"
# Refusals of this service (its token) or of this moment. Giving up a person's report because a token was rotated
# would be wrong: it waits until the operator has put it right.
_COME_BACK = frozenset({401, 403, 408, 425, 429})

_M = TypeVar("_M", bound=BaseModel)
_case_no = TypeAdapter[str](CaseNo)


class BackendError(Exception):
    """The backend did not do what was asked. `status` is the HTTP status, None where there was no answer."""

    def __init__(self, message: str, *, status: int | None = None, problem: Problem | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.problem = problem


class BackendUnavailable(BackendError):
    """Try again later, with the same draft: whatever happened, the repetition cannot open a second case."""

    retry_after: float | None = None
    """Seconds the backend asked to wait, where it did."""


class BackendUnauthorised(BackendUnavailable):
    """The backend does not accept this service's token: an operator must act before trying again helps."""


class BackendRefused(BackendError):
    """The backend understood and refused; `problem` says why. Do not repeat the same request."""


class NotFound(BackendRefused):
    """There is no such case, or the query code is not this case's."""


class BackendClient:
    """Speaks the contract with the backend at `base_url`. Use it as an async context manager, or call `aclose`.

    `transport` is the seam for tests and for operators with a proxy of their own.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        timeout: httpx.Timeout | float = DEFAULT_TIMEOUT,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._http = httpx.AsyncClient(
            base_url=base_url,
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            timeout=timeout,
            transport=transport,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    # --- filing a report ---

    async def put_evidence(
        self, draft_id: str, sha256: str, content: AsyncIterator[bytes] | bytes, media_type: str
    ) -> EvidenceStored:
        """Upload one evidence file ahead of what names it. Safe to repeat: the backend keeps one copy.

        `draft_id` is the report's, or for a supplement its `supplement_id`.
        """
        path = f"/submissions/{quote(draft_id, safe='')}/evidence/{quote(sha256, safe='')}"
        return await self._ask(EvidenceStored, "PUT", path, content=content, headers={"Content-Type": media_type})

    async def submit(self, report: ReportBody) -> CaseReceipt:
        """Submit a report whose evidence is uploaded. Repeated for the same draft it returns the same receipt."""
        return await self._ask(
            CaseReceipt, "POST", "/reports", body=report, headers={"Idempotency-Key": report.draft_id}
        )

    async def supplement(self, supplement: Supplement) -> SupplementReceipt:
        """Add to a case what is uploaded. Repeated it returns the same receipt. Raises NotFound if there is no case."""
        return await self._ask(
            SupplementReceipt,
            "POST",
            f"{_case(supplement.case_no)}/supplements",
            body=supplement,
            headers={"Idempotency-Key": supplement.supplement_id},
        )

    async def call_back(self, request: CallBack) -> CallBackReceipt:
        """Ask staff to call a person. Repeated it returns the same receipt."""
        return await self._ask(
            CallBackReceipt, "POST", "/call-backs", body=request, headers={"Idempotency-Key": request.request_id}
        )

    # --- asking how a case stands ---

    async def status(self, case_no: str) -> CaseStatus:
        """How a case stands, for one whose right to know was already checked. Raises NotFound."""
        return await self._ask(CaseStatus, "GET", _case(case_no))

    async def status_with_code(self, case_no: str, query_code: str) -> CaseStatus:
        """How a case stands, for a person who types its number and code.

        Raises NotFound if the two are not a pair, BackendUnavailable with `retry_after` after too many wrong tries.
        """
        try:
            query = CaseQuery(case_no=case_no.strip().upper(), query_code=query_code.strip().upper())
        except ValidationError:
            raise NotFound("not a case number and query code", status=404) from None
        return await self._ask(CaseStatus, "POST", "/case-queries", body=query)

    # --- for staff ---

    async def cases(self, limit: int = 50) -> list[CaseSummary]:
        """The newest cases first."""
        return (await self._ask(CaseList, "GET", "/cases", params={"limit": limit})).cases

    async def report(self, case_no: str) -> FiledReport:
        """The full report as it was received, with its supplements."""
        return await self._ask(FiledReport, "GET", f"{_case(case_no)}/report")

    async def call_backs(self) -> list[CallBack]:
        """Requests for a call that are waiting, the oldest first."""
        return (await self._ask(CallBackList, "GET", "/call-backs")).call_backs

    async def advance(self, case_no: str, state: CaseState | None = None, note: str | None = None) -> CaseStatus:
        """Move a case to `state`, or on to the usual next one. BackendRefused (409) where that may not follow."""
        return await self._ask(CaseStatus, "POST", f"{_case(case_no)}/advance", body=Advance(state=state, note=note))

    async def health(self) -> Health:
        """Whether the backend can take reports. Raises BackendUnavailable where it says it cannot."""
        return await self._ask(Health, "GET", "/health", prefix="")

    async def _ask(
        self,
        answer: type[_M],
        method: str,
        path: str,
        *,
        prefix: str = f"/{API_VERSION}",
        body: BaseModel | None = None,
        headers: dict[str, str] | None = None,
        **request: Any,
    ) -> _M:
        headers = dict(headers or {})
        if body is not None:
            request["content"] = body.model_dump_json()
            headers["Content-Type"] = "application/json"
        try:
            response = await self._http.request(method, prefix + path, headers=headers, **request)
        except httpx.RequestError as error:
            # Only the kind of failure: the address has the hash of the evidence in it.
            raise BackendUnavailable(f"no answer from the backend ({type(error).__name__})") from error
        if not response.is_success:
            raise _failure(response)
        try:
            return answer.model_validate_json(response.content)
        except ValidationError:
            # Most likely a proxy's page. Whether the backend acted is unknown, so: come back with the same draft.
            raise BackendUnavailable("the answer does not keep the contract", status=response.status_code) from None


def _case(case_no: str) -> str:
    """The path of a case; also keeps anything that is not a case number out of the address."""
    try:
        return f"/cases/{_case_no.validate_python(case_no)}"
    except ValidationError:
        raise NotFound("not a case number", status=404) from None


def _failure(response: httpx.Response) -> BackendError:
    status, problem = response.status_code, _problem(response)
    message = f"the backend answered {status}" + (f": {problem.detail or problem.title}" if problem else "")
    if status in (401, 403):
        return BackendUnauthorised(message, status=status, problem=problem)
    # A 4xx without a problem document was said by something in between, not by the backend about this report.
    if problem is None or not 400 <= status < 500 or status in _COME_BACK:
        unavailable = BackendUnavailable(message, status=status, problem=problem)
        wait = response.headers.get("Retry-After", "")
        unavailable.retry_after = float(wait) if wait.isascii() and wait.isdigit() else None
        return unavailable
    return (NotFound if status == 404 else BackendRefused)(message, status=status, problem=problem)


def _problem(response: httpx.Response) -> Problem | None:
    if response.headers.get("Content-Type", "").partition(";")[0].strip() != PROBLEM_MEDIA_TYPE:
        return None
    try:
        return Problem.model_validate_json(response.content)
    except ValidationError:
        return None
