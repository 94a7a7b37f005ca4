"""A deployment with a region and narrow limits: who is served here, and how much is taken from one person."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.conversations.driving import begin, fill, submit
from tests.system import System

pytestmark = pytest.mark.system

#: Unified social credit codes with right check characters, of Zhejiang and of Fujian.
HERE, ELSEWHERE = "91330106MA27XN4C4G", "91350100M000100Y43"


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    settings = {"REGION": "浙江", "REPORTS_PER_DAY": "1", "MESSAGES_PER_MINUTE": "5"}
    with System(
        tmp_path_factory.mktemp("narrow"), **{f"REPORTGUIDE_{name}": value for name, value in settings.items()}
    ) as running:
        yield running


def test_an_enterprise_of_another_place_is_sent_there(narrow: System) -> None:
    person = narrow.person()
    begin(person, "enterprise_impersonation")
    fill(person, "credit_code")
    person.say(ELSEWHERE)
    assert "福建" in person.text
    person.press("改代码")
    assert person.step == "credit_code"
    person.say(f"{HERE[:-1]}0")
    assert "校验位" in person.text
    person.say(HERE)
    assert person.step == "enterprise_kind"


def test_the_route_follows_the_platform(narrow: System) -> None:
    person = narrow.person()
    begin(person, "group_discrimination")
    fill(person, platform="微博")
    number = submit(person)
    shown = json.loads(narrow.run("cases", "show", number, "--json").stdout)
    assert shown["report"]["route"] == "forwarded", "微博 is at home in 北京"
    person.say("有人在淘宝卖我们小区业主的名单和手机号")
    assert "明天" in person.text
    assert person.step == "idle"


def test_too_many_messages_are_refused_kindly(narrow: System) -> None:
    person = narrow.person()
    answers: list[httpx.Response] = []
    stranger = httpx.Client(base_url=narrow.url, headers={"Authorization": person.http.headers["Authorization"]})
    with stranger:
        answers = [
            stranger.post("/api/chat/messages", json={"id": f"m{number}", "text": "你好"}) for number in range(7)
        ]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert "太快" in answers[-1].json()["message"]
