"""What the publication gate finds."""

from __future__ import annotations

from typing import Any

import pytest

from knowledge.entries import Entry, Found
from knowledge.library import Library
from knowledge.publication import gate
from knowledge.publication.gate import FRAME, Regression, Report, run, structure
from tests.unit.knowledge.conftest import GUIDE, OTHER, TODAY

ENTRY, OTHER_ID = str(GUIDE["id"]), str(OTHER["id"])


def changed(base: Library, item: dict[str, Any], **fields: Any) -> Library:
    entry = Entry.model_validate({**item, **fields})
    others = (found for found in base.entries if found.entry.id != entry.id)
    return base._replace(entries=(*others, Found(entry.id, entry)))


def judged(base: Library, after: Library, *kept: Regression, of: str = ENTRY) -> Report:
    seen: list[tuple[int, int]] = []
    report = run(base, after, {of}, kept, TODAY, lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1]
    assert seen == sorted(seen)
    return report


def kinds(report: Report) -> list[tuple[str, str]]:
    return [(one.kind, one.question) for one in report.blocks]


def test_a_harmless_change_passes(base: Library) -> None:
    report = judged(base, changed(base, GUIDE, answer="截图可以，最好带上网址。"))
    assert (report.passed, report.asked) == (True, 9)


def test_the_same_question_in_two_entries_blocks_whatever_its_punctuation(base: Library) -> None:
    report = judged(base, changed(base, GUIDE, paraphrases=["举报， 免費 嗎？", "截屏算数吗", "光有截图行吗"]))
    assert kinds(report) == [("conflict", "举报， 免費 嗎？")]
    assert (report.blocks[0].entry_id, report.blocks[0].was) == (ENTRY, OTHER_ID)


def test_the_same_question_at_different_times_is_no_conflict(base: Library) -> None:
    ended = changed(base, OTHER, valid_to=TODAY)
    after = changed(ended, GUIDE, question=OTHER["question"], valid_from=TODAY.replace(day=TODAY.day + 1))
    assert structure(after, {ENTRY}, base.laws) == []


def test_an_article_that_does_not_exist_blocks(base: Library) -> None:
    report = judged(base, changed(base, GUIDE, citations=[{"title": "民法典", "article": "第九千条"}]))
    assert kinds(report) == [("citation", "《民法典》第九千条")]


def test_a_kept_question_that_is_answered_otherwise_blocks(base: Library) -> None:
    kept = Regression("有没有手续费啊", OTHER_ID)
    assert judged(base, base, kept).passed
    after = changed(base, GUIDE, paraphrases=["有没有手续费啊", "截屏算数吗", "光有截图行吗"])
    assert ("regression", "有没有手续费啊") in kinds(judged(base, after, kept))


def test_a_kept_refusal_that_would_be_answered_blocks(base: Library) -> None:
    kept = Regression("火锅哪家好吃", None)
    assert judged(base, base, kept).passed
    after = changed(base, GUIDE, paraphrases=["火锅哪家好吃", "截屏算数吗", "光有截图行吗"])
    assert kinds(judged(base, after, kept)) == [("regression", "火锅哪家好吃")]


def test_a_kept_question_that_went_wrong_before_is_only_shown(base: Library) -> None:
    kept = Regression("火锅哪家好吃", OTHER_ID)
    report = judged(base, changed(base, GUIDE, answer="截图可以。"), kept)
    assert report.passed
    assert [one.kind for one in report.notes if one.question == kept.question] == ["kept_before"]


def test_a_kept_question_waits_while_its_entry_is_not_published(base: Library) -> None:
    report = judged(base, changed(base, GUIDE, answer="截图可以。"), Regression("火锅", "guide.not.there"))
    assert (report.passed, report.kept) == (True, 0)


def test_an_entry_that_takes_what_another_answers_inside_a_sentence_blocks(base: Library) -> None:
    greedy = [FRAME.format("举报要收费吗"), "截屏算数吗", "光有截图行吗"]
    report = judged(base, changed(base, GUIDE, paraphrases=greedy))
    assert not report.passed
    assert {(one.kind, one.was, one.now) for one in report.blocks} == {("taken", OTHER_ID, ENTRY)}


def test_with_very_many_questions_the_nearest_are_asked(base: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "FRAMED", 20)

    def one(n: int) -> Entry:
        asked = {"question": f"第{n}件事怎么办", "paraphrases": [f"{n}号事项一", f"{n}号事项二", f"{n}号事项三"]}
        return Entry.model_validate({**OTHER, "id": f"guide.many.n{n}", **asked})

    many = [Found(entry.id, entry) for entry in map(one, range(20))]
    large = base._replace(entries=(*base.entries, *many))
    greedy = [FRAME.format("举报要收费吗"), "截屏算数吗", "光有截图行吗"]
    report = judged(large, changed(large, GUIDE, paraphrases=greedy))
    assert report.framed == 24
    assert ("taken", OTHER["question"]) in kinds(report)
