"""Whoever reads the disk, logs and databases included, finds nothing of what people told."""

from __future__ import annotations

import pytest

from tests import files
from tests.clear import assert_nothing_in_clear
from tests.system import System, cases, wait_for

pytestmark = pytest.mark.system

#: Told at one step each; words that occur nowhere else in the project.
CANARIES = {
    "story": "鹦鹉螺巷七十三号",
    "account": "灯芯绒骑士",
    "link": "https://weibo.com/7391846205/QzXwVuTs",
    "name": "欧阳鹮",
    "phone": "13987654329",
    "id_number": "320102198706154714",
    "file": "翠鸟收据",
}


def test_nothing_that_was_told_is_on_disk_in_clear(system: System) -> None:
    person = system.person()
    answers = {
        "matter": "对",
        "url": CANARIES["link"],
        "account": CANARIES["account"],
        "time": "昨天晚上八点",
        "identity": "本人",
        "name": CANARIES["name"],
        "id_number": CANARIES["id_number"],
        "contact": CANARIES["phone"],
        "consent": "同意",
        "proof": "没有",
        "leaked_info": "家庭住址",
        "confirm": "确认",
    }
    person.say(f"有人在微博把我家住址{CANARIES['story']}公开了，还贴了门口照片，天天有人来敲门要说法")
    while person.step != "idle":
        if person.step == "evidence":
            person.give([(f"{CANARIES['file']}.png", files.png(77))])
        else:
            person.say(answers[person.step])
    assert "编号" in person.text
    # Also after it was handed over: the reference backend keeps reports too.
    number = person.text.split("编号 ")[1][:14]
    wait_for(lambda: any(case["case_no"] == number for case in cases(system)), "the case")
    assert_nothing_in_clear(system.home, CANARIES, [files.png(77)])
