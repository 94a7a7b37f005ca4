"""Joins submission with the agency's backend: the contract's client behind the few calls that the actions know."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from actions.submission import Away, Evidence, NoSuchCase, Refused
from connectors.backend import (
    BackendClient,
    BackendRefused,
    BackendUnavailable,
    CallBack,
    NotFound,
    ReportBody,
    Supplement,
)

_M = TypeVar("_M", bound=BaseModel)


class ContractBackend:
    """Implements `actions.submission.Backend` and `actions.handover.Desk` over the client."""

    def __init__(self, client: BackendClient) -> None:
        self._client = client

    async def submit(self, draft_id: str, report: dict[str, Any], evidence: Evidence) -> dict[str, Any]:
        """Evidence first, then the report that names it: a case never lacks a file it lists."""
        with _sending():
            body = _read(ReportBody, {**report, "evidence": [facts for facts, _ in evidence]})
            await self._upload(draft_id, evidence)
            receipt = await self._client.submit(body)
        return receipt.model_dump(mode="json")

    async def supplement(self, body: dict[str, Any], evidence: Evidence) -> None:
        """Add to a case, evidence first. Raises NoSuchCase where the agency does not know the case."""
        with _sending():
            supplement = _read(Supplement, {**body, "evidence": [facts for facts, _ in evidence]})
            await self._upload(supplement.supplement_id, evidence)
            try:
                await self._client.supplement(supplement)
            except NotFound as problem:
                raise NoSuchCase(supplement.case_no) from problem

    async def call_back(self, body: dict[str, Any]) -> None:
        """Put a request for a call on the agency's list."""
        with _sending():
            await self._client.call_back(_read(CallBack, body))

    async def status(self, case_no: str, query_code: str | None = None) -> dict[str, Any]:
        try:
            found = await (
                self._client.status_with_code(case_no, query_code) if query_code else self._client.status(case_no)
            )
        except NotFound as problem:
            raise NoSuchCase(case_no) from problem
        except (BackendUnavailable, BackendRefused) as problem:
            raise Away(str(problem)) from problem
        return found.model_dump(mode="json")

    async def _upload(self, owner: str, evidence: Evidence) -> None:
        for facts, content in evidence:
            await self._client.put_evidence(owner, facts["sha256"], content, facts["media_type"])


def _read(model: type[_M], body: dict[str, Any]) -> _M:
    """As JSON, because the contract's models are strict about times given as text."""
    return model.model_validate_json(json.dumps(body, ensure_ascii=False))


@contextmanager
def _sending() -> Iterator[None]:
    """What goes wrong while sending, in the words that an outbox acts on."""
    try:
        yield
    except ValidationError as problem:
        fault = problem.errors(include_url=False, include_input=False)[0]
        raise Refused(f"{problem.title} does not keep the contract: {fault['loc']}: {fault['msg']}") from None
    except BackendUnavailable as problem:
        raise Away(str(problem)) from problem
    except BackendRefused as problem:
        raise Refused(str(problem)) from problem
