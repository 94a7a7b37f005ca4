"""Personal data and files on Telegram: kept away from it, unless the agency allows them."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from connectors.gateway import schema
from tests import files
from tests.channels.house import PHRASES, Make, at_work, until
from tests.channels.stand_ins.telegram import Phone, Platform
from tests.channels.telegram_house import called, ready

LINK = re.compile(r"http://house/u/([\w-]{43})")


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
