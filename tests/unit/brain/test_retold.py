"""Annotated messages told again: other names, other marks, and the marks still in their places."""

from __future__ import annotations

from typing import Any

from bot.brain.retold import curled, retold

STORY = {"text": "昨晚抖音上“老城一霸”又骂我", "spans": [(0, 2, "date"), (6, 10, "account")]}
OTHER = {"text": "微博有个半个月亮姐", "spans": [(4, 9, "account")]}


def told(example: dict[str, Any]) -> list[tuple[str, str]]:
    return [(what, example["text"][start:end]) for start, end, what in example["spans"]]


def test_names_change_and_marks_keep_their_places() -> None:
    pairs = retold([STORY, OTHER])
    assert len(pairs) == 2
    assert all(again["text"] != itself["text"] for itself, again in pairs if itself is STORY)
    found = [again for _, again in pairs]
    for example in found:
        assert {text for what, text in told(example) if what == "account"} <= {"老城一霸", "半个月亮姐"}
    days = [text for example in found for what, text in told(example) if what == "date"]
    assert days == ["昨晚"]


def test_the_old_quotes_go_with_the_old_name() -> None:
    for _, example in retold([STORY]):
        assert example["text"].count("“") in (0, 1)
        assert "”“" not in example["text"]


def test_replies_to_a_step_and_messages_without_a_name_are_left_alone() -> None:
    assert retold([{**STORY, "step": "account"}, {"text": "有人骂我", "spans": []}]) == []


def test_straight_quotes_become_pairs_of_the_same_length() -> None:
    assert curled('叫"甲"和"乙"的') == "叫“甲”和“乙”的"
    assert curled("没有引号") == "没有引号"
