"""What the backend knows about cases. Blocking: call it from a worker thread."""

from __future__ import annotations

import hmac
import json
import secrets
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog
from pydantic import BaseModel
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Connection

from ..contract import (
    BEIJING,
    QUERY_CODE_ALPHABET,
    TRANSITIONS,
    Advance,
    CallBack,
    CallBackReceipt,
    CaseQuery,
    CaseReceipt,
    CaseState,
    CaseStatus,
    CaseSummary,
    EvidenceRef,
    FiledReport,
    ReportBody,
    StateChange,
    StatusCallback,
    Supplement,
    SupplementReceipt,
    answer_by,
)
from .database import call_backs, callbacks, cases, days, history, open_database, supplements, wrong_tries
from .evidence import EvidenceFolder
from .refusals import CaseNotFound, Refusal
from .sealing import Sealer

Clock = Callable[[], datetime]
QUERY_CODE_LENGTH = 6
MAX_WRONG_TRIES = 5
TRIES_WINDOW = timedelta(minutes=15)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class WaitingCallback:
    """One status change still to be delivered; `body` is what will be posted."""

    event_id: str
    case_no: str
    body: bytes
    attempts: int
    due_at: datetime


class Store:
    """Cases with their history, requests for a call, and the callbacks that wait.

    `with_callbacks` says whether anyone is to be told.
    """

    def __init__(self, path: Path, sealer: Sealer, clock: Clock, *, with_callbacks: bool) -> None:
        self._writing, self._reading = open_database(path)
        # SQLite has one writer at a time; to wait here is fair and prompt, to wait inside SQLite is to sleep and poll.
        self._one_writer = threading.Lock()
        self._sealer = sealer
        self._clock = clock
        self._with_callbacks = with_callbacks
        self.evidence = EvidenceFolder(path.parent / "evidence", sealer)

    def close(self) -> None:
        """Close the file."""
        self._writing.dispose()

    # --- filing ---

    def submit(self, report: ReportBody) -> tuple[CaseReceipt, bool]:
        """The receipt for this draft, and whether a case was opened for it just now. All in one transaction."""
        fingerprint = self._fingerprint("report", report)
        with self._one_writer, self._writing.begin() as db:
            known = db.execute(sa.select(cases).where(cases.c.draft_id == report.draft_id)).one_or_none()
            if known is not None:
                if not hmac.compare_digest(known.fingerprint, fingerprint):
                    raise Refusal(
                        409, "Another report was submitted for this draft; a submitted report cannot be changed."
                    )
                return self._receipt(known), False
            hashes = self._uploaded(report.draft_id, report.evidence)
            receipt = self._open_case(db, report, fingerprint, hashes)
        _log.info("backend.case_opened", case_no=receipt.case_no, priority=report.priority, evidence=len(hashes))
        return receipt, True

    def _open_case(self, db: Connection, report: ReportBody, fingerprint: str, hashes: list[str]) -> CaseReceipt:
        now = self._clock()
        receipt = CaseReceipt(
            case_no=_next_case_no(db, now),
            query_code="".join(secrets.choice(QUERY_CODE_ALPHABET) for _ in range(QUERY_CODE_LENGTH)),
            received_at=now,
            answer_by=answer_by(now),
            evidence=hashes,
        )
        db.execute(
            cases.insert().values(
                case_no=receipt.case_no,
                draft_id=report.draft_id,
                fingerprint=fingerprint,
                report=self._sealer.seal(report.model_dump_json().encode(), _of("report", receipt.case_no)),
                receipt=self._sealer.seal(receipt.model_dump_json().encode(), _of("receipt", receipt.case_no)),
                state=CaseState.RECEIVED,
                state_since=now,
                received_at=now,
            )
        )
        # No callback for this one: the receipt says it.
        db.execute(history.insert().values(case_no=receipt.case_no, state=CaseState.RECEIVED, at=now))
        return receipt

    def supplement(self, supplement: Supplement) -> tuple[SupplementReceipt, bool]:
        """The receipt for this supplement, and whether it was added just now. All in one transaction.

        A case that waits for more moves on to checking. A closed one takes supplements too: what they mean for it is
        for staff to say, and a person's material is not turned away.
        """
        fingerprint = self._fingerprint("supplement", supplement)
        with self._one_writer, self._writing.begin() as db:
            state = CaseState(_case(db, supplement.case_no).state)
            query = sa.select(supplements).where(supplements.c.supplement_id == supplement.supplement_id)
            known = db.execute(query).one_or_none()
            if known is not None:
                if not hmac.compare_digest(known.fingerprint, fingerprint):
                    raise Refusal(409, "Another supplement was sent under this id; it cannot be changed.")
                return _supplement_receipt(supplement, known.received_at), False
            self._uploaded(supplement.supplement_id, supplement.evidence)
            now = self._clock()
            db.execute(
                supplements.insert().values(
                    supplement_id=supplement.supplement_id,
                    case_no=supplement.case_no,
                    fingerprint=fingerprint,
                    body=self._sealer.seal(
                        supplement.model_dump_json().encode(),
                        _of_supplement(supplement.case_no, supplement.supplement_id),
                    ),
                    received_at=now,
                )
            )
            if state is CaseState.NEED_MORE:
                self._move(db, supplement.case_no, CaseState.CHECKING, now, note=None)
        _log.info(
            "backend.case_supplemented", case_no=supplement.case_no, before=state, evidence=len(supplement.evidence)
        )
        return _supplement_receipt(supplement, now), True

    def call_back(self, request: CallBack) -> tuple[CallBackReceipt, bool]:
        """The receipt for this request, and whether it was put on the list just now."""
        fingerprint = self._fingerprint("call-back", request)
        with self._one_writer, self._writing.begin() as db:
            query = sa.select(call_backs).where(call_backs.c.request_id == request.request_id)
            known = db.execute(query).one_or_none()
            if known is not None:
                if not hmac.compare_digest(known.fingerprint, fingerprint):
                    raise Refusal(409, "Another request was sent under this id; it cannot be changed.")
                return CallBackReceipt(request_id=request.request_id, received_at=known.received_at), False
            now = self._clock()
            db.execute(
                call_backs.insert().values(
                    request_id=request.request_id,
                    fingerprint=fingerprint,
                    body=self._sealer.seal(request.model_dump_json().encode(), _of("call-back", request.request_id)),
                    received_at=now,
                )
            )
        _log.info("backend.call_back_asked", request_id=request.request_id)
        return CallBackReceipt(request_id=request.request_id, received_at=now), True

    def _uploaded(self, owner: str, evidence: Sequence[EvidenceRef]) -> list[str]:
        """The hashes of these files, in order. Raises Refusal (422) with those that were not uploaded for `owner`."""
        hashes = [item.sha256 for item in evidence]
        missing = [sha256 for sha256 in dict.fromkeys(hashes) if not self.evidence.has(owner, sha256)]
        if missing:
            raise Refusal(422, "Upload the evidence before what names it.", missing_evidence=missing)
        return hashes

    def _fingerprint(self, kind: str, body: BaseModel) -> str:
        # Sorted, because the order of members in a JSON object means nothing. Without members that have their default:
        # what was filed before such a member was added to the contract keeps its fingerprint, and can be repeated.
        canonical = json.dumps(body.model_dump(mode="json", exclude_defaults=True), sort_keys=True, ensure_ascii=False)
        return self._sealer.name(canonical.encode(), f"backend-{kind}")

    # --- asking ---

    def status(self, case_no: str) -> CaseStatus:
        """How the case stands."""
        with self._reading.begin() as db:
            return self._status(db, _case(db, case_no))

    def status_with_code(self, query: CaseQuery) -> CaseStatus:
        """How the case stands, for one who has its code. Wrong tries are counted, and too many end the guessing.

        Counted for numbers of no case as well, so that the answers do not tell which numbers exist.
        """
        now = self._clock()
        with self._one_writer, self._writing.begin() as db:
            db.execute(wrong_tries.delete().where(wrong_tries.c.at <= now - TRIES_WINDOW))
            tries = db.execute(
                sa.select(sa.func.count(), sa.func.min(wrong_tries.c.at)).where(wrong_tries.c.case_no == query.case_no)
            ).one()
            if tries[0] >= MAX_WRONG_TRIES:
                wait = max(1, round((tries[1] + TRIES_WINDOW - now).total_seconds()))
                raise Refusal(429, "Too many wrong query codes for this case.", headers={"Retry-After": str(wait)})
            row = db.execute(sa.select(cases).where(cases.c.case_no == query.case_no)).one_or_none()
            expected = "" if row is None else self._receipt(row).query_code
            if row is not None and hmac.compare_digest(expected.encode(), query.query_code.encode()):
                return self._status(db, row)
            db.execute(wrong_tries.insert().values(case_no=query.case_no, at=now))
        # Raised outside, so that the transaction with the wrong try in it is kept.
        raise CaseNotFound

    def newest(self, limit: int) -> list[CaseSummary]:
        """The newest cases first."""
        with self._reading.begin() as db:
            rows = db.execute(
                sa.select(cases).order_by(cases.c.received_at.desc(), cases.c.case_no.desc()).limit(limit)
            )
            return [self._summary(row) for row in rows]

    def report(self, case_no: str) -> FiledReport:
        """The report as it was received, and what was added."""
        with self._reading.begin() as db:
            report = self._report(_case(db, case_no))
            rows = db.execute(sa.select(supplements).where(supplements.c.case_no == case_no).order_by(supplements.c.id))
            return FiledReport(**dict(report), supplements=[self._supplement(row) for row in rows])

    def call_backs(self) -> list[CallBack]:
        """All requests for a call, the oldest first."""
        with self._reading.begin() as db:
            rows = db.execute(sa.select(call_backs).order_by(call_backs.c.id))
            requests = [
                CallBack.model_validate_json(self._sealer.open(row.body, _of("call-back", row.request_id)))
                for row in rows
            ]
        # By when the person asked: a request that was held up on its way has waited longer than its arrival tells.
        return sorted(requests, key=lambda request: request.created_at)

    # --- moving on ---

    def advance(self, case_no: str, step: Advance) -> CaseStatus:
        """Move the case on and, in the same transaction, queue the callback that tells of it."""
        now = self._clock()
        with self._one_writer, self._writing.begin() as db:
            row = _case(db, case_no)
            state, allowed = CaseState(row.state), TRANSITIONS[CaseState(row.state)]
            if not allowed:
                raise Refusal(409, f"The case is closed ({state}).")
            target = step.state or allowed[0]
            if target not in allowed:
                raise Refusal(409, f"After {state} a case cannot be {target}, only {', '.join(allowed)}.")
            self._move(db, case_no, target, now, step.note)
            status = self._status(db, _case(db, case_no))
        _log.info("backend.case_advanced", case_no=case_no, before=state, state=target)
        return status

    def _move(self, db: Connection, case_no: str, target: CaseState, now: datetime, note: str | None) -> None:
        db.execute(cases.update().where(cases.c.case_no == case_no).values(state=target, state_since=now))
        sealed = None if note is None else self._sealer.seal(note.encode(), _of("note", case_no))
        db.execute(history.insert().values(case_no=case_no, state=target, at=now, note=sealed))
        if self._with_callbacks:
            self._queue(
                db, StatusCallback(event_id=str(uuid.uuid4()), case_no=case_no, state=target, at=now, note=note)
            )

    # --- callbacks ---

    def _queue(self, db: Connection, event: StatusCallback) -> None:
        body = self._sealer.seal(event.model_dump_json().encode(), _of("callback", event.event_id))
        db.execute(
            callbacks.insert().values(
                event_id=event.event_id, case_no=event.case_no, body=body, attempts=0, due_at=event.at
            )
        )

    def waiting_callbacks(self, limit: int = 100) -> list[WaitingCallback]:
        """Every case's oldest undelivered callback, the soonest due first, so that news never overtake each other."""
        oldest = sa.select(sa.func.min(callbacks.c.id)).group_by(callbacks.c.case_no)
        query = sa.select(callbacks).where(callbacks.c.id.in_(oldest)).order_by(callbacks.c.due_at, callbacks.c.id)
        with self._reading.begin() as db:
            return [
                WaitingCallback(
                    event_id=row.event_id,
                    case_no=row.case_no,
                    body=self._sealer.open(row.body, _of("callback", row.event_id)),
                    attempts=row.attempts,
                    due_at=row.due_at,
                )
                for row in db.execute(query.limit(limit))
            ]

    def callback_delivered(self, event_id: str) -> None:
        """Forget a callback that was acknowledged."""
        with self._one_writer, self._writing.begin() as db:
            db.execute(callbacks.delete().where(callbacks.c.event_id == event_id))

    def callback_failed(self, event_id: str, due_at: datetime) -> None:
        """Keep a callback for another attempt."""
        with self._one_writer, self._writing.begin() as db:
            db.execute(
                callbacks.update()
                .where(callbacks.c.event_id == event_id)
                .values(attempts=callbacks.c.attempts + 1, due_at=due_at)
            )

    def count_waiting_callbacks(self) -> int:
        """How many callbacks have not been delivered."""
        with self._reading.begin() as db:
            return db.execute(sa.select(sa.func.count()).select_from(callbacks)).scalar_one()

    # --- opening what is sealed ---

    def _receipt(self, row: sa.Row[Any]) -> CaseReceipt:
        return CaseReceipt.model_validate_json(self._sealer.open(row.receipt, _of("receipt", row.case_no)))

    def _report(self, row: sa.Row[Any]) -> ReportBody:
        return ReportBody.model_validate_json(self._sealer.open(row.report, _of("report", row.case_no)))

    def _supplement(self, row: sa.Row[Any]) -> Supplement:
        return Supplement.model_validate_json(
            self._sealer.open(row.body, _of_supplement(row.case_no, row.supplement_id))
        )

    def _summary(self, row: sa.Row[Any]) -> CaseSummary:
        report = self._report(row)
        return CaseSummary(
            case_no=row.case_no,
            state=CaseState(row.state),
            state_since=row.state_since,
            received_at=row.received_at,
            answer_by=answer_by(row.received_at),
            matter=report.matter,
            priority=report.priority,
        )

    def _status(self, db: Connection, row: sa.Row[Any]) -> CaseStatus:
        steps = db.execute(sa.select(history).where(history.c.case_no == row.case_no).order_by(history.c.id))
        changes = [
            StateChange(
                state=CaseState(step.state),
                at=step.at,
                note=None if step.note is None else self._sealer.open(step.note, _of("note", row.case_no)).decode(),
            )
            for step in steps
        ]
        return CaseStatus(
            case_no=row.case_no,
            state=CaseState(row.state),
            state_since=row.state_since,
            history=changes,
            asks=changes[-1].note if row.state == CaseState.NEED_MORE else None,
        )


