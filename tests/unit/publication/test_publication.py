"""The life of an entry: drafts, review by a second person, publication, effective dates, withdrawal, rollback."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.sealing import Sealer
from connectors.gateway import Database
from knowledge import CurrentKnowledge
from knowledge.publication.checks import Check, Checks
from knowledge.publication.questions import Questions, Regressions
from knowledge.publication.records import NoSuchEntry, Standing
from knowledge.publication.store import Publication, Refused, Stale
from tests.unit.knowledge.conftest import GUIDE, OTHER, TODAY

from .conftest import Calendar, changed

ENTRY = str(GUIDE["id"])


@pytest.fixture
def checks(publication: Publication, database: Database, sealer: Sealer) -> Checks:
    return Checks(publication, Regressions(database, sealer), sealer)


async def submitted(publication: Publication, who: str = "li", **fields: Any) -> None:
    place = await publication.place(ENTRY)
    place = await publication.save(ENTRY, changed(GUIDE, **fields), who, place.lock)
    await publication.submit(ENTRY, who, place.lock)


async def approved(checks: Checks, entry_id: str = ENTRY, who: str = "wang") -> Check:
    return await checks.finished(await checks.begin(entry_id, who, publish=True))


async def test_a_draft_is_seen_by_nobody_until_a_second_person_approves(
    publication: Publication, checks: Checks
) -> None:
    knowledge = CurrentKnowledge(publication, publication.today)
    await submitted(publication, answer="截图可以，网址也要留着。")
    knowledge.refresh()
    assert knowledge.ask("截图能当证据吗？").answer == GUIDE["answer"]
    with pytest.raises(Refused, match="own_work"):
        await checks.begin(ENTRY, "li", publish=True)
    check = await approved(checks)
    assert (check.state, check.report and check.report.passed) == ("published", True)
    knowledge.refresh()
    assert knowledge.ask("截图能当证据吗？").answer == "截图可以，网址也要留着。"
    assert (await publication.place(ENTRY)).standing(TODAY) is Standing.LIVE
    assert [event.action for event in await publication.events(ENTRY)] == ["publish", "submit", "save", "product"]


async def test_whoever_wrote_any_part_of_it_may_not_approve(publication: Publication, checks: Checks) -> None:
    place = await publication.save(ENTRY, changed(GUIDE, answer="甲"), "li", (await publication.place(ENTRY)).lock)
    place = await publication.save(ENTRY, changed(GUIDE, answer="乙"), "wang", place.lock)
    await publication.submit(ENTRY, "wang", place.lock)
    for who in ("li", "wang"):
        with pytest.raises(Refused, match="own_work"):
            await checks.begin(ENTRY, who, publish=True)
    assert (await approved(checks, who="zhao")).state == "published"
    # What was approved is finished: the next change is judged by who writes that.
    await submitted(publication, who="zhao", answer="丙")
    assert (await approved(checks, who="li")).state == "published"


async def test_who_wrote_what_is_under_review_is_known_of_all_entries(publication: Publication) -> None:
    """Also where it took several drafts, and something else is answered meanwhile."""
    lock = (await publication.place(ENTRY)).lock
    for who, answer in (("li", "甲"), ("chen", "乙"), ("li", "丙")):
        lock = (await publication.save(ENTRY, changed(GUIDE, answer=answer), who, lock)).lock
    await publication.submit(ENTRY, "li", lock)
    places = {place.id: place for place in await publication.places()}
    assert places[ENTRY].authors == {"li", "chen"}
    assert [publication.may_approve(places[ENTRY], who) for who in ("li", "chen", "wang")] == [False, False, True]
    assert not publication.may_approve(places[str(OTHER["id"])], "wang")


async def test_a_check_of_another_edition_publishes_nothing(publication: Publication, checks: Checks) -> None:
    await submitted(publication, answer="新")
    check = await checks.finished(await checks.begin(ENTRY, "li"))
    assert check.state == "passed"
    await publication.withdraw(str(OTHER["id"]), "wang", "")
    with pytest.raises(Refused, match="not_checked"):
        await publication.publish(check.id, "wang")
    assert publication.edition() == 2


async def test_a_blocked_check_publishes_nothing(publication: Publication, checks: Checks) -> None:
    await submitted(publication, paraphrases=[*GUIDE["paraphrases"], OTHER["question"]])
    check = await approved(checks)
    assert check.state == "blocked"
    assert check.report
    assert [(one.kind, one.was) for one in check.report.blocks] == [("conflict", OTHER["id"])]
    assert publication.edition() == 1
    with pytest.raises(Refused, match="not_checked"):
        await publication.publish(check.id, "wang")


async def test_two_editors_the_second_is_told_and_nothing_is_lost(publication: Publication) -> None:
    seen = (await publication.place(ENTRY)).lock
    await publication.save(ENTRY, changed(GUIDE, answer="李的"), "li", seen)
    with pytest.raises(Stale) as caught:
        await publication.save(ENTRY, changed(GUIDE, answer="王的"), "wang", seen)
    assert (caught.value.place.newest.author, caught.value.place.newest.body["answer"]) == ("li", "李的")
    again = await publication.save(ENTRY, changed(GUIDE, answer="王的"), "wang", caught.value.place.lock)
    assert [one.body["answer"] for one in again.revisions.values()] == [GUIDE["answer"], "李的", "王的"]


async def test_what_is_not_ready_is_not_submitted(publication: Publication) -> None:
    body = changed(GUIDE, answer="请看<script>x</script>", citations=[{"title": "民法典", "article": "第九千条"}])
    place = await publication.save(ENTRY, body, "li", (await publication.place(ENTRY)).lock)
    with pytest.raises(Refused, match="not_ready") as caught:
        await publication.submit(ENTRY, "li", place.lock)
    assert [(one.field, one.code) for one in caught.value.problems] == [
        ("answer", "markup"),
        ("citations", "no_such_article"),
    ]


async def test_a_new_entry_gets_a_name_and_is_answered(publication: Publication, checks: Checks) -> None:
    body = changed(GUIDE, question="录音算证据吗？", paraphrases=["录音行吗", "有录音可以吗", "电话录音有用吗"])
    place = await publication.save(None, body, "li", 0)
    assert (place.id, place.standing(TODAY)) == ("guide.staff.n1", Standing.DRAFT)
    assert (await publication.save(None, body, "li", 0)).id == "guide.staff.n2"
    await publication.submit(place.id, "li", place.lock)
    assert (await approved(checks, place.id)).state == "published"
    knowledge = CurrentKnowledge(publication, publication.today)
    assert knowledge.ask("录音行吗").entry == place.id


async def test_rollback_goes_back_step_by_step_and_to_any_published(publication: Publication, checks: Checks) -> None:
    for answer in ("二", "三"):
        await submitted(publication, answer=answer)
        await approved(checks)
    knowledge = CurrentKnowledge(publication, publication.today)
    await publication.rollback(ENTRY, "wang")
    knowledge.refresh()
    assert knowledge.ask("截图能当证据吗？").answer == "二"
    await publication.rollback(ENTRY, "wang")
    knowledge.refresh()
    assert knowledge.ask("截图能当证据吗？").answer == GUIDE["answer"]
    with pytest.raises(Refused, match="nothing_before"):
        await publication.rollback(ENTRY, "wang")
    await publication.rollback(ENTRY, "wang", to=3)
    knowledge.refresh()
    assert knowledge.ask("截图能当证据吗？").answer == "三"


async def test_only_what_was_approved_can_be_rolled_back_to(publication: Publication, checks: Checks) -> None:
    await submitted(publication, answer="没人批准")
    await publication.send_back(ENTRY, "wang", (await publication.place(ENTRY)).lock, "不对")
    with pytest.raises(Refused, match="nothing_before"):
        await publication.rollback(ENTRY, "wang", to=2)


async def test_a_rollback_that_would_contradict_another_entry_is_refused(
    publication: Publication, checks: Checks
) -> None:
    await submitted(publication, paraphrases=["截屏算数吗", "光有截图行吗", "截图要几张"])
    assert (await approved(checks)).state == "published"
    other = str(OTHER["id"])
    place = await publication.place(other)
    body = changed(OTHER, paraphrases=[*OTHER["paraphrases"], "只有截图够不够"])
    place = await publication.save(other, body, "li", place.lock)
    await publication.submit(other, "li", place.lock)
    assert (await approved(checks, other)).state == "published"
    with pytest.raises(Refused, match="conflict"):
        await publication.rollback(ENTRY, "wang")


async def test_withdrawn_is_cited_no_more_and_can_be_restored(publication: Publication) -> None:
    knowledge = CurrentKnowledge(publication, publication.today)
    await publication.withdraw(ENTRY, "wang", "过时")
    knowledge.refresh()
    found = knowledge.ask("截图能当证据吗？")
    assert (found.entry, found.citations) == (None, [])
    assert (await publication.place(ENTRY)).standing(TODAY) is Standing.WITHDRAWN
    with pytest.raises(Refused, match="not_live"):
        await publication.withdraw(ENTRY, "wang", "")
    await publication.rollback(ENTRY, "wang")
    knowledge.refresh()
    assert knowledge.ask("截图能当证据吗？").entry == ENTRY


async def test_a_change_for_a_day_to_come_waits_for_it(
    publication: Publication, checks: Checks, calendar: Calendar
) -> None:
    """Until then the old text is answered: no day is without an answer."""
    first = TODAY + timedelta(days=3)
    await submitted(publication, answer="三天以后", valid_from=first.isoformat())
    assert (await approved(checks)).state == "published"
    knowledge = CurrentKnowledge(publication, calendar)
    assert knowledge.ask("截图能当证据吗？").answer == GUIDE["answer"]
    assert (await publication.place(ENTRY)).standing(TODAY) is Standing.COMING
    calendar.today = first
    assert knowledge.ask("截图能当证据吗？").answer == "三天以后"
    # And the next change begins from what has become valid meanwhile.
    await submitted(publication, answer="再后来")
    place = await publication.place(ENTRY)
    assert place.revisions[place.work or 0].parent == 2


async def test_an_entry_ends_with_its_last_day(publication: Publication, checks: Checks, calendar: Calendar) -> None:
    await submitted(publication, valid_to=TODAY.isoformat())
    assert (await approved(checks)).state == "published"
    knowledge = CurrentKnowledge(publication, calendar)
    assert knowledge.ask("截图能当证据吗？").answered
    calendar.today = TODAY + timedelta(days=1)
    assert not knowledge.ask("截图能当证据吗？").answered
    assert (await publication.place(ENTRY)).standing(calendar.today) is Standing.OVER


async def test_a_revision_cannot_be_changed(publication: Publication) -> None:
    place = await publication.save(ENTRY, changed(GUIDE, answer="一"), "li", (await publication.place(ENTRY)).lock)
    place = await publication.save(ENTRY, changed(GUIDE, answer="二"), "li", place.lock)
    assert [place.revisions[number].body["answer"] for number in (1, 2, 3)] == [GUIDE["answer"], "一", "二"]


async def test_work_given_up_leaves_what_is_published(publication: Publication) -> None:
    place = await publication.save(ENTRY, changed(GUIDE, answer="不要了"), "li", (await publication.place(ENTRY)).lock)
    await publication.discard(ENTRY, "li", place.lock)
    place = await publication.place(ENTRY)
    assert (place.work, place.standing(TODAY), len(place.revisions)) == (None, Standing.LIVE, 2)


async def test_no_such_entry(publication: Publication) -> None:
    with pytest.raises(NoSuchEntry):
        await publication.place("guide.no.such")


async def test_questions_are_settled_when_their_entry_is_published(
    publication: Publication, checks: Checks, database: Database, sealer: Sealer
) -> None:
    queue = Questions(database, sealer)
    await queue.record("截图要盖章吗", None, "unanswered")
    [group] = await queue.groups("unanswered")
    await submitted(publication, paraphrases=[*GUIDE["paraphrases"], "截图要盖章吗"])
    await queue.settle(group.ids, "taken", ENTRY)
    assert await queue.groups("unanswered") == []
    await approved(checks)
    await queue.record("截图要盖章吗", None, "unanswered")
    [group] = await queue.groups("unanswered")
    assert group.count == 2
