"""The contract between this system and an agency's backend: what is sent, what comes back, in which shape.

Its natural neighbour is Open311 GeoReport v2 (requirements → POST request → id → GET status), with what a report of a
rights infringement needs on top: evidence named by its hash, exactly one case for one draft, signed status callbacks.

All instants are RFC 3339 with an offset, sizes are bytes, hashes are SHA-256 in 64 lower-case hex digits. Models are
strict and closed: an unknown member is an error, so that a misspelt one is never silently lost with a person's report.
A change that an older reader would not understand needs a new API_VERSION; both are then served side by side.
"""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    model_validator,
)

API_VERSION = "v1"
MAX_EVIDENCE_BYTES = 25 * 1024 * 1024
MAX_REPORT_BYTES = 1024 * 1024
WORKING_DAYS_TO_ANSWER = 3
# China has kept one zone without summer time since 1991, so a fixed offset is exact and needs no zone database.
BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
# Without 0/O and 1/I, which people mix up when they copy a code from a screen or hear it on the telephone.
QUERY_CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

DraftId = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", max_length=36)
]
"""A UUID in its canonical lower-case form."""
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$", max_length=64)]
CaseNo = Annotated[str, StringConstraints(pattern=r"^W[0-9]{8}-[0-9]{4,7}$", max_length=17)]
"""``W``, the day in Beijing, and the running number of that day: ``W20261123-0042``."""
QueryCode = Annotated[str, StringConstraints(pattern=r"^[2-9A-HJ-NP-Z]{4,8}$", max_length=8)]
"""What a person needs beside the case number to ask how the case stands."""
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
MediaType = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.+-]+/[A-Za-z0-9.+-]+$", max_length=100)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
LongText = Annotated[str, StringConstraints(max_length=20_000)]
Note = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]


def _finite(value: JsonValue) -> JsonValue:
    """Refuse NaN and infinities, which Python reads but JSON does not have (RFC 8259, section 6)."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("numbers must be finite")
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            _finite(inner)
    return value


FiniteJson = Annotated[JsonValue, AfterValidator(_finite)]


class Contract(BaseModel):
    """What all models of the contract have in common."""

    # An error that quoted its input would carry a person's words into a log.
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


# --- the report -------------------------------------------------------------------------------------------------------


class ElementValue(Contract):
    """One element of the reporting standard with its answer."""

    id: Slug
    label: Text = Field(description="The element's name in the standard, in Chinese")
    value: (
        LongText
        | Annotated[list[LongText], Field(max_length=100)]
        | Annotated[dict[str, FiniteJson], Field(max_length=100)]
    ) = Field(description="The value for machines: a text, a list of texts, or a JSON object")
    shown: LongText = Field(description="The same value in the words the reporter confirmed")


class EvidenceRef(Contract):
    """One evidence file, uploaded beforehand; the hash is its identity."""

    sha256: Sha256
    name: Annotated[str, StringConstraints(min_length=1, max_length=255)] = Field(
        description="As the reporter named it"
    )
    size: int = Field(ge=1, le=MAX_EVIDENCE_BYTES, description="Bytes")
    media_type: MediaType
    received_at: AwareDatetime = Field(description="When the reporter handed it over")


class LegalBasis(Contract):
    """A law and an article of it that the matter rests on."""

    law: Text
    article: Text


class ReportBody(Contract):
    """One complete report. `draft_id` is its identity: the same draft never opens a second case."""

    draft_id: DraftId
    standard_version: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    matter: Slug
    reporter_zone: Literal["citizen", "enterprise"]
    channel: Slug
    priority: Literal["normal", "high", "first"] = Field(
        description="first: a minor is the victim (art. 10); high: cyber violence (art. 9)"
    )
    route: Literal["local", "forwarded"] = Field(
        description="forwarded: the agency at another place is competent (art. 14)"
    )
    measures: Annotated[list[Text], Field(max_length=20)] = Field(description="What the reporter asks for (art. 21)")
    elements: Annotated[list[ElementValue], Field(min_length=1, max_length=200)]
    evidence: Annotated[list[EvidenceRef], Field(max_length=100)]
    legal_basis: Annotated[list[LegalBasis], Field(max_length=50)]
    consent: Literal["full", "partial"] = Field(
        description="partial: the reporter's identity is not to be passed on to the platform"
    )
    proof_owed_by: date | None = Field(
        default=None,
        description="A provisional report (art. 21, 限时加私): limit sharing at once, proof follows by this day",
    )
    relates_to: CaseNo | None = Field(default=None, description="The reporter's earlier case that this one follows on")
    declared_true_at: AwareDatetime = Field(description="When the reporter declared the report to be true")
    created_at: AwareDatetime

    @model_validator(mode="after")
    def _one_value_per_element(self) -> Self:
        if len({element.id for element in self.elements}) != len(self.elements):
            raise ValueError("an element appears twice")
        return self


class EvidenceStored(Contract):
    """The answer to an upload: the backend holds these bytes."""

    sha256: Sha256
    size: int = Field(ge=1, le=MAX_EVIDENCE_BYTES, description="Bytes")


class CaseReceipt(Contract):
    """Proof of filing. A repeated submission gets the same receipt, to the letter."""

    case_no: CaseNo
    query_code: QueryCode
    received_at: AwareDatetime
    answer_by: date = Field(description="The last day, in Beijing, to hear whether the case is accepted")
    evidence: list[Sha256] = Field(description="What was received, in the report's order")


class Supplement(Contract):
    """What a reporter adds to a case: a word, files, or both. `supplement_id` is its identity, as is a draft's."""

    supplement_id: DraftId
    case_no: CaseNo
    note: LongText | None = None
    evidence: Annotated[list[EvidenceRef], Field(max_length=100)]
    created_at: AwareDatetime

    @model_validator(mode="after")
    def _adds_something(self) -> Self:
        if not self.note and not self.evidence:
            raise ValueError("a supplement needs a note or evidence")
        return self


