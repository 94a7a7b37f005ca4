"""What becomes of a case: states, queries with a code, the staff's list."""

from __future__ import annotations

import asyncio

import pytest

from connectors.backend import (
    TRANSITIONS,
    BackendClient,
    BackendRefused,
    BackendUnavailable,
    CaseState,
    NotFound,
)
from tests.backend.harness import NOON, Clock, a_report, raw

NO_CASE = "W20261123-9999"


async def test_the_usual_way(api: BackendClient, clock: Clock) -> None:
    case_no = (await api.submit(a_report())).case_no
    for minutes in range(4):
        clock.forward(minutes=1)
        status = await api.advance(case_no, note=f"第 {minutes + 1} 步")
    assert [step.state.value for step in status.history] == [
        "received",
        "accepted",
        "checking",
        "measures_taken",
        "closed_done",
    ]
    assert [step.note for step in status.history] == [None, "第 1 步", "第 2 步", "第 3 步", "第 4 步"]
    assert status.state_since == clock.now
    assert status.history[0].at == NOON
    assert await api.status(case_no) == status
    with pytest.raises(BackendRefused) as refusal:
        await api.advance(case_no)
    assert refusal.value.status == 409


def ways_to_all_states() -> dict[CaseState, list[CaseState]]:
    """The shortest way from received to each state."""
    ways: dict[CaseState, list[CaseState]] = {CaseState.RECEIVED: []}
    queue = [CaseState.RECEIVED]
    for state in queue:
        for following in TRANSITIONS[state]:
            if following not in ways:
                ways[following] = [*ways[state], following]
                queue.append(following)
    return ways


@pytest.mark.parametrize("start", CaseState)
async def test_only_allowed_steps(api: BackendClient, start: CaseState) -> None:
    async def case_in_start() -> str:
        case_no = (await api.submit(a_report())).case_no
        for step in ways_to_all_states()[start]:
            await api.advance(case_no, step, "请补充" if step is CaseState.NEED_MORE else None)
        return case_no

    refused_case = await case_in_start()
    for target in CaseState:
        if target in TRANSITIONS[start]:
            assert (await api.advance(await case_in_start(), target, "说明")).state is target
        else:
            with pytest.raises(BackendRefused) as refusal:
                await api.advance(refused_case, target, "说明")
            assert refusal.value.status == 409
    assert (await api.status(refused_case)).state is start, "a refused step changes nothing"


async def test_what_the_agency_asks_for(api: BackendClient) -> None:
    case_no = (await api.submit(a_report())).case_no
    assert (await api.advance(case_no, CaseState.NEED_MORE, "请补充原始链接")).asks == "请补充原始链接"
    assert (await api.advance(case_no)).asks is None


async def test_two_staff_advancing_at_once_take_two_steps(api: BackendClient) -> None:
    case_no = (await api.submit(a_report())).case_no
    await asyncio.gather(api.advance(case_no), api.advance(case_no))
    assert [step.state for step in (await api.status(case_no)).history] == [
        CaseState.RECEIVED,
        CaseState.ACCEPTED,
        CaseState.CHECKING,
    ]


async def test_unknown_cases(api: BackendClient) -> None:
    for question in (api.status, api.report, api.advance):
        for case_no in (NO_CASE, "W1", "../health", ""):
            with pytest.raises(NotFound):
                await question(case_no)


async def test_a_person_asks_with_number_and_code(api: BackendClient) -> None:
    receipt = await api.submit(a_report())
    status = await api.status_with_code(f" {receipt.case_no.lower()} ", receipt.query_code.lower())
    assert status == await api.status(receipt.case_no)
    for wrong in ("WRANG2", "ABCD", "不是", ""):
        with pytest.raises(NotFound):
            await api.status_with_code(receipt.case_no, wrong)


async def test_guessing_ends_after_five_tries(api: BackendClient, clock: Clock) -> None:
    receipt, other = await api.submit(a_report()), await api.submit(a_report())
    for _ in range(5):
        with pytest.raises(NotFound):
            await api.status_with_code(receipt.case_no, "22222222")
    clock.forward(minutes=5)
    with pytest.raises(BackendUnavailable) as locked:
        await api.status_with_code(receipt.case_no, receipt.query_code)
    assert (locked.value.status, locked.value.retry_after) == (429, 600)
    # Others are not held up, and the case itself is only after a quarter of an hour.
    await api.status_with_code(other.case_no, other.query_code)
    clock.forward(minutes=10)
    await api.status_with_code(receipt.case_no, receipt.query_code)


async def test_guessing_at_once_gets_no_more_tries(api: BackendClient) -> None:
    receipt = await api.submit(a_report())
    tries = (api.status_with_code(receipt.case_no, "22222222") for _ in range(20))
    outcomes = [type(error) for error in await asyncio.gather(*tries, return_exceptions=True)]
    assert (outcomes.count(NotFound), outcomes.count(BackendUnavailable)) == (5, 15)


async def test_a_number_of_no_case_answers_as_a_wrong_code_does(api: BackendClient, address: str) -> None:
    receipt = await api.submit(a_report())
    with raw(address) as http:
        for _ in range(6):
            wrong, unknown = (
                http.post("/v1/case-queries", json={"case_no": case_no, "query_code": "22222222"})
                for case_no in (receipt.case_no, NO_CASE)
            )
            assert (wrong.status_code, wrong.text) == (unknown.status_code, unknown.text)
        assert wrong.status_code == 429


async def test_the_staffs_list_has_the_newest_first(api: BackendClient, clock: Clock) -> None:
    await api.submit(a_report())
    clock.forward(minutes=1)
    await api.submit(a_report(matter="minor_protection", priority="first"))
    newest, oldest = await api.cases()
    assert (newest.case_no, newest.matter, newest.priority) == ("W20261123-0002", "minor_protection", "first")
    assert (oldest.case_no, oldest.state, oldest.answer_by.isoformat()) == (
        "W20261123-0001",
        CaseState.RECEIVED,
        "2026-11-26",
    )
    assert [case.case_no for case in await api.cases(limit=1)] == ["W20261123-0002"]
    for limit in (0, 201):
        with pytest.raises(BackendRefused):
            await api.cases(limit=limit)
