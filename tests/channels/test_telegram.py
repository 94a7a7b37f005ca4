"""Telegram against a stand-in for its Bot API, with the real client library, over HTTP both ways."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import structlog

from bot.channels import ChannelSettingsError, telegram_account
from bot.settings import Settings
from connectors.channels.contract import Call, Forged, Unreadable
from connectors.channels.telegram import Account, Telegram
from connectors.gateway import schema
from tests import files
from tests.channels.house import PHRASES, House, at_work, bubble, until
from tests.channels.stand_ins.telegram import TOKEN, Phone, Platform
from tests.system import free_ports

Make = Callable[..., House]
LINK = re.compile(r"http://house/u/([\w-]{43})")


def called(tg: Platform, house: Make, **settings: Any) -> House:
    """A house that Telegram calls, instead of being asked."""
    [port] = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    return house(tg, port=port, address=address, telegram_webhook=True, **settings)


async def ready(tg: Platform) -> None:
    await until(lambda: tg.webhook, "the webhook to be set")


# -- in --------------------------------------------------------------------------------------------------------------


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


# -- out -------------------------------------------------------------------------------------------------------------


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
            phone.seen[0].buttons = [("坏的", data)]
            await at_work(lambda: phone.presses("坏的"))
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


# -- personal data and files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["photo", "document", "voice", "video"])
async def test_evidence_is_not_fetched_and_gets_a_link(tg: Platform, house: Make, kind: str) -> None:
    async with called(tg, house) as home:
        await ready(tg)
        phone = Phone(tg, 1001)
        if kind == "photo":
            await at_work(lambda: phone.sends_photo(files.png(), times=2))
        else:
            await at_work(lambda: phone.sends(kind, files.pdf(), "合同.pdf", times=2))
        await until(lambda: phone.seen, "the link")
        [text] = phone.texts
        found = LINK.search(text)
        assert found
        assert tg.calls["getFile"] == 0
        assert home.brain.turns == []
        assert home.rows(schema.evidence) == []
        link = await home.links.open("upload", found.group(1))
        assert link.conversation_id == home.rows(schema.conversations)[0].id


async def test_an_identity_number_is_not_kept(tg: Platform, house: Make) -> None:
    number = "11010519491231002X"
    async with called(tg, house) as home:
        await ready(tg)
        phone = Phone(tg, 1001)
        await at_work(lambda: phone.says(f"我的身份证是{number}"))
        await until(lambda: phone.seen, "the link")
        assert LINK.search(phone.texts[0])
        assert home.brain.turns == []
        opened = [home.sealer.open_json(row.body, f"inbox:{row.conversation_id}") for row in home.rows(schema.inbox)]
        assert number not in json.dumps(opened)
        await at_work(lambda: phone.says("编号是110105194912310021"))
        await until(lambda: home.brain.turns, "a number that is no identity number")


async def test_where_the_agency_allows_it_files_come_bit_for_bit(tg: Platform, house: Make) -> None:
    async with called(tg, house, burst=0.3, telegram_personal_data=True) as home:
        await ready(tg)
        phone = Phone(tg, 1001)
        sent = [files.png(1), files.pdf("合同"), files.mp4(), b"OggS\x00\x02" + bytes(22) + b"OpusHead" + bytes(40)]
        await at_work(lambda: phone.sends_photo(sent[0], caption="就是这张", times=2))
        await at_work(lambda: phone.sends("document", sent[1], "../../合同.pdf"))
        await at_work(lambda: phone.sends("video", sent[2]))
        await at_work(lambda: phone.sends("voice", sent[3]))
        await until(lambda: sum(len(turn["files"]) for turn in home.brain.turns) == 4, "the files", 30)
        [conversation] = {row.conversation_id for row in home.rows(schema.evidence)}
        kept = await home.vault.facts(conversation)
        assert {await home.vault.read(conversation, item.id) for item in kept} == set(sent)
        assert "合同.pdf" in {item.name for item in kept}
        assert "就是这张" in home.brain.turns[0]["text"]
        await until(lambda: PHRASES("voice_kept") in phone.texts, "an honest word about the voice", 30)


async def test_an_album_is_one_turn(tg: Platform, house: Make) -> None:
    async with called(tg, house, burst=1.0, telegram_personal_data=True) as home:
        await ready(tg)
        phone = Phone(tg, 1001)
        for number in range(6):
            more = {"caption": "六张截图"} if number == 2 else {}
            await at_work(
                lambda number=number, more=more: phone.sends_photo(  # type: ignore[misc]
                    files.png(number), media_group_id="album", **more
                )
            )
        await until(lambda: home.brain.turns, "the turn", 30)
        [turn] = home.brain.turns
        assert len(turn["files"]) == 6
        assert turn["text"] == "六张截图"


@pytest.mark.parametrize(
    ("how", "answer"), [("gone", "media_expired"), ("html", "media_html"), ("cut", None), ("large", "media_large")]
)
async def test_files_that_do_not_come(tg: Platform, house: Make, how: str, answer: str | None) -> None:
    async with called(tg, house, telegram_personal_data=True) as home:
        await ready(tg)
        phone = Phone(tg, 1001)
        if how == "large":
            await at_work(lambda: phone.sends("document", files.pdf() + bytes(21 * 1024 * 1024), "x.pdf"))
        else:
            await at_work(lambda: phone.sends_photo(files.png(), how=how))
        await until(lambda: phone.seen, "an answer", 40)
        if answer:
            assert phone.texts == [PHRASES(answer, limit=20)]
            assert home.rows(schema.evidence) == []
        else:
            assert len(home.rows(schema.evidence)) == 1


async def test_files_go_out(tg: Platform, house: Make) -> None:
    async with called(tg, house) as home:
        await ready(tg)
        phone, channel = Phone(tg, 1001), home.channels.all["telegram"]
        for kind in ("image", "video", "file"):
            await asyncio.sleep(1.0)  # the stand-in's pace
            await channel.send_file({"chat": "1001"}, kind, "回执.png", files.png(3))
        assert [seen.file for seen in phone.seen] == [files.png(3)] * 3


# -- secrets and settings --------------------------------------------------------------------------------------------


async def test_no_log_and_no_file_has_the_token(
    tg: Platform, house: Make, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """At the level that an operator may choose, and in everything that goes wrong."""
    structlog.configure(logger_factory=structlog.stdlib.LoggerFactory())
    caplog.set_level(logging.WARNING)
    try:
        async with called(tg, house, telegram_personal_data=True) as home:
            await ready(tg)
            phone = Phone(tg, 1001)
            tg.next = [502, 429, 400]
            await at_work(lambda: phone.sends_photo(files.png(), how="cut"))
            await at_work(lambda: phone.says("你好"))
            await until(lambda: home.brain.turns and not tg.next, "everything to go wrong once", 60)
        stored = b"".join(path.read_bytes() for path in home.home.rglob("*") if path.is_file())
    finally:
        structlog.reset_defaults()
    logged = caplog.text + "".join(capsys.readouterr())
    assert "not_sent" in logged
    for secret in (TOKEN, TOKEN.partition(":")[2], "1001", "file_0"):
        assert secret not in logged
        assert secret.encode() not in stored or secret == "1001"


def test_redaction() -> None:
    channel = Telegram(Account(TOKEN, "s"), PHRASES, lambda _scene: None)
    text = f"https://api.telegram.org/file/bot{TOKEN}/photos/1.jpg chat 123456789 -1001234567890"
    redacted = channel.redact(text)
    assert TOKEN not in redacted
    assert not re.search(r"\d{6}", redacted)


@pytest.mark.parametrize(
    "settings",
    [
        {"telegram_token": "nonsense"},
        {"telegram_webhook": True},
        {"telegram_personal_data": True},
        {"telegram_token": TOKEN, "telegram_webhook": True},
    ],
)
def test_half_a_setting_is_named(settings: dict[str, Any]) -> None:
    with pytest.raises(ChannelSettingsError, match="REPORTGUIDE_"):
        telegram_account(Settings(**settings))
    assert telegram_account(Settings()) is None


def test_a_secret_of_another_bot_is_none() -> None:
    channel = Telegram(Account(TOKEN, "right", webhook="https://x"), PHRASES, lambda _scene: None)
    channel.verify(Call("POST", {}, {"x-telegram-bot-api-secret-token": "right"}, b"", 0.0))
    with pytest.raises(Forged):
        channel.verify(Call("POST", {}, {"x-telegram-bot-api-secret-token": "righ"}, b"", 0.0))
