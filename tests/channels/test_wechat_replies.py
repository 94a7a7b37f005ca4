"""When a WeChat official account answers, against a stand-in for its platform: the reply itself, order, load."""

from __future__ import annotations

import asyncio

import pytest

from tests import files
from tests.channels.house import PHRASES, Make, at_work, until
from tests.channels.stand_ins.wechat import Platform
from tests.channels.wechat_house import late, phone_of


async def test_a_quick_turn_is_the_reply_itself(mp: Platform, house: Make) -> None:
    async with house(mp) as home:
        phone = phone_of(mp, home)
        await at_work(lambda: phone.says("有人造谣"))
        assert [(item.via, item.text) for item in phone.seen] == [("reply", "收到：有人造谣")]
        assert mp.calls["send"] == 0
        await until(lambda: home.deliveries() == ["sent"], "the entry to be sent")


@pytest.mark.parametrize("key", [None, "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"])
async def test_plain_and_safe_mode(mp: Platform, house: Make, key: str | None) -> None:
    mp.aes_key, mp.crypto = key, mp.crypto if key else None
    async with house(mp) as home:
        phone = phone_of(mp, home)
        await at_work(lambda: phone.says("你好"))
        assert phone.told() == "收到：你好"


async def test_a_slow_turn_is_acknowledged_in_time_and_sent_later(mp: Platform, house: Make) -> None:
    async with house(mp) as home:
        home.brain.delay = 4.0
        phone = phone_of(mp, home)
        await at_work(lambda: phone.says("慢慢来"))
        [(status, seconds)] = phone.pushes
        assert status == 200
        assert seconds < 5
        assert phone.seen == []
        await until(lambda: phone.seen, "the customer-service message")
        assert [(item.via, item.text) for item in phone.seen] == [("text", "收到：慢慢来")]


async def test_three_deliveries_of_one_message_are_one_turn(mp: Platform, house: Make) -> None:
    async with house(mp) as home:
        phone = phone_of(mp, home)
        # Two answers are lost on the way; the third carries the same reply.
        await at_work(lambda: phone.push({"MsgType": "text", "Content": "在吗"}, "message", lose=2, repeat=1))
        assert [item.text for item in phone.seen] == ["收到：在吗"]
        assert len(phone.pushes) == 4
        assert len(home.brain.turns) == 1
        assert mp.calls["send"] == 0


async def test_events_and_messages_without_an_id_are_told_apart(mp: Platform, house: Make) -> None:
    async with house(mp) as home:
        phone = phone_of(mp, home)
        text = {"MsgType": "text", "Content": "一"}
        await at_work(lambda: phone.push(text, "message", with_number=False, repeat=2))
        await at_work(lambda: phone.push({**text, "Content": "二"}, "message", with_number=False))
        said = [line for turn in home.brain.turns for line in str(turn["text"]).split("\n")]
        assert said == ["一", "二"]


async def test_a_provider_that_hangs_up_gets_the_answer_as_a_message(mp: Platform, house: Make) -> None:
    async with house(mp) as home:
        home.brain.delay = 1.0
        phone = phone_of(mp, home)
        from tests.channels.stand_ins import wechat

        patience, wechat.PUSH_SECONDS, wechat.PUSHES = wechat.PUSH_SECONDS, 0.3, 1
        try:
            await at_work(lambda: phone.says("喂"))
        finally:
            wechat.PUSH_SECONDS, wechat.PUSHES = patience, 3
        assert phone.trouble == 1
        await until(lambda: phone.seen, "the message")
        assert [(item.via, item.text) for item in phone.seen] == [("text", "收到：喂")]
        assert len(home.brain.turns) == 1


async def test_without_customer_service_what_is_late_is_the_next_reply(mp: Platform, house: Make) -> None:
    async with house(mp, wechat_customer_service=False) as home:
        home.brain.delay = 6.0
        phone = phone_of(mp, home)
        await at_work(lambda: phone.says("第一句"))
        assert phone.told() == PHRASES("still_thinking")
        await until(lambda: home.deliveries()[-1:] == ["waiting"] and len(home.brain.turns) == 1, "the turn")
        home.brain.delay = 0.0
        await at_work(lambda: phone.says("1"))
        assert "收到：第一句" in phone.seen[-1].text
        assert mp.calls["send"] == 0


async def test_a_burst_is_one_turn_and_one_reply(mp: Platform, house: Make) -> None:
    async with house(mp, burst=0.5) as home:
        phone = phone_of(mp, home)
        pictures = [files.png(number) for number in range(3)]
        await asyncio.gather(*(at_work(lambda item=item: phone.sends("image", item, "image/png")) for item in pictures))
        assert len(home.brain.turns) == 1
        assert len(home.brain.turns[0]["files"]) == 3
        assert [item.via for item in phone.seen] == ["reply"]


async def test_twenty_people_at_once(mp: Platform, house: Make) -> None:
    async with house(mp) as home:
        phones = [phone_of(mp, home) for _ in range(20)]
        for turn in range(3):
            await asyncio.gather(*(at_work(lambda p=p, turn=turn: p.says(f"第{turn}句")) for p in phones))
        # On a machine under load a turn may be too slow for the reply; then it comes as a message, in order.
        await until(lambda: all(len(p.seen) == 3 for p in phones), "all answers")
        assert all([item.text for item in p.seen] == [f"收到：第{n}句" for n in range(3)] for p in phones)
        assert len(home.brain.turns) == 60
        times = sorted(seconds for p in phones for _, seconds in p.pushes)
        print(f"reply within: median {times[len(times) // 2]:.3f} s, p95 {times[int(len(times) * 0.95)]:.3f} s")
        assert not any(p.trouble for p in phones), "WeChat would have shown that the account is in trouble"


async def test_nothing_of_it_is_in_clear(mp: Platform, house: Make) -> None:
    async with house(mp) as home:
        phone = phone_of(mp, home)
        await at_work(lambda: phone.says("鹦鹉螺巷七十三号"))
        await late(home, phone, "翠鸟收据")
        await until(lambda: len(phone.seen) == 2, "the message")
    stored = b"".join(file.read_bytes() for file in home.home.rglob("*") if file.is_file())
    for secret in ("鹦鹉螺巷七十三号", "翠鸟收据", phone.openid, mp.secret, mp.tokens[-1]):
        assert secret.encode() not in stored
