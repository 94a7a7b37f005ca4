"""Events of a WeChat official account, and messages that are not plain text."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.channels.house import PHRASES, Make, at_work
from tests.channels.stand_ins.wechat import Platform
from tests.channels.wechat_house import phone_of


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
