"""Joins submission with the agency's backend: the contract's client behind the few calls that the actions know."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from actions.submission import Away, NoSuchCase, Refused
from connectors.backend import BackendClient, BackendRefused, BackendUnavailable, NotFound, ReportBody


class ContractBackend:
    """Implements `actions.submission.Backend` over the client."""

    def __init__(self, client: BackendClient) -> None:
        self._client = client

    async def submit(
        self, draft_id: str, report: dict[str, Any], evidence: Sequence[tuple[dict[str, Any], bytes]]
    ) -> dict[str, Any]:
        """Evidence first, then the report that names it: a case never lacks a file it lists."""
        try:
            body = ReportBody.model_validate_json(
                json.dumps({**report, "evidence": [facts for facts, _ in evidence]}, ensure_ascii=False)
            )
            for facts, content in evidence:
                await self._client.put_evidence(draft_id, facts["sha256"], content, facts["media_type"])
            receipt = await self._client.submit(body)
        except ValidationError as problem:
            fault = problem.errors(include_url=False, include_input=False)[0]
            raise Refused(f"the report does not keep the contract: {fault['loc']}: {fault['msg']}") from None
        except BackendUnavailable as problem:
            raise Away(str(problem)) from problem
        except BackendRefused as problem:
            raise Refused(str(problem)) from problem
        return receipt.model_dump(mode="json")

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
