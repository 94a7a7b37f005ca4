"""What WeChat's platform refuses, loses or answers with an error."""

from __future__ import annotations

import pytest

from connectors.channels.wechat.client import CODES
from connectors.gateway import schema
from tests.channels.house import Make, at_work, until
from tests.channels.stand_ins.wechat import Platform
from tests.channels.wechat_house import late, phone_of


@pytest.mark.parametrize("trouble", [-1, 500, 502, 45011])
async def test_a_provider_in_trouble_is_asked_again(
    mp: Platform, house: Make, trouble: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CODES.pauses, 45011, 0.5)  # type: ignore[arg-type]
    async with house(mp) as home:
        phone = phone_of(mp, home)
        await at_work(lambda: phone.says("你好"))
        mp.next = [trouble]
        await late(home, phone)
        await until(lambda: len(phone.seen) == 2, "the second attempt")
        assert phone.seen[1].text == "案件有新进展。"
        await until(lambda: home.deliveries() == ["sent", "sent"], "the entry to be sent")
        assert home.rows(schema.allowances)[0].remaining == 4, "what was refused was not counted"


async def test_a_lost_answer_is_the_one_case_of_two_messages(mp: Platform, house: Make) -> None:
    async with house(mp) as home:
        phone = phone_of(mp, home)
        await at_work(lambda: phone.says("你好"))
        mp.next = ["lost"]
        await late(home, phone)
        await until(lambda: len(phone.seen) == 3, "the message again", 30)
        assert [item.text for item in phone.seen[1:]] == ["案件有新进展。"] * 2
        assert home.delivery.counts["wechat", "lost"] == 1
        # Both may have been counted by the provider, so both are counted here.
        assert home.rows(schema.allowances)[0].remaining == 3


async def test_what_the_provider_will_never_take_is_shown_to_staff(mp: Platform, house: Make) -> None:
    async with house(mp) as home:
        phone = phone_of(mp, home)
        await at_work(lambda: phone.says("你好"))
        mp.next = [87014]
        await late(home, phone, "不能发的话")
        await until(lambda: home.deliveries() == ["sent", "failed"], "the refusal")
        await late(home, phone, "可以发的话")
        await until(lambda: home.deliveries() == ["sent", "failed", "sent"], "the next message")
        [row] = await home.delivery.owed()
        assert (row["failed"], row["waiting"], row["problem"]) == (1, 0, "risky_content")


@pytest.mark.parametrize("refused", [False, True])
async def test_a_refused_token_is_renewed_once(mp: Platform, house: Make, refused: bool) -> None:
    async with house(mp) as home:
        phone = phone_of(mp, home)
        await at_work(lambda: phone.says("你好"))
        await late(home, phone, "第一条")
        await until(lambda: len(phone.seen) == 2, "the message")
        mp.expire()
        mp.refuse_tokens = refused
        before = mp.calls["send"]
        await late(home, phone, "第二条")
        if not refused:
            await until(lambda: len(phone.seen) == 3, "the message with the new token")
            assert mp.calls["send"] == before + 2
            return
        await until(lambda: home.rows(schema.outlets)[0].problem == "token_refused", "the refusal")
        assert mp.calls["send"] == before + 2, "it asked in a loop"
        assert mp.calls["stable_token"] <= 3
        assert home.deliveries()[-1] == "waiting"


async def test_one_refresher_for_many_messages(mp: Platform, house: Make) -> None:
    async with house(mp) as home:
        phones = [phone_of(mp, home) for _ in range(8)]
        for phone in phones:
            await at_work(lambda phone=phone: phone.says("你好"))
        for row in home.rows(schema.conversations):
            await home.gateway.say(row.id, "新进展")
        await until(lambda: all(len(phone.seen) == 2 for phone in phones), "all messages")
        assert mp.calls["stable_token"] == 1
