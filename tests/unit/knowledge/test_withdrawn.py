"""What is withdrawn, not yet valid or repealed is never cited, offered or ranked."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from knowledge import Knowledge

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
