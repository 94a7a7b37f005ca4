"""What is withdrawn, not yet valid or repealed is never cited, offered or ranked."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from knowledge import CurrentKnowledge, Knowledge

from .conftest import GUIDE, LAW, OTHER, TODAY, Write

DAY = timedelta(days=1)
QUESTIONS = (*GUIDE["paraphrases"], GUIDE["question"], LAW["question"], "民法典第1024条", "截图", "名誉权")


@pytest.mark.parametrize(
    "gone",
    [{"valid_to": TODAY - DAY}, {"valid_from": TODAY + DAY}, {"status": "repealed"}],
    ids=["withdrawn", "not yet valid", "repealed"],
)
def test_never_cited(write: Write, gone: dict[str, Any]) -> None:
    knowledge = Knowledge.load(write(GUIDE | gone, LAW | gone, OTHER), TODAY)
    assert [entry.id for entry in knowledge.entries] == [OTHER["id"]]
    for text in QUESTIONS:
        found = knowledge.ask(text, ranked=10)
        assert not found.answered, text
        assert found.entry in (None, OTHER["id"])
        assert not {GUIDE["question"], LAW["question"]} & set(found.suggestions)
        assert not any(item.article == "第一千零二十四条" for item in found.ranked)


def test_the_same_questions_are_answered_while_valid(write: Write) -> None:
    knowledge = Knowledge.load(write(GUIDE, LAW, OTHER), TODAY)
    assert [knowledge.ask(text).entry for text in QUESTIONS[:6]] == [GUIDE["id"]] * 4 + [LAW["id"]] * 2
    assert any(item.article == "第一千零二十四条" for item in knowledge.ask("名誉权", ranked=10).ranked)


@pytest.mark.parametrize(
    ("today", "answered"),
    [
        (date(2026, 1, 31), False),
        (date(2026, 2, 1), True),
        (date(2026, 2, 28), True),
        (date(2026, 3, 1), False),
    ],
)
def test_first_and_last_day_count(write: Write, today: date, answered: bool) -> None:
    entry = GUIDE | {"valid_from": date(2026, 2, 1), "valid_to": date(2026, 2, 28)}
    assert Knowledge.load(write(entry, OTHER), today).ask(GUIDE["question"]).answered is answered


def test_an_article_ranks_only_while_its_note_is_valid(write: Write) -> None:
    cites = OTHER | {"citations": LAW["citations"]}
    for status, expected in (("in_force", True), ("repealed", False)):
        knowledge = Knowledge.load(write(LAW | {"status": status}, cites), TODAY)
        ranked = knowledge.ask("民法典第1024条，举报免费吗", ranked=5).ranked
        assert any(item.article == "第一千零二十四条" for item in ranked) is expected


def test_at_midnight_an_entry_expires_without_a_restart(write: Write) -> None:
    days = [date(2026, 2, 28)]
    content = write(GUIDE | {"valid_from": date(2026, 2, 1), "valid_to": date(2026, 2, 28)}, OTHER)
    knowledge = CurrentKnowledge(content, lambda: days[-1])
    assert knowledge.ask(GUIDE["question"]).answered
    days.append(date(2026, 3, 1))
    assert not knowledge.ask(GUIDE["question"]).answered


def test_content_that_is_broken_at_midnight_leaves_yesterdays(write: Write) -> None:
    days = [date(2026, 2, 27)]
    content = write(GUIDE, OTHER)
    knowledge = CurrentKnowledge(content, lambda: days[-1])
    (content / "guide" / "entries.yml").write_text("entries: [", "utf-8")
    assert list((content / "guide").glob("*.yml"))
    days.append(date(2026, 2, 28))
    assert knowledge.ask(GUIDE["question"]).answered
