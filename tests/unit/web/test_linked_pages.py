"""The pages that links open, over HTTP: uploading for another channel, the receipt, a matter to begin with."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from bot.linking import Linking
from bot.migrations import migrate
from bot.sealing import Sealer
from bot.settings import ROOT
from bot.words import Phrases
from connectors.channels import web
from connectors.channels.web.receipt import Receipt, ReceiptFile, drawn
from connectors.gateway import Database, Gateway, Pace, Vault
from connectors.gateway.links import Links
from tests import files

RECEIPT = Receipt(
    "举报回执",
    "W20261123-0042",
    (("编号", "W20261123-0042"), ("查询码", "7K4P2M8Q")),
    "收到的证据，共1份",
    (ReceiptFile("<b>截图</b>.png", "1 KB", "ab" * 32),),
    ("请收好。",),
)


class Brain:
    """Answers everything with one word, and keeps what it was given."""

    def __init__(self) -> None:
        self.turns: list[Mapping[str, Any]] = []
        self.news = asyncio.Condition()

    async def turn(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        async with self.news:
            self.turns.append(body)
            self.news.notify_all()
        return {"replies": [{"text": "收到", "buttons": []}], "state": {}}


@dataclass
class House:
    http: httpx.AsyncClient
    gateway: Gateway
    links: Links
    brain: Brain
    database: Database

    async def heard(self, turns: int = 1) -> list[Mapping[str, Any]]:
        async with asyncio.timeout(10), self.brain.news:
            await self.brain.news.wait_for(lambda: len(self.brain.turns) >= turns)
        return self.brain.turns


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    database, sealer, brain = Database(f"sqlite:///{tmp_path / 'x.db'}"), Sealer(bytes(32)), Brain()
    migrate(database.engine)
    vault = Vault(tmp_path / "evidence", database, sealer, Sealer)
    phrases = Phrases(ROOT / "dialogues" / "phrases.yml")
    gateway = Gateway(database, sealer, vault, brain, phrases, Pace(0.02, 100))
    links = Links(database, sealer)
    settings = web.WebSettings(ROOT / "dialogues/web/strings.yml", "operator", False, {"cyber_violence": "网络暴力"})

    async def receipt(_conversation: str, draft_id: str) -> Receipt | None:
        return RECEIPT if draft_id == "mine" else None

    app = web.create_app(gateway, phrases, settings, None, links, receipt)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://house") as http:
        yield House(http, gateway, links, brain, database)
    await gateway.stop()
    database.close()


async def give(house: House, token: str, name: str, content: bytes) -> httpx.Response:
    return await house.http.post(f"/api/upload/{token}/files", files={"file": (name, content)})


async def test_files_from_the_page_arrive_in_the_conversation_once(house: House) -> None:
    conversation, _ = await house.gateway.conversation("wechat", "openid")
    token = await house.links.make("upload", conversation, {"asks": None})
    page = await house.http.get(f"/u/{token}")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "no-referrer"
    ids = []
    for number in range(2):
        answer = await give(house, token, f"合同{number}.pdf", files.pdf(str(number)))
        assert answer.status_code == 201
        ids.append(answer.json()["id"])
    # Looking at the page, as chat programs do with links, uses nothing up.
    assert (await house.http.get(f"/u/{token}")).status_code == 200
    for _ in range(3):
        done = await house.http.post(f"/api/upload/{token}/done", json={"files": ids})
        assert (done.status_code, done.json()) == (200, {"files": 2})
    [turn] = await house.heard()
    assert (turn["conversation"], turn["files"]) == (conversation, ids)
    [said, *_] = await house.gateway.entries(conversation)
    assert [file.name for file in said.files] == ["合同0.pdf", "合同1.pdf"]
    assert (await house.http.get(f"/u/{token}")).status_code == 410
    assert (await give(house, token, "x.pdf", files.pdf("late"))).status_code == 410


async def test_a_number_goes_by_the_page_where_it_was_asked_for(house: House) -> None:
    conversation, _ = await house.gateway.conversation("telegram", "1")
    token = await house.links.make("upload", conversation, {"asks": "证件号码"})
    assert "证件号码" in (await house.http.get(f"/u/{token}")).text
    done = await house.http.post(f"/api/upload/{token}/done", json={"text": " 11010519491231002X "})
    assert done.status_code == 200
    [turn] = await house.heard()
    assert turn["text"] == "11010519491231002X"
    plain = await house.links.make("upload", conversation, {"asks": None})
    assert (await house.http.post(f"/api/upload/{plain}/done", json={"text": "x"})).status_code == 422


async def test_files_of_others_cannot_be_handed_over(house: House) -> None:
    mine, _ = await house.gateway.conversation("wechat", "me")
    theirs, _ = await house.gateway.conversation("wechat", "them")
    kept = await house.gateway.vault.keep(theirs, "x.png", files.png())
    token = await house.links.make("upload", mine, {"asks": None})
    refused = await house.http.post(f"/api/upload/{token}/done", json={"files": [kept.id]})
    assert refused.status_code == 404
    assert house.brain.turns == []
    assert not (await house.links.open("upload", token)).used


@pytest.mark.parametrize("token", ["x" * 43, "short", "..%5c"])
async def test_no_link_no_page(house: House, token: str) -> None:
    for path in (f"/u/{token}", f"/r/{token}", f"/r/{token}/receipt.png"):
        gone = await house.http.get(path)
        assert gone.status_code in (404, 410)
    assert (await give(house, token, "x.png", files.png())).status_code in (404, 410)


async def test_a_receipt_link_opens_no_upload_and_the_other_way_round(house: House) -> None:
    conversation, _ = await house.gateway.conversation("web", "x")
    receipt = await house.links.make("receipt", conversation, {"draft_id": "mine"})
    upload = await house.links.make("upload", conversation, {"asks": None})
    assert (await house.http.get(f"/u/{receipt}")).status_code == 410
    assert (await house.http.get(f"/r/{upload}")).status_code == 410
    assert (await give(house, receipt, "x.png", files.png())).status_code == 410


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [("x.png", b"", 422), ("x.exe", b"MZ" + bytes(200), 415), ("x.png", files.png() + bytes(21 * 1024 * 1024), 413)],
)
async def test_what_the_chat_refuses_the_page_refuses_in_words(
    house: House, name: str, content: bytes, status: int
) -> None:
    conversation, _ = await house.gateway.conversation("wechat", "x")
    token = await house.links.make("upload", conversation, {"asks": None})
    answer = await give(house, token, name, content)
    assert answer.status_code == status
    assert answer.json()["message"]


async def test_the_receipt_as_page_and_picture(house: House) -> None:
    conversation, _ = await house.gateway.conversation("web", "x")
    token = await house.links.make("receipt", conversation, {"draft_id": "mine"})
    page, picture = await house.http.get(f"/r/{token}"), await house.http.get(f"/r/{token}/receipt.png")
    assert (page.status_code, picture.status_code) == (200, 200)
    assert page.headers["cache-control"] == picture.headers["cache-control"] == "no-store"
    assert "W20261123-0042" in page.text
    assert "ab" * 32 in page.text
    assert "<b>截图" not in page.text
    image = Image.open(io.BytesIO(picture.content))
    assert (image.format, image.width) == ("PNG", 1080)
    other = await house.links.make("receipt", conversation, {"draft_id": "of somebody else"})
    assert (await house.http.get(f"/r/{other}")).status_code == 410


def test_the_picture_grows_with_its_list_and_has_all_characters() -> None:
    def height(names: list[str]) -> int:
        listed = tuple(ReceiptFile(name, "1 KB", "0123456789abcdef" * 4) for name in names)
        picture = Image.open(io.BytesIO(drawn(Receipt("回执", "W1", (), "证据", listed, ()))))
        return picture.height

    one, twenty = height(["截图.png"]), height([f"截图{number}.png" for number in range(20)])
    assert one + 19 * 80 < twenty < one + 19 * 200
    assert height(["长" * 80 + ".png"]) > one


async def test_a_matter_to_begin_with(house: House) -> None:
    page = await house.http.get("/?m=cyber_violence")
    assert 'data-start=\'{"matter": "cyber_violence", "title": "网络暴力"}\'' in page.text
    assert "data-start" not in (await house.http.get("/?m=%27%3E%3Cscript%3E")).text
    await house.http.post("/api/chat/session")
    for _ in range(2):
        begun = await house.http.post("/api/chat/start", json={"id": "s1", "matter": "cyber_violence"})
        assert begun.status_code == 200
    [turn] = await house.heard()
    assert turn["button"] == {"intent": "report", "entities": {"guess": "cyber_violence"}}
    assert (await house.http.post("/api/chat/start", json={"id": "s2", "matter": "nothing"})).status_code == 422


async def test_what_a_channel_carries_is_told_by_its_abilities(house: House) -> None:
    from connectors.channels.web.channel import Web

    class Pictures(Web):
        capabilities = Web.capabilities.__class__("push", "menu", 600, "bytes", media_in=frozenset({"image", "video"}))

    class Abroad(Web):
        capabilities = Web.capabilities.__class__("push", "native", 4096, "utf16", personal_data=False)

    linking = Linking(house.links, "https://a.example", {"pictures": Pictures(), "abroad": Abroad(), "all": Web()})
    for channel, carries in (("pictures", "pictures"), ("abroad", "nothing"), ("all", "all"), ("web", "all")):
        conversation, _ = await house.gateway.conversation(channel, "x")
        assert await linking.carries(conversation) == carries
    address = await linking.upload(conversation, None)
    assert address.startswith("https://a.example/u/")
    assert (await house.links.open("upload", address.rpartition("/")[2])).conversation_id == conversation
