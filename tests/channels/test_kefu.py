"""微信客服 against a stand-in for Tencent's platform, over real HTTP both ways."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from connectors.gateway import schema
from tests import files
from tests.channels.house import PHRASES, House, Make, at_work, bubble, until
from tests.channels.stand_ins.kefu import Phone, Platform


def phone_of(work: Platform, house: House) -> Phone:
    return work.phone(f"{house.url}/channels/kefu/")


async def test_a_message_is_pulled_and_answered(work: Platform, house: Make) -> None:
    async with house(work) as home:
        phone = phone_of(work, home)
        await at_work(lambda: phone.says("有人造谣"))
        await until(lambda: phone.seen, "the answer")
        assert [(item.via, item.text) for item in phone.seen] == [("text", "收到：有人造谣")]
        assert work.callback_status == [200]


async def test_callbacks_doubled_and_pages_are_one_turn_each(work: Platform, house: Make) -> None:
    async with house(work) as home:
        phone = phone_of(work, home)
        for number in range(5):
            await at_work(lambda number=number: phone.says(f"第{number}句", times=3))
            await until(lambda number=number: f"第{number}句" in phone.told(), "the answer")
        assert [turn["text"] for turn in home.brain.turns] == [f"第{number}句" for number in range(5)]


async def test_what_came_while_the_service_was_down_is_read_from_the_cursor(work: Platform, house: Make) -> None:
    async with house(work) as home:
        phone = phone_of(work, home)
        await at_work(lambda: phone.says("第一句"))
        await until(lambda: phone.seen, "the answer")
    for number in range(5):
        phone.says(f"夜里{number}", quiet=True)
    async with house(work) as home:
        await until(lambda: "夜里4" in phone.told(), "the answers")
        said = "\n".join(str(turn["text"]) for turn in home.brain.turns)
        assert [said.count(f"夜里{number}") for number in range(5)] == [1] * 5
        assert "第一句" not in said
        # The second reader began where the first had stopped.
        assert work.cursors.count("") == 1
        assert phone.most <= 5


async def test_the_welcome_is_said_once_with_its_code(work: Platform, house: Make) -> None:
    async with house(work) as home:
        home.brain.answer = lambda body: [bubble("您好，遇到什么事了？", "我要举报")]
        phone = phone_of(work, home)
        await at_work(phone.enters)
        await until(lambda: phone.seen, "the welcome")
        assert [(item.via, item.text) for item in phone.seen] == [("welcome", "您好，遇到什么事了？")]
        assert work.calls["send"] == 0
        token = phone.seen[0].choices[0][0]
        await at_work(lambda: phone.chooses("我要举报", token))
        await until(lambda: len(phone.seen) == 2, "the answer")
        assert home.brain.turns[-1]["button"]["intent"] == "chosen"


async def test_a_link_with_a_scene_begins_with_its_matter(work: Platform, house: Make) -> None:
    async with house(work) as home:
        phone = phone_of(work, home)
        await at_work(lambda: phone.enters("m_cyber_violence"))
        await until(lambda: phone.seen, "the answer")
        assert home.brain.turns[0]["button"] == {"intent": "report", "entities": {"guess": "cyber_violence"}}


async def test_five_messages_after_one_and_no_more(work: Platform, house: Make) -> None:
    async with house(work) as home:
        phone = phone_of(work, home)
        await at_work(lambda: phone.says("你好"))
        await until(lambda: phone.seen, "the answer")
        conversation = home.rows(schema.conversations)[0].id
        for number in range(8):
            await home.gateway.say(conversation, f"消息{number}。" + "长" * 640)
        await until(lambda: home.rows(schema.outlets)[0].problem == "window_closed", "the budget to be used up")
        assert phone.most == 5
        await at_work(lambda: phone.says("还有吗"))
        await until(lambda: set(home.deliveries()) == {"sent"}, "the rest")
        assert all(phone.told().count(f"消息{number}。") == 1 for number in range(8))
        assert phone.most <= 5
        print(f"messages after one contact, at most: {phone.most}")


async def test_menus_keep_their_limits(work: Platform, house: Make) -> None:
    async with house(work) as home:
        titles = [f"第{number}个选项" + "很长" * 40 for number in range(13)]
        home.brain.answer = lambda body: [bubble("请选一个。" * 150, *titles)]
        phone = phone_of(work, home)
        await at_work(lambda: phone.says("有什么"))
        await until(lambda: home.deliveries() == ["sent"], "all of it")
        tokens = [token for item in phone.seen for token, _ in item.choices]
        assert len(tokens) == 13
        await at_work(lambda: phone.chooses("第12", tokens[12]))
        await until(lambda: len(home.brain.turns) == 2, "the turn")
        assert home.brain.turns[-1]["button"]["entities"]["it"] == titles[12]


@pytest.mark.parametrize(
    ("kind", "content", "media_type", "name"),
    [
        ("image", files.png(3), "image/png", ""),
        ("video", files.mp4(), "video/mp4", ""),
        ("voice", b"#!AMR\n" + bytes(200), "audio/amr", ""),
        ("file", files.pdf("聊天记录"), "application/pdf", "聊天记录.pdf"),
    ],
)
async def test_files_come_bit_for_bit(
    work: Platform, house: Make, kind: str, content: bytes, media_type: str, name: str
) -> None:
    async with house(work) as home:
        phone = phone_of(work, home)
        await at_work(lambda: phone.sends(kind, content, media_type, name, times=2))
        await until(lambda: home.brain.turns, "the turn")
        conversation = home.rows(schema.conversations)[0].id
        [facts] = await home.vault.facts(conversation)
        assert facts.sha256 == hashlib.sha256(content).hexdigest()
        assert await home.vault.read(conversation, facts.id) == content
        if name:
            assert facts.name == name


@pytest.mark.parametrize(("how", "said"), [("expired", "media_expired"), ("html", "media_html")])
async def test_a_file_that_does_not_come_is_said_kindly(work: Platform, house: Make, how: str, said: str) -> None:
    async with house(work) as home:
        phone = phone_of(work, home)
        await at_work(lambda: phone.sends("file", files.pdf(), "application/pdf", "a.pdf", how))
        await until(lambda: phone.seen, "the answer")
        assert phone.told() == PHRASES(said)


async def test_a_file_is_sent_too(work: Platform, house: Make) -> None:
    async with house(work) as home:
        phone = phone_of(work, home)
        await at_work(lambda: phone.says("你好"))
        await until(lambda: phone.seen, "the answer")
        address = {"touser": phone.userid, "open_kfid": work.open_kfid}
        await home.channels.all["kefu"].send_file(address, "file", "回执.pdf", files.pdf("回执"))
        assert phone.seen[-1].via == "file"
        assert work.files[phone.seen[-1].text].content == files.pdf("回执")


async def test_staff_have_the_conversation(work: Platform, house: Make) -> None:
    async with house(work) as home:
        phone = phone_of(work, home)
        await at_work(lambda: phone.says("你好"))
        await until(lambda: phone.seen, "the answer")
        phone.state = 3
        await home.gateway.say(home.rows(schema.conversations)[0].id, "案件有新进展。")
        await until(lambda: home.rows(schema.outlets)[0].problem == "with_staff", "the refusal")
        assert home.deliveries() == ["sent", "waiting"]
        phone.state = 4
        await at_work(lambda: phone.says("工作人员走了"))
        await until(lambda: set(home.deliveries()) == {"sent"}, "what was kept")
        assert phone.state == 1, "a session that has ended is begun anew"


async def test_a_message_that_did_not_arrive_is_kept(work: Platform, house: Make) -> None:
    async with house(work) as home:
        phone = phone_of(work, home)
        await at_work(lambda: phone.says("你好"))
        await until(lambda: home.deliveries() == ["sent"], "the answer")
        told = {"event_type": "msg_send_fail", "fail_msgid": phone.msgids[-1], "fail_type": 4}
        await at_work(lambda: phone.happens(told))
        await until(lambda: home.deliveries() == ["waiting"], "it to be owed again")
        await at_work(lambda: phone.says("在吗"))
        await until(lambda: set(home.deliveries()) == {"sent"}, "both")


@pytest.mark.parametrize("trouble", [-1, 502])
async def test_trouble_and_an_expired_token(work: Platform, house: Make, trouble: int) -> None:
    async with house(work) as home:
        phone = phone_of(work, home)
        work.next = [trouble]
        await at_work(lambda: phone.says("你好"))
        await until(lambda: phone.seen, "the second attempt")
        work.expire()
        await at_work(lambda: phone.says("再来"))
        await until(lambda: "再来" in phone.told(), "the answer with a new token")
        assert work.calls["gettoken"] <= 3


async def test_kinds_that_cannot_be_read(work: Platform, house: Make) -> None:
    async with house(work) as home:
        phone = phone_of(work, home)
        for kind, told, said in (
            ("business_card", {"userid": "x"}, "kind_unknown"),
            ("location", {"latitude": 1.0, "longitude": 2.0}, "kind_location"),
            ("file", {}, "media_unknown"),
            ("text", {"content": " "}, "text_empty"),
        ):
            await at_work(lambda kind=kind, told=told: phone._add(kind, told))
            await until(lambda said=said: PHRASES(said) in phone.told(), said)
        await at_work(lambda: phone.happens({"event_type": "user_recall_msg", "recall_msgid": "x"}))
        await until(lambda: PHRASES("kind_recalled") in phone.told(), "the answer")
        assert home.brain.turns == []


async def test_strange_items_do_not_stop_the_reader(work: Platform, house: Make) -> None:
    async with house(work) as home:
        phone = phone_of(work, home)
        work.log += [
            {},
            {"msgid": 3},
            {"msgid": "a b", "send_time": 1, "open_kfid": work.open_kfid, "external_userid": phone.userid},
            {"msgid": "x", "send_time": "soon", "open_kfid": work.open_kfid, "external_userid": phone.userid},
            {"msgtype": "event", "event": None},
        ]
        await at_work(lambda: phone.says("你好"))
        await until(lambda: phone.seen, "the answer")
        await asyncio.sleep(0)
        assert len(home.brain.turns) == 1
