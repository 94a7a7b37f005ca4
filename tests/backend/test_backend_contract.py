"""The shapes: what the models accept, what they refuse, and the data that goes with them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.backend import TRANSITIONS, CaseState, FiledReport, ReportBody
from connectors.backend.contract import Advance, CaseQuery, answer_by
from tests.backend.harness import NOON, a_call_back, a_report, a_supplement, filed


def test_a_report_survives_the_wire() -> None:
    report = a_report(b"one", b"two")
    assert ReportBody.model_validate_json(report.model_dump_json()) == report


@pytest.mark.parametrize(
    "changes",
    [
        {"draft_id": "not-a-uuid"},
        {"draft_id": "9C858901-8A57-4791-81FE-4C455B099BC9"},
        {"matter": "Personal Info"},
        {"reporter_zone": "staff"},
        {"priority": 1},
        {"consent": "none"},
        {"measures": ["删除"] * 21},
        {"elements": []},
        {"declared_true_at": "2026-11-23T12:00:00"},
        {"evidence": [{"sha256": "A" * 64}]},
        {"proof_owed_by": "2026-12-03T00:00:00Z"},
        {"relates_to": "12345"},
        {"surprise": True},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_does_not_keep_the_contract_is_refused(changes: dict[str, Any]) -> None:
    body = json.loads(a_report().model_dump_json()) | changes
    with pytest.raises(ValidationError):
        ReportBody.model_validate_json(json.dumps(body))


def test_what_comes_beside_a_report_survives_the_wire() -> None:
    supplement, request = a_supplement("W20261123-0042", b"one"), a_call_back(matter=None)
    assert type(supplement).model_validate_json(supplement.model_dump_json()) == supplement
    assert type(request).model_validate_json(request.model_dump_json()) == request
    assert filed(a_report(), supplement).supplements == [supplement]


def test_a_report_from_a_backend_without_supplements_is_read() -> None:
    report = a_report()
    assert FiledReport.model_validate_json(report.model_dump_json()) == filed(report)


@pytest.mark.parametrize("note", [None, ""])
def test_a_supplement_adds_something(note: str | None) -> None:
    with pytest.raises(ValidationError, match="a note or evidence"):
        a_supplement("W20261123-0042", note=note)
    assert a_supplement("W20261123-0042", b"one", note=note).evidence


def test_an_element_has_one_value() -> None:
    (first, *_) = a_report().elements
    with pytest.raises(ValidationError, match="twice"):
        a_report(elements=[first, first])


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_are_those_of_json(number: str) -> None:
    text = a_report().model_dump_json().replace('"floor":3', f'"floor":{{"deep":[{number}]}}')
    with pytest.raises(ValidationError, match="finite"):
        ReportBody.model_validate_json(text)


def test_every_state_has_its_transitions_and_can_end() -> None:
    assert set(TRANSITIONS) == set(CaseState)
    ends = {state for state, following in TRANSITIONS.items() if not following}
    assert ends == {CaseState.CLOSED_DONE, CaseState.CLOSED_DECLINED}
    for start in CaseState:
        state, steps = start, 0
        while TRANSITIONS[state]:
            state, steps = TRANSITIONS[state][0], steps + 1
            assert steps <= len(CaseState), f"the usual way from {start} does not end"
    reachable = {CaseState.RECEIVED} | {state for following in TRANSITIONS.values() for state in following}
    assert reachable == set(CaseState)


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        (NOON, date(2026, 11, 26)),  # Monday → Thursday
        (datetime(2026, 11, 26, 4, tzinfo=UTC), date(2026, 12, 1)),  # Thursday → Tuesday
        (datetime(2026, 11, 28, 4, tzinfo=UTC), date(2026, 12, 2)),  # Saturday → Wednesday
        (datetime(2026, 11, 23, 17, tzinfo=UTC), date(2026, 11, 27)),  # already Tuesday in Beijing
    ],
)
def test_three_working_days(received: datetime, expected: date) -> None:
    assert answer_by(received) == expected


@pytest.mark.parametrize("code", ["ABC", "ABCDEFGHJ", "ABC0", "ABCO", "ABC1", "ABCI", "abcd"])
def test_query_codes_are_unambiguous(code: str) -> None:
    with pytest.raises(ValidationError):
        CaseQuery(case_no="W20261123-0042", query_code=code)


def test_asking_for_more_says_what() -> None:
    with pytest.raises(ValidationError, match="what is to be added"):
        Advance(state=CaseState.NEED_MORE)
