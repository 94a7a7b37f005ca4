"""What goes to the agency beside reports: supplements to a case and requests for a call back.

Like a report, each is first written down, then sent until the backend has it; its id makes sending twice harmless.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any, Literal, Protocol

import sqlalchemy as sa
import structlog

from actions import records
from actions.drafts import Sealing, Store
from actions.rounds import Rounds, retry_after
from actions.submission import Away, Evidence, NoSuchCase, ReadEvidence, Refused

log = structlog.get_logger("handover")

Kind = Literal["supplement", "call_back"]


class Desk(Protocol):
    """What is needed of the agency's backend. Raises Away, Refused or NoSuchCase."""

    async def supplement(self, body: dict[str, Any], evidence: Evidence) -> None: ...
    async def call_back(self, body: dict[str, Any]) -> None: ...


class Handover:
    """The outbox of requests."""

    def __init__(self, store: Store, sealer: Sealing, desk: Desk, read_evidence: ReadEvidence) -> None:
        self._store, self._sealer, self._desk, self._read_evidence = store, sealer, desk, read_evidence
        self.rounds = Rounds("handover", self._round)
        self._busy: dict[str, asyncio.Lock] = {}

    async def give(
        self,
        request_id: str,
        conversation_id: str,
        kind: Kind,
        body: dict[str, Any],
        evidence_ids: list[str],
        patience: float,
    ) -> bool:
        """Write a request down and send it; True if the agency had it within `patience` seconds, else it follows.

        The same id again changes nothing: the turn that gave it was taken again.
        """

        def write(connection: sa.Connection) -> None:
            table = records.requests
            if connection.execute(sa.select(table.c.id).where(table.c.id == request_id)).first():
                return
            now = time.time()
            connection.execute(
                table.insert().values(
                    id=request_id,
                    conversation_id=conversation_id,
                    kind=kind,
                    state="waiting",
                    next_try_at=now,
                    created_at=now,
                    body=self._sealer.seal_json(body, f"request:{request_id}"),
                    evidence_ids=self._sealer.seal_json(evidence_ids, f"request-evidence:{request_id}"),
                )
            )

        await self._store.write(write)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._send(request_id)), patience)
        row = await self._row(request_id)
        self.rounds.wake()
        return bool(row and row.state == "sent")

    async def _send(self, request_id: str) -> None:
        async with self._busy.setdefault(request_id, asyncio.Lock()):
            row = await self._row(request_id)
            if row is None or row.state != "waiting":
                return
            try:
                await self._deliver(row)
            except Away as problem:
                pause = retry_after(row.tries)
                await self._set(
                    request_id, tries=row.tries + 1, next_try_at=time.time() + pause, problem=str(problem)[:200]
                )
            except (Refused, NoSuchCase, KeyError) as problem:
                log.error("request_refused", request=request_id, kind=row.kind, problem=str(problem)[:200])
                await self._set(request_id, state="refused", problem=str(problem)[:200])
            else:
                await self._set(request_id, state="sent", problem=None)

    async def _deliver(self, row: Any) -> None:
        body = self._sealer.open_json(row.body, f"request:{row.id}")
        if row.kind == "call_back":
            await self._desk.call_back(body)
            return
        ids = self._sealer.open_json(row.evidence_ids, f"request-evidence:{row.id}")
        await self._desk.supplement(body, [await self._read_evidence(row.conversation_id, item) for item in ids])

    async def _round(self) -> float:
        def due(connection: sa.Connection) -> Any:
            table = records.requests
            query = sa.select(table.c.id, table.c.next_try_at).where(table.c.state == "waiting")
            return connection.execute(query).all()

        waiting = await self._store.read(due)
        for row in waiting:
            if row.next_try_at <= time.time():
                await self._send(row.id)
        return 1.0 if waiting else 30.0

    async def _row(self, request_id: str) -> Any:
        def read(connection: sa.Connection) -> Any:
            return connection.execute(sa.select(records.requests).where(records.requests.c.id == request_id)).first()

        return await self._store.read(read)

    async def _set(self, request_id: str, **values: Any) -> None:
        def write(connection: sa.Connection) -> None:
            connection.execute(records.requests.update().where(records.requests.c.id == request_id).values(**values))

        await self._store.write(write)