def _of(kind: str, owner: str) -> str:
    """The sealing context: a value moved to another row or column does not open."""
    return f"backend-{kind}:{owner}"


def _of_supplement(case_no: str, supplement_id: str) -> str:
    # With the case in it, so that a supplement put under another case does not open either.
    return _of("supplement", f"{case_no}:{supplement_id}")


def _supplement_receipt(supplement: Supplement, received_at: datetime) -> SupplementReceipt:
    return SupplementReceipt(
        supplement_id=supplement.supplement_id,
        case_no=supplement.case_no,
        received_at=received_at,
        evidence=[item.sha256 for item in supplement.evidence],
    )


def _case(db: Connection, case_no: str) -> sa.Row[Any]:
    row = db.execute(sa.select(cases).where(cases.c.case_no == case_no)).one_or_none()
    if row is None:
        raise CaseNotFound
    return row


def _next_case_no(db: Connection, now: datetime) -> str:
    """The next number of the day in Beijing. Given back if the transaction fails, so the day's numbers have no gaps."""
    day = now.astimezone(BEIJING).strftime("%Y%m%d")
    number = db.execute(
        insert(days)
        .values(day=day, last_number=1)
        .on_conflict_do_update(index_elements=[days.c.day], set_={"last_number": days.c.last_number + 1})
        .returning(days.c.last_number)
    ).scalar_one()
    return f"W{day}-{number:04d}"
