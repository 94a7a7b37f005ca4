"""What is familiar in a text is what others write beside names."""

from __future__ import annotations

from typing import Any

from bot.brain.familiar import CLASSES, Familiar

TALK = [{"text": f"{who}有人在网上骂我", "spans": []} for who in "甲乙丙丁戊己庚辛壬癸"]
NAMED: dict[str, Any] = {"text": "有人叫半个月亮姐在网上骂我", "spans": [(3, 8, "account")]}


def pairs(familiar: Familiar, text: str, itself: dict[str, Any] | None = None) -> list[str]:
    """The class of each pair of characters, first to last."""
    rows = familiar.signs(text, itself)
    return [next(sign[len("p+=") :] for sign in row if sign.startswith("p+=")) for row in rows[:-1]]


def test_ordinary_talk_is_familiar_and_a_name_is_not() -> None:
    familiar = Familiar([*TALK, NAMED])
    assert set(pairs(familiar, "在网上骂我")) == {str(sum(len(TALK) + 1 >= limit for limit in CLASSES))}
    assert set(pairs(familiar, "半个月亮姐")) == {"0"}


def test_a_text_is_no_stranger_to_itself_only() -> None:
    often = [{"text": "少见的话", "spans": []}]
    familiar = Familiar([{"text": f"{mark}少见的话", "spans": []} for mark in "一二"] + often)
    assert set(pairs(familiar, "少见的话")) == {"1"}
    assert set(pairs(familiar, "少见的话", often[0])) == {"0"}


def test_what_is_strange_anyway_need_not_be_kept() -> None:
    familiar = Familiar([*TALK, NAMED])
    before = pairs(familiar, NAMED["text"])
    assert pairs(familiar.forget_strange(), NAMED["text"]) == before


def test_every_character_has_a_row() -> None:
    familiar = Familiar(TALK)
    assert [len(familiar.signs(text)) for text in ("", "我", "我们")] == [0, 1, 2]
