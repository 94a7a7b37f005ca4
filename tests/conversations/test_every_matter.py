"""Every element of every matter, driven over HTTP: why, a wrong answer, the answer, back, and on to the case."""

from __future__ import annotations

import json

import pytest

from actions.standard import CLOSED_KINDS, Element, Matter
from tests.conversations.driving import STANDARD, STORIES, answer, begin
from tests.system import Person, System, cases, wait_for

pytestmark = pytest.mark.system

#: What no closed step can take.
WRONG = "嗯嗯那个啥来着"


def tease(person: Person, element: Element) -> None:
    """Everything people do before they answer; the step must still be asked afterwards."""
    step, known = person.step, person.state["fields"]
    person.say("为什么")
    assert element.why in person.text
    assert person.step == step
    person.say("帮助")
    assert person.step == step
    if element.kind in CLOSED_KINDS:
        person.say(WRONG)
        assert person.step == step, person.text
    assert person.state["fields"] == known


def drive(person: Person, matter: Matter) -> list[str]:
    """Answer everything; the elements that were asked, in order."""
    asked: list[str] = []
    while person.step != "confirm":
        element = matter.element(person.step)
        assert element is not None, f"{person.step}: {person.text}"
        assert element.id not in asked, f"{element.id} is asked again: {person.text}"
        asked.append(element.id)
        tease(person, element)
        answer(person, element)
        assert person.step != element.id, f"{element.id} was not taken: {person.text}"
        if len(asked) == 3:
            # Back, and the same answer again: nothing else is lost.
            after = person.step
            person.say("上一步")
            assert person.step == element.id
            answer(person, element)
            assert person.step == after
    return asked


@pytest.mark.parametrize("matter", STANDARD.matters, ids=lambda matter: matter.id)
def test_a_whole_report(system: System, matter: Matter) -> None:
    person = system.person()
    begin(person, matter.id)
    drive(person, matter)
    summary = person.text
    for element in matter.elements:
        if element.id in person.state["fields"]:
            assert f"{element.label}：" in summary
    person.say("确认")
    number = person.state["case_no"]
    assert number, person.text
    assert number in person.text
    wait_for(lambda: any(case["case_no"] == number for case in cases(system)), "the case")
    case = json.loads(system.run("cases", "show", number, "--json").stdout)
    sent = {element["id"] for element in case["elements"]}
    wanted = {element.id for element in matter.elements if element.required and not element.when}
    assert wanted <= sent
    assert case["evidence"]
    assert all(item["intact"] for item in case["evidence"])


def test_each_matter_has_a_story() -> None:
    assert set(STORIES) == {matter.id for matter in STANDARD.matters}
