"""What goes out to Telegram: buttons, long texts, its pace, and what is done when it refuses."""

from __future__ import annotations

import re
from functools import partial

from connectors.gateway import schema
from tests.channels.house import PHRASES, Make, at_work, bubble, until
from tests.channels.stand_ins.telegram import Phone, Platform
from tests.channels.telegram_house import called, ready


async def test_buttons_are_pressed_answered_and_taken_away(tg: Platform, house: Make) -> None:
    async with called(tg, house) as home:
        await ready(tg)
        home.brain.answer = lambda body: [bubble("是吗？", "对", "不太对")] if not body["button"] else [bubble("好。")]
        phone = Phone(tg, 1001)
        await at_work(lambda: phone.says("有人造谣"))
        await until(lambda: phone.seen, "the question")
        assert [title for title, _ in phone.seen[0].buttons] == ["对", "不太对"]
        data = [data for _, data in phone.seen[0].buttons]
        assert all(re.fullmatch(r"\d+-\d+", token) for token in data)
        assert await at_work(lambda: phone.presses("对", times=2)) == [200, 200]
        await until(lambda: phone.texts == ["是吗？", "好。"], "the answer")
        assert home.brain.turns[-1]["button"]["entities"] == {"it": "对"}
        await until(lambda: phone.seen[0].buttons == [], "the choices to go")
        assert tg.answered
        assert len(home.brain.turns) == 2


async def test_a_button_that_was_never_offered_is_none(tg: Platform, house: Make) -> None:
    async with called(tg, house) as home:
        await ready(tg)
        home.brain.answer = lambda body: [bubble("是吗？", "对")]
        phone, other = Phone(tg, 1001), Phone(tg, 1002)
        await at_work(lambda: phone.says("有人造谣"))
        await until(lambda: phone.seen, "the question")
        other.seen = [phone.seen[0]]
        await at_work(lambda: other.presses("对"))
        await until(lambda: len(home.brain.turns) == 2, "the turn")
        assert home.brain.turns[-1]["button"]["intent"] == "unknown_button"
        for data in ("/inform{}", "x" * 64, "1-100", "-1-0", ""):
            await at_work(partial(phone.calls_back, phone.seen[0], data))
        await until(lambda: phone.texts.count(PHRASES("kind_unknown")) == 5, "the answers", 30)


async def test_long_texts_are_cut_by_telegrams_own_measure(tg: Platform, house: Make) -> None:
    """A character outside the basic plane counts twice."""
    async with called(tg, house) as home:
        await ready(tg)
        text = "𠮷野家的事情我说三遍。" * 800
        home.brain.answer = lambda body: [bubble(text, "继续")]
        phone = Phone(tg, 1001)
        await at_work(lambda: phone.says("说"))
        await until(lambda: sum(len(seen) for seen in phone.texts) >= len(text), "all of it", 30)
        assert "".join(phone.texts) == text
        assert len(phone.seen) == 3
        assert [title for title, _ in phone.seen[-1].buttons] == ["继续"]


async def test_messages_keep_telegrams_pace_and_order(tg: Platform, house: Make) -> None:
    async with called(tg, house) as home:
        await ready(tg)
        home.brain.answer = lambda body: [bubble(f"第{n}句") for n in range(4)]
        phone = Phone(tg, 1001)
        await at_work(lambda: phone.says("说"))
        await until(lambda: len(phone.seen) == 4, "all of them", 30)
        assert phone.texts == ["第0句", "第1句", "第2句", "第3句"]
        assert tg.too_fast == 0


async def test_the_pace_holds_between_two_turns(tg: Platform, house: Make) -> None:
    """The answer to the next turn is ready long before Telegram takes another message to the same person."""
    async with called(tg, house) as home:
        await ready(tg)
        phone = Phone(tg, 1001)
        for count, text in enumerate(("第一条", "第二条", "第三条"), 1):
            await at_work(lambda text=text: phone.says(text))
            await until(lambda count=count: len(phone.seen) == count, "the answer", 30)
        assert phone.texts == ["收到：第一条", "收到：第二条", "收到：第三条"]
        assert tg.too_fast == 0
        assert ("telegram", "busy") not in home.delivery.counts


async def test_flood_control_is_kept_and_nothing_is_lost(tg: Platform, house: Make) -> None:
    async with called(tg, house) as home:
        await ready(tg)
        tg.next = [429, 502, 500]
        phone = Phone(tg, 1001)
        await at_work(lambda: phone.says("你好"))
        await until(lambda: phone.seen, "the answer", 40)
        assert phone.texts == ["收到：你好"]
        assert home.delivery.counts["telegram", "busy"] == 3


async def test_only_a_lost_answer_doubles_a_message(tg: Platform, house: Make) -> None:
    async with called(tg, house) as home:
        await ready(tg)
        tg.next = ["lost"]
        phone = Phone(tg, 1001)
        await at_work(lambda: phone.says("你好"))
        await until(lambda: home.deliveries() == ["sent"], "the entry to be sent", 40)
        assert phone.texts == ["收到：你好"] * 2
        assert home.delivery.counts["telegram", "lost"] == 1


async def test_who_blocks_the_bot_gets_it_all_on_coming_back(tg: Platform, house: Make) -> None:
    async with called(tg, house) as home:
        await ready(tg)
        phone = Phone(tg, 1001)
        await at_work(lambda: phone.says("你好"))
        await until(lambda: phone.seen, "the answer")
        await at_work(phone.blocks)
        [conversation] = {row.conversation_id for row in home.rows(schema.inbox)}
        await home.gateway.say(conversation, "您的举报有新进展")
        await until(lambda: any(row.problem in ("left", "blocked") for row in home.rows(schema.outlets)), "the note")
        assert len(phone.seen) == 1
        await at_work(lambda: phone.blocks(False))
        await at_work(lambda: phone.says("我回来了"))
        await until(lambda: "您的举报有新进展" in phone.texts, "what was kept", 30)


async def test_news_comes_without_being_asked_for(tg: Platform, house: Make) -> None:
    async with called(tg, house) as home:
        await ready(tg)
        phone = Phone(tg, 1001)
        await at_work(lambda: phone.says("你好"))
        await until(lambda: phone.seen, "the answer")
        [conversation] = {row.conversation_id for row in home.rows(schema.inbox)}
        await home.gateway.say(conversation, "您的举报已受理")
        await until(lambda: phone.texts[-1] == "您的举报已受理", "the news")
        assert not phone.seen[-1].preview
