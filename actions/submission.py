"""Submission: a complete report becomes exactly one case.

A report is first written down, then sent; sending again under the same draft id gives the same case. So a lost answer,
a time-out, an error of the backend or a crash at any point costs time and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa
import structlog

from actions import records
from actions.drafts import Sealing, Store
from actions.rounds import Rounds, retry_after

log = structlog.get_logger("submission")


class Away(Exception):
    """The backend cannot be reached or is in trouble: try again later."""


class Refused(Exception):
    """The backend will not take this report as it is; staff must look at it."""


class NoSuchCase(Exception):
    """There is no such case, or the query code is wrong: the two are not told apart."""


#: Evidence items on their way: facts as the contract has them, and the bytes.
Evidence = Sequence[tuple[dict[str, Any], bytes]]


class Backend(Protocol):
    """What submission needs of the agency's backend. Raises Away, Refused or NoSuchCase."""

    async def submit(self, draft_id: str, report: dict[str, Any], evidence: Evidence) -> dict[str, Any]:
        """Deliver evidence and report; the receipt as JSON, the same for the same draft id."""
        ...

    async def status(self, case_no: str, query_code: str | None = None) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Submitted:
    """A report that was submitted. `receipt` is None while the backend has not answered yet."""

    draft_id: str
    conversation_id: str
    state: str
    case_no: str | None
    receipt: dict[str, Any] | None
    body: dict[str, Any]
    told: int
    created_at: float


#: Reads one evidence item's facts and bytes: ``(conversation_id, evidence_id)``.
ReadEvidence = Callable[[str, str], Awaitable[tuple[dict[str, Any], bytes]]]
#: Tells a person about a receipt that came after the turn: ``(submitted)``.
TellReceipt = Callable[[Submitted], Awaitable[None]]


