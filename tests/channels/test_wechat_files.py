"""Files that people send to a WeChat official account."""

from __future__ import annotations

import hashlib

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.gateway import schema
from connectors.gateway.fetching import Fetcher
from tests import files
from tests.channels.house import PHRASES, Make, at_work, until
from tests.channels.stand_ins.server import Server
from tests.channels.stand_ins.wechat import Platform
from tests.channels.wechat_house import phone_of


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
