"""Everything the backend may refuse, and how a refusal becomes a problem document."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from ..contract import InvalidMember, Problem

PROBLEM_MEDIA_TYPE = "application/problem+json"
# Own words rather than http.HTTPStatus, whose phrases change with the Python version and would change the document.
TITLES = {
    400: "Incomplete request",
    401: "Not authorised",
    404: "Not found",
    409: "Conflict",
    413: "Too large",
    415: "Unsupported media type",
    422: "Not acceptable as it is",
    429: "Too many tries",
    500: "Failure",
}
_METHODS = ("GET", "POST", "PUT")
_log = structlog.get_logger(__name__)


class Refusal(Exception):
    """Raised anywhere below a route; answered as a problem document."""

    def __init__(self, status: int, detail: str, *, headers: dict[str, str] | None = None, **members: Any) -> None:
        super().__init__(detail)
        self.headers = headers
        self.problem = Problem(
            title=TITLES.get(status) or HTTPStatus(status).phrase, status=status, detail=detail, **members
        )


class CaseNotFound(Refusal):
    """Also what a wrong query code gets, so that the two cannot be told apart."""

    def __init__(self) -> None:
        super().__init__(404, "There is no such case, or the query code is not its own.")


class Invalid(Refusal):
    """A request that does not keep the contract. Says where and why, never what was sent."""

    def __init__(self, errors: Sequence[Any]) -> None:
        invalid = [
            InvalidMember(where=".".join(str(part) for part in error["loc"]) or "body", why=error["msg"])
            for error in errors
        ]
        super().__init__(422, "The request does not keep the contract.", invalid=invalid)

    @classmethod
    def of(cls, error: ValidationError) -> Invalid:
        """From pydantic's error, without its inputs."""
        return cls(error.errors(include_url=False, include_context=False, include_input=False))


def install_handlers(app: FastAPI) -> None:
    """Answer every error as a problem document, the framework's own included."""
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(RequestValidationError, _request_invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def problem_response(refusal: Refusal) -> Response:
    """The refusal on the wire; members without a value are left out."""
    return Response(
        refusal.problem.model_dump_json(exclude_none=True),
        status_code=refusal.problem.status,
        headers=refusal.headers,
        media_type=PROBLEM_MEDIA_TYPE,
    )


async def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)  # noqa: S101 - for the type checker; Starlette dispatches by class
    return problem_response(error)


async def _request_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    return problem_response(Invalid(error.errors()))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    headers = dict(error.headers or {})
    if error.status_code == 405:
        # The framework names the methods of the first route with this path; there may be another one.
        headers["Allow"] = ", ".join(method for method in _METHODS if _serves(request, method))
    return problem_response(Refusal(error.status_code, str(error.detail), headers=headers))


def _serves(request: Request, method: str) -> bool:
    asked = {**request.scope, "method": method}
    return any(route.matches(asked)[0] is Match.FULL for route in request.app.routes)


async def _unexpected(request: Request, error: Exception) -> Response:
    # The class only: an exception's text may quote what it failed on.
    _log.error("backend.unexpected", error=type(error).__name__)
    return problem_response(Refusal(500, "The backend failed; try again later."))
