"""Telegram against a stand-in for its Bot API, with the real client library, over HTTP both ways: what comes in."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from connectors.channels.contract import Call, Unreadable
from connectors.channels.telegram import Account, Telegram
from connectors.gateway import schema
from tests.channels.house import PHRASES, Make, at_work, until
from tests.channels.stand_ins.telegram import TOKEN, Phone, Platform
from tests.channels.telegram_house import called, ready


async def test_a_message_and_its_answer_by_webhook(tg: Platform, house: Make) -> None:
    async with called(tg, house) as home:
        await ready(tg)
        assert tg.webhook["url"] == f"{home.url}/channels/telegram/"
        phone = Phone(tg, 1001)
        assert await at_work(lambda: phone.says("有人造谣")) == [200]
        await until(lambda: phone.seen, "the answer")
        assert phone.texts == ["收到：有人造谣"]
        await until(lambda: home.deliveries() == ["sent"], "the entry to be sent")


async def test_a_message_and_its_answer_by_asking(tg: Platform, house: Make) -> None:
    """No public address: updates are asked for, and confirmed only after they were stored."""
    tg.webhook = {"url": "http://127.0.0.1:9/old", "secret": "x"}
    async with house(tg) as home:
        await until(lambda: not tg.webhook, "the old webhook to be taken away")
        phone = Phone(tg, 1001)
        await at_work(lambda: phone.says("第一条"))
        await until(lambda: phone.texts == ["收到：第一条"], "the answer")
        assert len(home.rows(schema.inbox)) == 1
        await until(lambda: tg.confirmed == 700_000_002, "the confirmation")


async def test_what_was_not_confirmed_comes_again_and_counts_once(tg: Platform, house: Make) -> None:
    phone = Phone(tg, 1001)
    update = phone.update(message=phone.message(text="同一条"))
    tg.queue += [update, update]
    async with house(tg) as home:
        await until(lambda: phone.seen, "the answer")
        tg.queue.append(update)
        await until(lambda: not tg.queue, "the queue to be read")
        assert len(home.brain.turns) == 1
        assert phone.texts == ["收到：同一条"]


async def test_an_update_delivered_again_is_one_turn(tg: Platform, house: Make) -> None:
    async with called(tg, house) as home:
        await ready(tg)
        phone = Phone(tg, 1001)
        assert await at_work(lambda: phone.says("三遍", times=3)) == [200, 200, 200]
        await until(lambda: phone.seen, "the answer")
        assert len(home.rows(schema.inbox)) == 1
        assert len(home.brain.turns) == 1


@pytest.mark.parametrize("secret", [None, "", "wrong", "а" * 3, "x" * 5000])
async def test_a_call_without_the_secret_changes_nothing(tg: Platform, house: Make, secret: str | None) -> None:
    async with called(tg, house) as home:
        await ready(tg)
        before = home.everything()
        phone = Phone(tg, 1001)
        headers = {} if secret is None else {b"X-Telegram-Bot-Api-Secret-Token": secret.encode()}
        async with httpx.AsyncClient() as http:
            answer = await http.post(
                tg.webhook["url"], json=phone.update(message=phone.message(text="假的")), headers=headers
            )
        assert answer.status_code == 403
        assert home.everything() == before


async def test_without_a_webhook_nobody_may_call(tg: Platform, house: Make) -> None:
    async with house(tg) as home:
        async with httpx.AsyncClient() as http:
            answer = await http.post(f"{home.url}/channels/telegram/", json={"update_id": 1})
        assert answer.status_code == 403


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"\xff\xfe", b'{"update_id":', b"[" * 100_000, b'"x"'],
)
def test_what_is_no_update_is_refused(body: bytes) -> None:
    channel = Telegram(Account(TOKEN, "s"), PHRASES, lambda _scene: None)
    with pytest.raises(Unreadable):
        channel.decode(Call("POST", {}, {}, body, 0.0))


@pytest.mark.parametrize(
    "update",
    [
        {},
        {"update_id": "x"},
        {"update_id": 1, "message": {}},
        {"update_id": 1, "message": {"message_id": 1}},
        {"update_id": 1, "message": 5},
        {"update_id": 1, "message": {"message_id": 1, "date": 10**30, "chat": {"id": 1, "type": "private"}}},
        {"update_id": 1, "callback_query": {"id": "1"}},
        {"update_id": 1, "poll": {}},
        {"update_id": 1, "edited_channel_post": {"message_id": 1}},
        {"update_id": None, "message": {"photo": [{}]}},
    ],
)
async def test_an_update_that_cannot_be_read_is_taken_and_left(
    tg: Platform, house: Make, update: dict[str, Any]
) -> None:
    """Refused, Telegram would send it again for a day, and nothing of anybody after it."""
    async with called(tg, house) as home:
        await ready(tg)
        phone = Phone(tg, 1001)
        assert await at_work(lambda: tg.push(update)) == [200]
        assert await at_work(lambda: phone.says("下一条")) == [200]
        await until(lambda: phone.texts == ["收到：下一条"], "the answer")
        assert len(home.rows(schema.inbox)) == 1


async def test_one_unreadable_update_does_not_hold_up_those_asked_for(tg: Platform, house: Make) -> None:
    phone = Phone(tg, 1001)
    tg.queue += [phone.update(message={"message_id": 1}), phone.update(message=phone.message(text="后面的"))]
    async with house(tg):
        await until(lambda: phone.texts == ["收到：后面的"], "the answer")


async def test_groups_are_not_listened_to(tg: Platform, house: Make) -> None:
    async with called(tg, house) as home:
        await ready(tg)
        phone = Phone(tg, 1001)
        phone.chat = {"id": -100200300, "type": "supergroup", "title": "群"}
        await at_work(lambda: phone.says("大家好"))
        assert home.rows(schema.inbox) == []


async def test_start_welcomes_and_a_link_begins_with_its_matter(tg: Platform, house: Make) -> None:
    async with called(tg, house) as home:
        await ready(tg)
        phone = Phone(tg, 1001)
        await at_work(lambda: phone.says("/start"))
        await until(lambda: phone.texts == [PHRASES("welcome")], "the welcome")
        await at_work(lambda: phone.says("/start m_cyber_violence"))
        await until(lambda: home.brain.turns, "the turn")
        assert home.brain.turns[0]["button"] == {"intent": "report", "entities": {"guess": "cyber_violence"}}
        await at_work(lambda: phone.says("/start m_nothing"))
        await until(lambda: len(phone.seen) == 3, "another welcome")


async def test_an_edit_is_answered_and_changes_nothing(tg: Platform, house: Make) -> None:
    async with called(tg, house) as home:
        await ready(tg)
        phone = Phone(tg, 1001)
        await at_work(lambda: phone.edits("改过的"))
        await until(lambda: phone.texts == [PHRASES("kind_edited")], "the answer")
        assert home.brain.turns == []


@pytest.mark.parametrize(
    ("what", "answer"),
    [
        ({"location": {"latitude": 30.1, "longitude": 120.2}}, "kind_location"),
        ({"contact": {"phone_number": "1", "first_name": "x"}}, "kind_unknown"),
        ({"dice": {"emoji": "x", "value": 3}}, "kind_unknown"),
        ({}, "kind_unknown"),
    ],
)
async def test_what_is_neither_words_nor_a_file_is_answered(
    tg: Platform, house: Make, what: dict[str, Any], answer: str
) -> None:
    async with called(tg, house):
        await ready(tg)
        phone = Phone(tg, 1001)
        await at_work(lambda: tg.push(phone.update(message=phone.message(**what))))
        await until(lambda: phone.texts == [PHRASES(answer)], "the answer")
