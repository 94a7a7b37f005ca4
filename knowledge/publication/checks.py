"""Runs of the publication gate as staff see them: begun in one process, followed from any, kept as a report."""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa
import structlog

from knowledge.library import Library
from knowledge.publication.gate import Regression, Report
from knowledge.publication.gate_process import ALONE, Beside, GateFailed, run_apart
from knowledge.publication.ports import Sealing
from knowledge.publication.questions import KEPT_DAYS
from knowledge.publication.records import NoSuchEntry, Revision, read_edition, read_place
from knowledge.publication.store import SILENT, Publication, Refused
from knowledge.publication.tables import checks

log = structlog.get_logger("knowledge")

#: How often a publication is checked anew because another one came between.
TRIES = 3


class Kept(Protocol):
    """The kept regression questions."""

    async def all(self) -> list[Regression]: ...


@dataclass(frozen=True)
class Check:
    """One run. `state`: running, passed, blocked, published, or failed where it has to be begun again."""

    id: str
    entry_id: str
    revision: int
    edition: int
    who: str
    publish: bool
    state: str
    done: int
    total: int
    report: Report | None
    started_at: float


class Checks:
    """Begins runs and tells how they stand."""

    def __init__(self, publication: Publication, regressions: Kept, sealer: Sealing, beside: Beside = ALONE) -> None:
        """`beside`: what whoever answers searches, too."""
        self._publication, self._regressions, self._sealer, self._beside = publication, regressions, sealer, beside
        self._store = publication.store
        self._tasks: dict[str, asyncio.Task[Check]] = {}

    async def begin(self, entry_id: str, who: str, *, publish: bool = False) -> str:
        """Check the entry's work, and with `publish` approve and publish it if it passes; the id of the run.

        Raises Refused if there is no work, or for `publish` if `who` may not approve it.
        """
        check_id = str(uuid.uuid4())
        revision = await self._store.write(lambda connection: self._start(connection, check_id, entry_id, who, publish))
        task = asyncio.create_task(self._run(check_id, revision, who, publish))
        self._tasks[check_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(check_id, None))
        return check_id

    async def finished(self, check_id: str) -> Check:
        """Wait for a run that was begun here."""
        if task := self._tasks.get(check_id):
            await asyncio.wait([task])
        return await self.get(check_id)

    async def get(self, check_id: str) -> Check:
        """Raises NoSuchEntry."""

        def read(connection: sa.Connection) -> Check:
            row = connection.execute(checks.select().where(checks.c.id == check_id)).first()
            if row is None:
                raise NoSuchEntry(check_id)
            return self._check(row)

        return await self._store.read(read)

    async def latest(self, entry_id: str, revision: int) -> Check | None:
        """The newest run of this revision."""
        mine = (checks.c.entry_id == entry_id) & (checks.c.revision == revision)
        query = checks.select().where(mine).order_by(checks.c.started_at.desc()).limit(1)
        row = await self._store.read(lambda connection: connection.execute(query).first())
        return self._check(row) if row else None

    async def stop(self) -> None:
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    # -- one run -----------------------------------------------------------------------------------------------------

    def _start(self, connection: sa.Connection, check_id: str, entry_id: str, who: str, publish: bool) -> Revision:
        place = read_place(connection, entry_id)
        if place.work is None:
            raise Refused("no_draft")
        if publish and place.stage != "review":
            raise Refused("not_in_review")
        if publish and not self._publication.may_approve(place, who):
            raise Refused("own_work")
        revision = place.revisions[place.work]
        if problems := self._publication.problems(entry_id, revision.body):
            raise Refused("not_ready", problems)
        now = time.time()
        row = {"id": check_id, "entry_id": entry_id, "revision": place.work, "who": who, "publish": publish}
        row |= {"edition": read_edition(connection), "state": "running", "done": 0, "total": 0}
        # Reports name questions that people asked: none is kept longer than those are.
        connection.execute(checks.delete().where(checks.c.started_at < now - KEPT_DAYS * 86400))
        connection.execute(checks.insert().values(**row, started_at=now, seen_at=now))
        return revision

    async def _run(self, check_id: str, revision: Revision, who: str, publish: bool) -> Check:
        try:
            for _ in range(TRIES):
                report = await self._compare(check_id, revision)
                state = "passed" if report.passed else "blocked"
                sealed = self._sealer.seal_json(report.model_dump(), context_of(check_id))
                await self._note(check_id, state=state, report=sealed)
                if not publish or not report.passed:
                    break
                try:
                    await self._publication.publish(check_id, who)
                except Refused as problem:
                    await self._note(check_id, state="failed")
                    if problem.reason != "not_checked":
                        break
                    # Something else was published meanwhile: it has to be looked at anew.
                    continue
                break
        except GateFailed as problem:
            log.error("gate_failed", entry=revision.entry_id, why=str(problem))
            await self._note(check_id, state="failed")
        except asyncio.CancelledError:
            await asyncio.shield(self._note(check_id, state="failed"))
            raise
        return await self.get(check_id)

    async def _compare(self, check_id: str, revision: Revision) -> Report:
        publication, day = self._publication, self._publication.day_of(revision)

        def both() -> tuple[int, Library, Library]:
            edition = publication.edition()
            return edition, publication.library(day), publication.library(day, (revision.entry_id, revision.number))

        edition, before, after = await asyncio.to_thread(both)
        await self._note(check_id, edition=edition, state="running")

        async def progress(done: int, total: int) -> None:
            await self._note(check_id, done=done, total=total)

        kept = await self._regressions.all()
        return await run_apart(before, after, {revision.entry_id}, kept, day, progress, self._beside)

    async def _note(self, check_id: str, **values: Any) -> None:
        query = checks.update().where(checks.c.id == check_id).values(**values, seen_at=time.time())
        await self._store.write(lambda connection: connection.execute(query))

    def _check(self, row: Any) -> Check:
        # What passed and is to be published is on its way for some milliseconds.
        state = "running" if row.publish and row.state == "passed" else row.state
        if state == "running" and time.time() - row.seen_at > SILENT:
            state = "failed"
        report = None
        if row.report:
            report = Report.model_validate(self._sealer.open_json(row.report, context_of(row.id)))
        facts = (row.id, row.entry_id, row.revision, row.edition, row.who, row.publish)
        return Check(*facts, state, row.done, row.total, report, row.started_at)


def context_of(check_id: str) -> str:
    """What a report is sealed with."""
    return f"check:{check_id}"
