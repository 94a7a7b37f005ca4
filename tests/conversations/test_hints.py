"""A case or a rule where somebody hesitates: in one line, once at a step, never in the way."""

from __future__ import annotations

import pytest

from tests.conversations.driving import begin, fill
from tests.system import System

pytestmark = pytest.mark.system

CASE = "编写的"


def test_a_case_helps_whoever_asks_once_at_each_step(system: System) -> None:
    person = system.person()
    begin(person, "insult_defamation")
    fill(person, "evidence")
    assert CASE not in "\n".join(entry["text"] for entry in person.entries()), "nobody asked yet"
    person.say("举个例子")
    assert "编写的类似例子里，交的是：原帖链接、截图、公司从未处分的证明" in person.text
    assert len(person.said) <= 3
    assert person.step == "evidence"
    assert person.said[-1]["text"].startswith("请发截图或录屏")
    for words in ("为什么要截图", "不会弄"):
        person.say(words)
        assert CASE not in person.text
        assert person.step == "evidence"
    fill(person, "proof")
    person.say("为什么要这个")
    assert CASE in person.text


def test_a_rule_helps_where_there_is_no_case(system: System) -> None:
    person = system.person()
    begin(person, "personal_info_leak")
    fill(person, "leaked_info")
    person.say("为什么要问这个")
    assert "《民法典》第一千零三十四条" in person.text
    fill(person, "id_number")
    person.say("为什么要身份证号")
    assert "材料加密保存，只用于这次举报，只有办这件事的人能看" in person.text


def test_the_next_report_may_be_helped_again(system: System) -> None:
    person = system.person()
    for _ in range(2):
        begin(person, "group_discrimination")
        fill(person, "evidence")
        person.say("举个例子")
        assert CASE in person.text
        person.say("取消")
        person.press(next(title for title in person.buttons if "不" in title or "放弃" in title or "取消" in title))
        assert person.step == "idle"