class Submission:
    """The submission outbox and what is known of its cases."""

    def __init__(self, store: Store, sealer: Sealing, backend: Backend, read_evidence: ReadEvidence) -> None:
        self._store, self._sealer, self._backend, self._read_evidence = store, sealer, backend, read_evidence
        self.tell_receipt: TellReceipt | None = None
        self._busy: dict[str, asyncio.Lock] = {}
        self.rounds = Rounds("submission", self._round)

    # -- submitting --------------------------------------------------------------------------------------------------

    async def submit(
        self, draft_id: str, conversation_id: str, body: dict[str, Any], evidence_ids: Sequence[str], patience: float
    ) -> Submitted:
        """Write the report down and try to send it at once, waiting at most `patience` seconds for its case.

        The same draft id again returns the report submitted before, whatever `body` says: a report is immutable.
        """

        def write(connection: sa.Connection) -> None:
            table = records.reports
            if connection.execute(sa.select(table.c.draft_id).where(table.c.draft_id == draft_id)).first():
                return
            now = time.time()
            connection.execute(
                table.insert().values(
                    draft_id=draft_id,
                    conversation_id=conversation_id,
                    state="waiting",
                    next_try_at=now,
                    created_at=now,
                    body=self._sealer.seal_json(body, f"report:{draft_id}"),
                    evidence_ids=self._sealer.seal_json(list(evidence_ids), f"report-evidence:{draft_id}"),
                )
            )
            connection.execute(records.drafts.update().where(records.drafts.c.id == draft_id).values(state="submitted"))

        await self._store.write(write)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._send(draft_id)), patience)
        submitted = await self.find(draft_id)
        if submitted is None:
            raise RuntimeError("a report that was just written down is not there")
        if submitted.receipt is not None:
            await self._mark_told(draft_id)
        self.rounds.wake()
        return submitted

    async def _mark_told(self, draft_id: str) -> None:
        def write(connection: sa.Connection) -> None:
            table = records.reports
            connection.execute(table.update().where(table.c.draft_id == draft_id).values(receipt_told=True))

        await self._store.write(write)

    async def _send(self, draft_id: str) -> None:
        """One attempt to turn a waiting report into a case."""
        async with self._busy.setdefault(draft_id, asyncio.Lock()):
            row = await self._row(draft_id)
            if row is None or row.state != "waiting":
                return
            try:
                receipt = await self._deliver(row)
            except Away as problem:
                await self._later(row, str(problem))
            except (Refused, KeyError) as problem:
                log.error("report_refused", draft=draft_id, problem=str(problem)[:200])
                await self._set(draft_id, state="refused", problem=str(problem)[:200])
            else:
                sealed = self._sealer.seal_json(receipt, f"receipt:{draft_id}")
                await self._set(draft_id, state="sent", case_no=receipt["case_no"], receipt=sealed, problem=None)
                log.info("case_opened", draft=draft_id, case_no=receipt["case_no"])

    async def _deliver(self, row: Any) -> dict[str, Any]:
        body = self._sealer.open_json(row.body, f"report:{row.draft_id}")
        ids = self._sealer.open_json(row.evidence_ids, f"report-evidence:{row.draft_id}")
        evidence = [await self._read_evidence(row.conversation_id, item) for item in ids]
        return await self._backend.submit(row.draft_id, body, evidence)

    async def _later(self, row: Any, problem: str) -> None:
        pause = retry_after(row.tries)
        log.warning("submission_postponed", draft=row.draft_id, tries=row.tries + 1, seconds=pause)
        await self._set(row.draft_id, tries=row.tries + 1, next_try_at=time.time() + pause, problem=problem[:200])

    async def _set(self, draft_id: str, **values: Any) -> None:
        def write(connection: sa.Connection) -> None:
            connection.execute(records.reports.update().where(records.reports.c.draft_id == draft_id).values(**values))

        await self._store.write(write)

    # -- the outbox --------------------------------------------------------------------------------------------------

    async def _round(self) -> float:
        """Send what is due, tell the receipts that are owed; seconds until something is due again."""

        def due(connection: sa.Connection) -> Any:
            table = records.reports
            waiting = connection.execute(
                sa.select(table.c.draft_id, table.c.next_try_at).where(table.c.state == "waiting")
            ).all()
            owed = connection.execute(
                sa.select(table.c.draft_id).where(table.c.state == "sent", table.c.receipt_told.is_(False))
            ).all()
            return waiting, owed

        waiting, owed = await self._store.read(due)
        now = time.time()
        for row in waiting:
            if row.next_try_at <= now:
                await self._send(row.draft_id)
        for row in owed:
            submitted = await self.find(row.draft_id)
            # The turn that submitted tells the receipt itself if it can; it is given a moment for that.
            if submitted and self.tell_receipt and time.time() - submitted.created_at > 5.0:
                await self.tell_receipt(submitted)
                await self._mark_told(row.draft_id)
        return 1.0 if waiting or owed else 30.0

    # -- asking ------------------------------------------------------------------------------------------------------

    async def _row(self, draft_id: str) -> Any:
        def read(connection: sa.Connection) -> Any:
            return connection.execute(sa.select(records.reports).where(records.reports.c.draft_id == draft_id)).first()

        return await self._store.read(read)

    async def find(self, draft_id: str) -> Submitted | None:
        row = await self._row(draft_id)
        return self._submitted(row) if row else None

    async def of(self, conversation_id: str) -> list[Submitted]:
        """A conversation's own reports, newest first."""
        table = records.reports
        return await self._where(table.c.conversation_id == conversation_id)

    async def all(self) -> list[Submitted]:
        return await self._where(sa.true())

    async def by_case(self, case_no: str) -> Submitted | None:
        found = await self._where(records.reports.c.case_no == case_no)
        return found[0] if found else None

    async def about(self, conversation_id: str, matter: str, links: Sequence[str]) -> Submitted | None:
        """A case of this person's that reports one of these links for the same matter."""
        wanted = {same_link(link) for link in links}
        for report in await self.of(conversation_id):
            elements = {element["id"]: element["value"] for element in report.body["elements"]}
            reported = {same_link(link) for link in str(elements.get("url") or "").splitlines()}
            if report.case_no and report.body["matter"] == matter and wanted & reported:
                return report
        return None

    async def _where(self, condition: Any) -> list[Submitted]:
        def read(connection: sa.Connection) -> Any:
            query = sa.select(records.reports).where(condition).order_by(records.reports.c.created_at.desc())
            return connection.execute(query).all()

        return [self._submitted(row) for row in await self._store.read(read)]

    def _submitted(self, row: Any) -> Submitted:
        return Submitted(
            draft_id=row.draft_id,
            conversation_id=row.conversation_id,
            state=row.state,
            case_no=row.case_no,
            receipt=self._sealer.open_json(row.receipt, f"receipt:{row.draft_id}") if row.receipt else None,
            body=self._sealer.open_json(row.body, f"report:{row.draft_id}"),
            told=row.told,
            created_at=row.created_at,
        )

    async def status(self, case_no: str, query_code: str | None = None) -> dict[str, Any]:
        """The case as the backend has it. Raises Away or NoSuchCase."""
        return await self._backend.status(case_no, query_code)

    async def told(self, draft_id: str, entries: int) -> None:
        """Note how many entries of the case's history the person has seen."""
        await self._set(draft_id, told=entries)

    async def take_callback(self, event_id: str) -> bool:
        """Whether this callback is new. The caller acts on it, then calls `callback_taken`."""

        def read(connection: sa.Connection) -> bool:
            table = records.callbacks
            return connection.execute(sa.select(table.c.event_id).where(table.c.event_id == event_id)).first() is None

        return bool(await self._store.read(read))

    async def callback_taken(self, event_id: str) -> None:
        def write(connection: sa.Connection) -> None:
            table = records.callbacks
            if not connection.execute(sa.select(table.c.event_id).where(table.c.event_id == event_id)).first():
                connection.execute(table.insert().values(event_id=event_id, received_at=time.time()))

        await self._store.write(write)


def same_link(link: str) -> str:
    """What two links to the same content have in common, however they were copied."""
    return link.strip().split("#")[0].removeprefix("https://").removeprefix("http://").rstrip("/")