class SupplementReceipt(Contract):
    """The supplement is part of the case. A repeated one gets the same receipt."""

    supplement_id: DraftId
    case_no: CaseNo
    received_at: AwareDatetime
    evidence: list[Sha256]


class FiledReport(ReportBody):
    """A report as staff read it: as it was received, with what its reporter has added since."""

    supplements: list[Supplement] = Field(default_factory=list, description="In the order they were received")


class CallBack(Contract):
    """A person asks to be called by the agency's staff. `request_id` is its identity."""

    request_id: DraftId
    contact: Text
    wish: Note
    hours: Text = Field(description="When the person can be reached, in their own choice of words")
    matter: Slug | None = Field(default=None, description="What the unfinished draft is about, if there is one")
    channel: Slug
    created_at: AwareDatetime


class CallBackReceipt(Contract):
    """The request is on the agency's list. A repeated one gets the same receipt."""

    request_id: DraftId
    received_at: AwareDatetime


class CallBackList(Contract):
    """Requests that are waiting, the oldest first."""

    call_backs: list[CallBack]


def answer_by(received_at: datetime) -> date:
    """Three working days after the day of receipt in Beijing.

    Monday to Friday count as working days: Chinese holidays and the weekends worked in exchange (调休) are announced
    a year at a time and are ignored here, so the date may fall on a holiday.
    """
    day, left = received_at.astimezone(BEIJING).date(), WORKING_DAYS_TO_ANSWER
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return day


# --- the case ---------------------------------------------------------------------------------------------------------


