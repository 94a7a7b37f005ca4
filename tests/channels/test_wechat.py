"""A WeChat official account against a stand-in for Tencent's platform, over real HTTP both ways."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.channels.wechat.client import CODES
from connectors.gateway import schema
from connectors.gateway.fetching import Fetcher
from tests import files
from tests.channels.house import PHRASES, House, at_work, bubble, until
from tests.channels.stand_ins.server import Server
from tests.channels.stand_ins.wechat import Phone, Platform

Make = Callable[..., House]


def phone_of(mp: Platform, house: House) -> Phone:
    return mp.phone(f"{house.url}/channels/wechat/")


# -- replies ---------------------------------------------------------------------------------------------------------


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


# -- what is shown ---------------------------------------------------------------------------------------------------


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


# -- budgets ---------------------------------------------------------------------------------------------------------


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


# -- trouble with the provider ---------------------------------------------------------------------------------------


async def late(home: House, phone: Phone, text: str = "案件有新进展。") -> None:
    """Say something that must go out as a message."""
    await home.gateway.say(home.rows(schema.conversations)[0].id, text)


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


# -- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "content", "media_type"),
    [
        ("image", files.png(3), "image/png"),
        ("video", files.mp4(), "video/mp4"),
        ("shortvideo", files.mp4(), "video/mp4"),
        ("voice", b"#!AMR\n" + bytes(200), "audio/amr"),
    ],
)
async def test_files_come_bit_for_bit(mp: Platform, house: Make, kind: str, content: bytes, media_type: str) -> None:
    async with house(mp) as home:
        phone = phone_of(mp, home)
        await at_work(lambda: phone.sends(kind, content, media_type, repeat=2))
        [turn] = home.brain.turns
        conversation = home.rows(schema.conversations)[0].id
        [facts] = await home.vault.facts(conversation)
        assert turn["files"] == [facts.id]
        assert facts.sha256 == hashlib.sha256(content).hexdigest()
        assert await home.vault.read(conversation, facts.id) == content
        assert (PHRASES("voice_kept") in phone.told()) == (kind == "voice")


@pytest.mark.parametrize(
    ("how", "said"), [("expired", "media_expired"), ("html", "media_html"), ("cut", "media_unknown")]
)
async def test_a_file_that_does_not_come_is_said_kindly(mp: Platform, house: Make, how: str, said: str) -> None:
    async with house(mp) as home:
        phone = phone_of(mp, home)
        await at_work(lambda: phone.sends("image", files.png(3), "image/png", how))
        await until(lambda: phone.seen, "the answer", 30)
        assert phone.told() == PHRASES(said)
        assert home.brain.turns == []
        await at_work(lambda: phone.says("好的"))
        assert phone.seen[-1].text == "收到：好的"


@pytest.mark.parametrize("how", ["down", "stall"])
async def test_a_file_that_is_slow_is_waited_for_while_talk_goes_on(
    mp: Platform, house: Make, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.gateway.media.PATIENCE", 0.8)
    monkeypatch.setattr("connectors.gateway.turns.MEDIA_PATIENCE", 0.8)
    monkeypatch.setattr("connectors.channels.download.DOWNLOAD_SECONDS", 0.5)
    async with house(mp) as home:
        phone = phone_of(mp, home)
        await at_work(lambda: phone.sends("image", files.png(3), "image/png", how))
        await until(lambda: PHRASES("media_slow") in phone.told(), "the word that it takes longer")
        await at_work(lambda: phone.says("先说别的"))
        assert "收到：先说别的" in phone.told()
        for file in mp.files.values():
            file.how = "well"
        await until(lambda: len(home.brain.turns) == 2, "the file")
        assert len(home.brain.turns[1]["files"]) == 1


async def test_a_video_link_into_our_own_network_is_not_followed(mp: Platform, house: Make) -> None:
    async with house(mp) as home:
        phone = phone_of(mp, home)
        url, mp.url = mp.url, "http://169.254.169.254"
        await at_work(lambda: phone.sends("video", files.mp4(), "video/mp4"))
        mp.url = url
        await until(lambda: phone.seen, "the answer")
        assert phone.told() == PHRASES("media_unknown")


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("well", None),
        ("elsewhere", None),
        ("inside", "media_unknown"),
        ("html", "media_html"),
        ("gone", "media_expired"),
    ],
)
async def test_a_video_linked_elsewhere_comes_through_the_guard(
    mp: Platform, house: Make, how: str, said: str | None
) -> None:
    """A server of its own holds the video; only its address counts as public, and each redirect is checked anew."""
    video = files.mp4()
    inside = {"Location": f"{mp.url}/video/none"}

    async def hold(request: Request) -> Response:
        if request.url.path == "/here":
            return Response(video, media_type="video/mp4")
        return {
            "well": Response(video, media_type="video/mp4"),
            "elsewhere": Response(status_code=302, headers={"Location": "/here"}),
            "inside": Response(status_code=302, headers=inside),
            "html": Response("<html>系统繁忙</html>", media_type="video/mp4"),
            "gone": Response(status_code=404),
        }[how]

    with Server(Starlette(routes=[Route("/{path:path}", hold)])) as server:
        async with house(mp) as home:
            port = int(server.url.rpartition(":")[2])
            home.channels.all["wechat"].api._public = Fetcher(also={("127.0.0.1", port)})
            phone = phone_of(mp, home)
            url, mp.url = mp.url, server.url
            await at_work(lambda: phone.sends("video", video, "video/mp4"))
            mp.url = url
            await until(lambda: phone.seen, "the answer")
            if said is None:
                [item] = home.rows(schema.evidence)
                assert await home.vault.read(item.conversation_id, item.id) == video
            else:
                assert phone.told() == PHRASES(said)
                assert home.rows(schema.evidence) == []


# -- events and kinds ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "key", "intent"),
    [
        ("subscribe", "", "greet"),
        ("subscribe", "qrscene_m_cyber_violence", "report"),
        ("SCAN", "m_minor_protection", "report"),
        ("SCAN", "m_no_such_matter", "greet"),
        ("CLICK", "report", "start_report"),
        ("CLICK", "progress", "check_status"),
        ("CLICK", "forged?intent", "greet"),
    ],
)
async def test_events_have_their_meaning(mp: Platform, house: Make, event: str, key: str, intent: str) -> None:
    async with house(mp) as home:
        phone = phone_of(mp, home)
        await at_work(lambda: phone.does(event, key))
        [turn] = home.brain.turns
        assert turn["button"]["intent"] == intent
        if intent == "report":
            assert turn["button"]["entities"] == {"guess": key.split("m_")[1]}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"MsgType": "file", "Title": "证据.pdf", "FileKey": "x", "FileMd5": "x", "FileTotalLen": "3"}, "kind_file"),
        ({"MsgType": "hologram"}, "kind_unknown"),
        ({"MsgType": "miniprogrampage", "Title": "x"}, "kind_unknown"),
        ({"MsgType": "location", "Location_X": "1", "Location_Y": "2", "Scale": "3", "Label": ""}, "kind_location"),
        ({"MsgType": "text", "Content": "  "}, "text_empty"),
        ({"MsgType": "text", "Content": "长" * 5001}, "text_long"),
    ],
)
async def test_what_cannot_be_read_is_answered_kindly(
    mp: Platform, house: Make, fields: Mapping[str, str], said: str
) -> None:
    async with house(mp) as home:
        phone = phone_of(mp, home)
        await at_work(lambda: phone.push(dict(fields), "message", lose=1, repeat=1))
        assert [item.text for item in phone.seen] == [PHRASES(said, limit=5000)]
        assert home.brain.turns == []


async def test_a_link_is_a_text(mp: Platform, house: Make) -> None:
    async with house(mp) as home:
        phone = phone_of(mp, home)
        link = {"MsgType": "link", "Title": "一篇文章", "Description": "x", "Url": "https://example.com/a?b=1&c=2"}
        await at_work(lambda: phone.push(link, "message"))
        assert home.brain.turns[0]["text"] == "一篇文章\nhttps://example.com/a?b=1&c=2"


# -- order and load --------------------------------------------------------------------------------------------------


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
