"""The standard as a whole: its picture, its editions, and where it sends what."""

from __future__ import annotations

import json

import pytest

from actions.drafts import stored
from actions.interview import Interview
from actions.regions import lies_in, registered_in, route
from actions.standard import read_standard
from bot.cli.diagram import drawn
from bot.compile import compiled
from bot.settings import ROOT

STANDARD = read_standard(ROOT / "dialogues" / "standard")


def test_the_picture_shows_the_standard() -> None:
    shown = (ROOT / "docs" / "standard.md").read_text("utf-8")
    assert shown == drawn(STANDARD), "run: uv run reportguide validate --diagram docs/standard.md"


def test_an_edition_of_an_older_program_is_still_read() -> None:
    older = json.loads(STANDARD.model_dump_json())
    older["matters"][0]["route"] = "by_platform"
    del older["errands"], older["distinctions"]
    assert stored(json.dumps(older)).matters[0].id == STANDARD.matters[0].id


def test_questions_of_older_editions_are_asked_as_they_were() -> None:
    old = json.loads(STANDARD.model_dump_json())
    old["edition"] = "older"
    old["matters"][0]["elements"][0]["question"] = "从前这样问"
    data = compiled(STANDARD, ROOT / "dialogues", [stored(json.dumps(old))])
    asked = {
        (question["edition"], element["question"])
        for question in data["questions"]
        for element in question["elements"]
        if question["matter"] == STANDARD.matters[0].id
    }
    assert ("older", "从前这样问") in asked
    assert (STANDARD.edition, "从前这样问") not in asked


@pytest.mark.parametrize(
    ("code", "place"), [("91330106MA27XN4C4G", "浙江省西湖区"), ("91350100M000100Y43", "福建省福州市")]
)
def test_where_an_enterprise_is_registered(code: str, place: str) -> None:
    assert registered_in(code) == place


def test_regions() -> None:
    assert lies_in("浙江省西湖区", "浙江")
    assert lies_in("福建省福州市", "")
    assert not lies_in("福建省福州市", "浙江")
    assert route(STANDARD, "微博", "北京") == "local"
    assert route(STANDARD, "微博", "浙江") == "forwarded"
    assert route(STANDARD, "微博、淘宝", "浙江") == "local"
    assert route(STANDARD, "我们县的论坛", "浙江") == "local"


def test_every_pair_that_people_mix_up_is_told_apart_once() -> None:
    pairs = [frozenset(distinction.between) for distinction in STANDARD.distinctions]
    assert len(set(pairs)) == len(pairs)
    for distinction in STANDARD.distinctions:
        assert {answer.matter for answer in distinction.answers} == set(distinction.between)


def test_a_changed_answer_asks_only_what_depends_on_it() -> None:
    matter = STANDARD.matter("insult_defamation")
    assert matter is not None
    talk = Interview(STANDARD, matter.id, {element.id: "x" for element in matter.elements})
    talk.values |= {"identity": "本人", "proof": "派出所"}
    talk.drop_stale()
    assert talk.next_step() == "confirm"
    talk.values["identity"] = "代他人"
    assert [step for step in talk.needed() if talk.missing(step)] == ["authorization", "confirm"]
    talk.values |= {"identity": "本人", "proof": "无"}
    assert [step for step in talk.needed() if talk.missing(step)] == ["limited_private", "confirm"]


def test_an_errand_comes_before_the_step_and_leaves_the_report_alone() -> None:
    talk = Interview(STANDARD, "insult_defamation", {"platform": "微博"}, errand="call_back")
    assert talk.next_step() == "call_contact"
    talk.values |= {"call_contact": "13812345678", "call_wish": "无", "call_hours": "下午"}
    assert talk.next_step() == "url"
    assert talk.drop_stale() == []