class CaseState(StrEnum):
    """Where a case stands."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    CHECKING = "checking"
    MEASURES_TAKEN = "measures_taken"
    NEED_MORE = "need_more"
    FORWARDED = "forwarded"
    CLOSED_DONE = "closed_done"
    CLOSED_DECLINED = "closed_declined"


TRANSITIONS: MappingProxyType[CaseState, tuple[CaseState, ...]] = MappingProxyType(
    {
        CaseState.RECEIVED: (
            CaseState.ACCEPTED,
            CaseState.NEED_MORE,
            CaseState.FORWARDED,
            CaseState.CLOSED_DECLINED,
        ),
        CaseState.ACCEPTED: (
            CaseState.CHECKING,
            CaseState.NEED_MORE,
            CaseState.FORWARDED,
            CaseState.CLOSED_DECLINED,
        ),
        CaseState.CHECKING: (
            CaseState.MEASURES_TAKEN,
            CaseState.NEED_MORE,
            CaseState.FORWARDED,
            CaseState.CLOSED_DONE,
            CaseState.CLOSED_DECLINED,
        ),
        CaseState.MEASURES_TAKEN: (CaseState.CLOSED_DONE, CaseState.CHECKING),
        CaseState.NEED_MORE: (CaseState.CHECKING, CaseState.ACCEPTED, CaseState.CLOSED_DECLINED),
        CaseState.FORWARDED: (CaseState.CLOSED_DONE, CaseState.ACCEPTED, CaseState.CLOSED_DECLINED),
        CaseState.CLOSED_DONE: (),
        CaseState.CLOSED_DECLINED: (),
    }
)
"""The states that may follow each state; the first is the usual one. A state without any is final."""


class StateChange(Contract):
    """One step of a case, with the agency's words to the reporter."""

    state: CaseState
    at: AwareDatetime
    note: Note | None = None


class CaseStatus(Contract):
    """How a case stands, for its reporter. It says nothing of what was reported."""

    case_no: CaseNo
    state: CaseState
    state_since: AwareDatetime
    history: Annotated[list[StateChange], Field(min_length=1)] = Field(description="Oldest first")
    asks: Note | None = Field(default=None, description="What the agency asks to be added, while it needs more")


class CaseQuery(Contract):
    """A reporter's question how a case stands. Both go in the body, so that no log of addresses has them."""

    case_no: CaseNo
    query_code: QueryCode


class CaseSummary(Contract):
    """One line of the agency's list."""

    case_no: CaseNo
    state: CaseState
    state_since: AwareDatetime
    received_at: AwareDatetime
    answer_by: date
    matter: Slug
    priority: Literal["normal", "high", "first"]


class CaseList(Contract):
    """The newest cases first."""

    cases: list[CaseSummary]


class Advance(Contract):
    """Staff move a case on; without `state` to the usual next one."""

    state: CaseState | None = None
    note: Note | None = None

    @model_validator(mode="after")
    def _need_more_says_what(self) -> Self:
        if self.state is CaseState.NEED_MORE and self.note is None:
            raise ValueError("need_more must say in its note what is to be added")
        return self


class StatusCallback(Contract):
    """What the backend posts, signed (see `signing`), when a case changes.

    Delivered at least once and in order for each case; any 2xx answer is the acknowledgement. The receiver drops an
    `event_id` it has seen.
    """

    event_id: DraftId
    case_no: CaseNo
    state: CaseState
    at: AwareDatetime
    note: Note | None = None


class Health(Contract):
    """Whether the backend can take reports."""

    status: Literal["ok", "failing"]
    api_version: str
    callbacks_waiting: int = Field(ge=0, description="Status changes that have not been delivered yet")


# --- errors -----------------------------------------------------------------------------------------------------------


class InvalidMember(Contract):
    """Where a request is invalid and why; never the offending value, which may be personal."""

    where: str = Field(description="The path to the member, for instance evidence.0.sha256")
    why: str


class Problem(BaseModel):
    """An RFC 9457 problem (application/problem+json). Open to unknown members, as the RFC asks of its readers."""

    model_config = ConfigDict(frozen=True)

    type: str = "about:blank"
    title: str
    status: int
    detail: str | None = None
    invalid: list[InvalidMember] | None = Field(default=None, description="With 422: what is invalid")
    missing_evidence: list[Sha256] | None = Field(default=None, description="With 422: evidence to upload first")
