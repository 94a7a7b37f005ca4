"""Every element of every matter, driven over HTTP: why, a wrong answer, the answer, back, and on to the case."""

from __future__ import annotations

import json

import pytest

from actions.standard import CLOSED_KINDS, Element, Matter, read_standard
from bot.settings import ROOT
from tests import files
from tests.system import Person, System, cases, wait_for

pytestmark = pytest.mark.system

STANDARD = read_standard(ROOT / "dialogues" / "standard")
#: A first message of each matter that names nothing else, so that every element is asked.
STORIES = {
    "personal_info_leak": "邻居把我家住址和身份证号发到网上去了，好多陌生人来找我",
    "personal_info_trade": "有人在网上卖我们小区业主的名单和手机号，两百块一份",
    "impersonation": "有人用我的名字和头像注册了账号，冒充我找我的朋友借钱",
    "portrait_misuse": "我的照片被人拿去做成了整形广告，我根本没同意过",
    "insult_defamation": "同事在网上造谣说我偷公司的钱，全单位的人都信了",
    "cyber_violence": "几千个人在网上围着骂我，还人肉出我的单位，私信全是骂我的",
    "minor_protection": "我女儿才十岁，被同学在网上骂，还把她照片做成表情包传",
    "group_discrimination": "有个主播天天说残疾人都是累赘，煽动大家歧视残疾人",
    "enterprise_false_info": "有人造谣说我们饭店用地沟油，全是假的，客人都不敢来了",
    "enterprise_blackmail": "一个自媒体发我们公司的黑料，说不给八万就继续发，给钱才删",
    "enterprise_impersonation": "有人做了个假官网冒充我们公司，收加盟费骗人",
    "enterprise_paid_trolls": "竞争对手雇水军给我们店刷了几百条一星差评，都没来消费过",
    "platform_complaint": "我向平台举报了骂我的内容，一个月了平台都不处理也不回复",
}
#: What no closed step can take.
WRONG = "这个我说不上来哎"


def answer(person: Person, element: Element) -> None:
    if element.kind == "files":
        person.give([("证据.png", files.png(3))])
    elif element.choices:
        # The first choice that asks for nothing more and is accepted.
        person.say(element.choices[0].title)
    else:
        person.say(element.example)


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
    person.say(STORIES[matter.id])
    assert person.state["matter"] == matter.id, person.text
    person.press("对")
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
