"""Drives a person through a report, element by element, as the standard asks."""

from __future__ import annotations

from actions.standard import Element, Matter, read_standard
from bot.settings import ROOT
from tests import files
from tests.system import Person

STANDARD = read_standard(ROOT / "dialogues" / "standard")
#: More questions about the matter than this, and the person gives up.
MOST_ABOUT_MATTER = 4
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


def matter_of(person: Person) -> Matter:
    matter = STANDARD.matter(person.state["matter"])
    assert matter is not None, person.text
    return matter


def begin(person: Person, matter_id: str) -> Matter:
    """Tell the matter's story and settle which matter it is, whatever is asked for that."""
    person.say(STORIES[matter_id])
    settle(person, matter_id)
    matter = STANDARD.matter(matter_id)
    assert matter is not None
    return matter


def settle(person: Person, matter_id: str) -> int:
    """Answer truthfully what is asked about the matter; how many questions that took."""
    matter = STANDARD.matter(matter_id)
    assert matter is not None
    asked = 0
    while person.step == "matter" and asked < MOST_ABOUT_MATTER:
        asked += 1
        if "对" in person.buttons:
            person.press("对" if person.state["matter"] == matter_id else "不太对")
        else:
            person.press(_settles(person, matter))
    assert person.state["matter"] == matter_id, person.text
    return asked


def _settles(person: Person, matter: Matter) -> str:
    """The button that leads to this matter, of a question that tells two apart."""
    for distinction in STANDARD.distinctions:
        titles = {answer.title: answer.matter for answer in distinction.answers}
        if set(titles) <= set(person.buttons) and matter.id in titles.values():
            return next(title for title, leads in titles.items() if leads == matter.id)
    assert matter.button in person.buttons, person.text
    return matter.button


def answer(person: Person, element: Element) -> None:
    """A plain answer to the element that is asked."""
    if element.kind == "files":
        person.give([("证据.png", files.png(3))])
    elif element.choices:
        person.press(element.choices[0].title)
    else:
        person.say(element.example)


def fill(person: Person, upto: str = "confirm", **answers: str) -> list[str]:
    """Answer everything up to a step; the steps asked. `answers`: what is said or pressed at some elements instead."""
    asked = []
    while person.step != upto:
        element = matter_of(person).element(person.step)
        assert element is not None, f"{person.step}: {person.text}"
        before = person.step
        asked.append(before)
        if element.id in answers:
            person.press(answers[element.id]) if answers[element.id] in person.buttons else person.say(
                answers[element.id]
            )
        else:
            answer(person, element)
        assert person.step != before, f"{before} was not taken: {person.text}"
    return asked


def submit(person: Person) -> str:
    """Confirm the summary; the case number."""
    person.press("属实，确认提交")
    number = person.state["case_no"]
    assert number, person.text
    return str(number)
