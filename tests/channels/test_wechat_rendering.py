"""What a WeChat official account shows of texts and choices, and how a choice comes back."""

from __future__ import annotations

import re
from typing import Any

import pytest

from connectors.gateway import schema
from tests.channels.house import Make, at_work, bubble, until
from tests.channels.stand_ins.wechat import Platform
from tests.channels.wechat_house import phone_of


async def test_choices_are_links_in_a_reply_and_a_menu_in_a_message(mp: Platform, house: Make) -> None:
    async with house(mp) as home:
        phone = phone_of(mp, home)
        home.brain.answer = lambda body: [bubble("听起来有人造谣，是吗？", "对", "不太对")]
        await at_work(lambda: phone.says("有人造谣"))
        links = re.findall(
            r'<a href="weixin://bizmsgmenu\?msgmenucontent=(.*?)&msgmenuid=(.*?)">(.*?)</a>', phone.seen[0].text
        )
        assert [(content, shown) for content, _, shown in links] == [("对", "1. 对"), ("不太对", "2. 不太对")]
        await home.gateway.say(home.rows(schema.conversations)[0].id, "选一个", [{"title": "好", "payload": "affirm"}])
        await until(lambda: len(phone.seen) == 2, "the menu message")
        assert phone.seen[1].via == "msgmenu"
        assert [title for _, title in phone.seen[1].choices] == ["好"]


@pytest.mark.parametrize(
    "answer",
    [
        lambda phone, token: phone.chooses("不太对", token),
        lambda phone, token: phone.chooses("不太对", token, with_id=False),
        lambda phone, token: phone.says("2"),
        lambda phone, token: phone.says("不太对"),
    ],
    ids=["by its id", "by its words alone", "by its number", "typed"],
)
async def test_a_choice_is_understood_however_it_arrives(mp: Platform, house: Make, answer: Any) -> None:
    async with house(mp) as home:
        phone = phone_of(mp, home)
        home.brain.answer = lambda body: [bubble("是吗？", "对", "不太对")]
        await at_work(lambda: phone.says("有人造谣"))
        token = re.findall(r"msgmenuid=([\w-]+)", phone.seen[0].text)[1]
        await at_work(lambda: answer(phone, token))
        assert home.brain.turns[-1]["button"] == {"intent": "chosen", "entities": {"it": "不太对"}}


async def test_a_stale_choice_and_a_made_up_one(mp: Platform, house: Make) -> None:
    async with house(mp) as home:
        phone = phone_of(mp, home)
        home.brain.answer = lambda body: [bubble("是吗？", "对")]
        await at_work(lambda: phone.says("一"))
        token = re.findall(r"msgmenuid=([\w-]+)", phone.seen[0].text)[0]
        await at_work(lambda: phone.says("二"))
        await at_work(lambda: phone.chooses("对", token))
        # The title is offered again, so the label would do; the id says that another one was meant.
        assert home.brain.turns[-1]["button"]["intent"] in ("chosen", "stale_button")
        await at_work(lambda: phone.chooses("从来没有过", "99999-0"))
        assert home.brain.turns[-1]["button"]["intent"] == "unknown_button"


async def test_a_number_that_was_not_offered_is_a_text(mp: Platform, house: Make) -> None:
    async with house(mp) as home:
        phone = phone_of(mp, home)
        home.brain.answer = lambda body: [bubble("是吗？", "对", "不太对")]
        await at_work(lambda: phone.says("有人造谣"))
        await at_work(lambda: phone.says("3"))
        assert home.brain.turns[-1]["button"] is None
        assert home.brain.turns[-1]["text"] == "3"


async def test_an_account_without_menu_messages_gets_links(mp: Platform, house: Make) -> None:
    mp.verified = False
    async with house(mp) as home:
        phone = phone_of(mp, home)
        await at_work(lambda: phone.says("你好"))
        for number in range(2):
            await home.gateway.say(
                home.rows(schema.conversations)[0].id, f"选{number}", [{"title": "好", "payload": "x"}]
            )
            await until(lambda number=number: len(phone.seen) == number + 2, "the message with links")
        assert "1. 好</a>" in phone.seen[1].text
        # Asked once, remembered: the second goes as text at once.
        assert mp.calls["send"] == 3


async def test_markup_and_ends_of_cdata_are_harmless(mp: Platform, house: Make) -> None:
    evil = 'a]]></Content><Content><![CDATA[evil]]><a href="https://evil.example">点我</a>\x00\x08'
    async with house(mp) as home:
        phone = phone_of(mp, home)
        await at_work(lambda: phone.says(evil.replace("\x00", "").replace("\x08", "")))
        shown = phone.seen[0].text
        assert "<a" not in shown
        assert "]]>" not in shown
        assert "点我" in shown
        home.brain.answer = lambda body: [bubble(evil)]
        await at_work(lambda: phone.says("再来"))
        assert phone.seen[1].text.startswith("a]]＞")


async def test_long_texts_are_cut_by_bytes_at_sentence_ends(mp: Platform, house: Make) -> None:
    sentence = "这是一个完整的句子，用来看看会在哪里断开。"
    async with house(mp) as home:
        phone = phone_of(mp, home)
        home.brain.answer = lambda body: [bubble(sentence * 80, "好")]
        await at_work(lambda: phone.says("说长一点"))
        await until(lambda: home.deliveries() == ["sent"], "all of it")
        words = [item.text.split("\n\n<a")[0] for item in phone.seen]
        assert "".join(words) == sentence * 80
        assert all(text.endswith("。") for text in words)
        assert phone.seen[-1].choices or "1. 好" in phone.seen[-1].text
