"""How many messages a WeChat official account may send after a contact, and what becomes of the rest."""

from __future__ import annotations

import asyncio
import re

from connectors.gateway import schema
from tests.channels.house import PHRASES, Make, at_work, bubble, until
from tests.channels.stand_ins.wechat import Phone, Platform
from tests.channels.wechat_house import phone_of


async def test_more_than_the_budget_is_merged_and_kept_never_lost(mp: Platform, house: Make) -> None:
    async with house(mp) as home:
        phone = phone_of(mp, home)
        await at_work(lambda: phone.says("你好"))
        conversation = home.rows(schema.conversations)[0].id
        said = []
        for number in range(9):
            said.append(f"消息{number}。" + "很长的话，" * 120)
            await home.gateway.say(conversation, said[-1])
        await until(lambda: home.rows(schema.outlets)[0].problem == "window_closed", "the budget to be used up")
        assert phone.most["message"] <= 5
        assert home.deliveries().count("waiting")
        await at_work(lambda: phone.says("还有吗"))
        await until(lambda: set(home.deliveries()) == {"sent"}, "the rest")
        told = phone.told()
        places = [told.index(f"消息{number}。") for number in range(9)]
        assert places == sorted(places)
        assert all(told.count(f"消息{number}。") == 1 for number in range(9))
        assert phone.most["message"] <= 5
        print(f"customer-service messages after one contact, at most: {dict(phone.most)}")


async def test_a_tap_allows_three_messages_only(mp: Platform, house: Make) -> None:
    async with house(mp) as home:
        phone = phone_of(mp, home)
        await at_work(lambda: phone.does("CLICK", "report"))
        conversation = home.rows(schema.conversations)[0].id
        for number in range(5):
            await home.gateway.say(conversation, f"{number}" + "长" * 600)
        await until(lambda: home.rows(schema.outlets)[0].problem == "window_closed", "the budget to be used up")
        assert phone.most["tap"] == 3
        assert home.deliveries().count("waiting") == 2


async def test_a_choice_opens_the_small_budget(mp: Platform, house: Make) -> None:
    """Tencent counts it as a tap on the menu: three messages within a minute, not five within 48 hours."""
    async with house(mp) as home:
        phone = phone_of(mp, home)
        home.brain.answer = lambda body: [bubble("是吗？", "对")]
        await at_work(lambda: phone.says("一"))
        token = re.findall(r"msgmenuid=([\w-]+)", phone.seen[0].text)[0]
        await at_work(lambda: phone.chooses("对", token))
        kinds = {row.kind: row.remaining for row in home.rows(schema.allowances)}
        assert kinds == {"message": 5, "tap": 3}


async def test_outside_the_window_it_is_kept_and_shown_at_the_next_contact(mp: Platform, house: Make) -> None:
    async with house(mp) as home:
        phone = phone_of(mp, home)
        await at_work(lambda: phone.says("你好"))
        phone.close_window()
        conversation = home.rows(schema.conversations)[0].id
        await home.gateway.say(conversation, "案件有新进展。")
        await until(lambda: home.rows(schema.outlets)[0].problem == "window_closed", "the refusal")
        assert home.deliveries() == ["sent", "waiting"]
        calls = mp.calls["send"]
        await asyncio.sleep(1.2)
        assert mp.calls["send"] == calls, "it went on asking"
        await at_work(lambda: phone.says("有消息吗"))
        assert phone.seen[-1].text == "案件有新进展。\n\n收到：有消息吗"


async def test_somebody_who_left_is_reached_when_they_come_back(mp: Platform, house: Make) -> None:
    async with house(mp) as home:
        phone = phone_of(mp, home)
        await at_work(lambda: phone.says("你好"))
        phone.follows = False
        await at_work(lambda: phone.does("unsubscribe", contact=None))
        await home.gateway.say(home.rows(schema.conversations)[0].id, "案件有新进展。")
        await asyncio.sleep(0.3)
        assert mp.calls["send"] == 0
        phone.follows = True
        await at_work(lambda: phone.does("subscribe"))
        assert "案件有新进展。" in phone.told()


async def test_a_notice_with_consent_says_that_something_waits(mp: Platform, house: Make) -> None:
    async with house(mp, wechat_notice_template="tmpl-1") as home:
        phone = phone_of(mp, home)
        await at_work(lambda: phone.says("你好"))
        inner = "<List><TemplateId>tmpl-1</TemplateId><SubscribeStatusString>accept</SubscribeStatusString></List>"
        popup = f"<SubscribeMsgPopupEvent>{inner}</SubscribeMsgPopupEvent>"
        await at_work(lambda: push_raw(phone, "subscribe_msg_popup_event", popup))
        phone.consents = 1
        phone.close_window()
        conversation = home.rows(schema.conversations)[0].id
        await home.gateway.say(conversation, "案件有新进展，内容只在这里说。")
        await until(lambda: mp.notices, "the notice")
        assert mp.notices[0]["data"] == {"thing1": {"value": PHRASES("notice_topic")}}
        await home.gateway.say(conversation, "又有一条。")
        await asyncio.sleep(0.3)
        assert len(mp.notices) == 1
        assert home.deliveries() == ["sent", "waiting", "waiting"]


def push_raw(phone: Phone, event: str, inner: str) -> None:
    import tests.channels.stand_ins.wechat as platform

    make = platform._xml
    platform._xml = lambda fields: (
        make(fields).replace("</xml>", f"{inner}</xml>") if "Event" in fields else make(fields)
    )
    try:
        phone.does(event, contact=None)
    finally:
        platform._xml = make
