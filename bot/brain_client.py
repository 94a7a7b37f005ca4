"""The service's side of the brain's HTTP interface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from connectors.gateway.turns import BrainAway, BrainFailed

#: Seconds a turn may take before it is given up and taken again; a slow backend is waited for inside a turn.
TURN_SECONDS = 30.0


class BrainClient:
    """Talks to the brain at `url` with the internal token."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx.AsyncClient(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=httpx.Timeout(TURN_SECONDS, connect=2.0)
        )

    async def turn(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """One message and its replies. Raises BrainAway while nobody answers, BrainFailed if the turn failed."""
        return await self._post("/turn", body)

    async def understand(self, text: str, step: str | None) -> Mapping[str, Any]:
        return await self._post("/understand", {"text": text, "step": step})

    async def forget(self, conversation_id: str) -> None:
        """Nothing of this conversation is remembered any more. Raises BrainAway or BrainFailed."""
        await self._post("/forget", {"conversation": conversation_id})

    async def healthy(self) -> bool:
        try:
            return (await self._http.get("/health", timeout=2.0)).is_success
        except httpx.HTTPError:
            return False

    async def close(self) -> None:
        await self._http.aclose()

    async def _post(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            response = await self._http.post(path, json=dict(body))
        except (httpx.ConnectError, httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as problem:
            raise BrainAway(type(problem).__name__) from problem
        except httpx.HTTPError as problem:
            raise BrainFailed(type(problem).__name__) from problem
        if not response.is_success:
            raise BrainFailed(f"the brain answered {response.status_code}")
        answer: Mapping[str, Any] = response.json()
        return answer
