"""One whole report over Telegram's webhooks, every update delivered twice, to the case and its receipt.

Where personal data must stay in the country, evidence and the identity number go by the links that the assistant
gives, and never pass through Telegram. Where an agency lets them pass, a picture, a video and a document do.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from connectors.gateway import Database, schema
from tests import files
from tests.channels.stand_ins.server import Server
from tests.channels.stand_ins.telegram import TOKEN, Phone, Platform
from tests.clear import assert_nothing_in_clear
from tests.system import System, cases, wait_for

pytestmark = pytest.mark.system

STORY = "前同事把我的身份证照片和家里住址发到微博上了，账号叫“看清她真面目”，昨天下午发的"
#: None of these is an example of the standard, which lies on the disk in clear.
NUMBER, NAME, TELEPHONE = "330102199003071230", "葛思远", "13705719286"
EVIDENCE = [("截图.png", files.png(41)), ("录屏.mp4", files.mp4()), ("聊天记录.pdf", files.pdf("聊天记录"))]
CASE = re.compile(r"编号 (W\d{8}-\d{4,6})")
LINK = re.compile(r"(http://[\d.:]+)/(u|r)/([\w-]{43})")
BY_LINK, CONFIRM = "【link】", "属实，确认提交"
#: What a question can be known by → the button pressed (【…】), the text typed, or the link used.
REPLIES = {
    "是吗": "【对】",
    "链接": "【没有链接】",
    "公开的是哪些信息": "【家庭住址】",
    "哪个平台": "微博",
    "账号叫什么": "看清她真面目",
    "什么时候": "昨天下午三点",
    "截图或录屏": BY_LINK,
    "身份证号": BY_LINK,
    "本人": "【本人】",
    "姓名": NAME,
    "电话或邮箱": TELEPHONE,
    "同意": "【同意】",
    "说说发生了什么": "他公开了我的身份证照片和家里住址，有陌生人上门，我很害怕。",
    "确认提交": f"【{CONFIRM}】",
}


@pytest.fixture
def tg() -> Iterator[Platform]:
    platform = Platform()
    with Server(platform.app) as server:
        platform.url = server.url
        yield platform


def hand_over(link: str, of_number: bool) -> None:
    base, _, token = link.rpartition("/")
    api = f"{base.removesuffix('/u')}/api/upload/{token}"
    if of_number:
        done = httpx.post(f"{api}/done", json={"text": NUMBER}, timeout=30)
    else:
        kept = [httpx.post(f"{api}/files", files={"file": item}, timeout=30).json()["id"] for item in EVIDENCE]
        done = httpx.post(f"{api}/done", json={"files": kept}, timeout=30)
    assert done.status_code == 200, done.text


def send_all(phone: Phone) -> None:
    """A picture and a video as an album, and a document after it."""
    (_, picture), (_, video), (name, paper) = EVIDENCE
    phone.sends_photo(picture, times=2, media_group_id="77")
    phone.sends("video", video, times=2, media_group_id="77")
    phone.sends("document", paper, name, times=2)


def answer(phone: Phone, text: str, personal_data: bool) -> None:
    asked = max((key for key in REPLIES if key in text), key=text.rfind, default=None)
    assert asked, phone.texts
    reply = REPLIES[asked]
    if reply is BY_LINK and personal_data:
        phone.says(NUMBER, times=2) if asked == "身份证号" else send_all(phone)
    elif reply is BY_LINK:
        link = next(found.group() for seen in reversed(phone.texts) if (found := LINK.search(seen)))
        hand_over(link, asked == "身份证号")
    elif reply.startswith("【"):
        phone.presses(reply.strip("【】"), times=2)
    else:
        phone.says(reply, times=2)


@pytest.mark.parametrize("personal_data", [False, True], ids=["by links", "through Telegram"])
def test_a_whole_report(tg: Platform, tmp_path: Path, personal_data: bool) -> None:
    home = System(tmp_path, REPORTGUIDE_TELEGRAM_TOKEN=TOKEN, REPORTGUIDE_TELEGRAM_API=tg.url)
    home.environment["REPORTGUIDE_TELEGRAM_PERSONAL_DATA"] = str(personal_data)
    home.environment["REPORTGUIDE_LOG_LEVEL"] = "debug"
    home.environment |= {"REPORTGUIDE_TELEGRAM_WEBHOOK": "true", "REPORTGUIDE_ADDRESS": home.url}
    with home as system:
        wait_for(lambda: tg.webhook, "the webhook to be set")
        phone = Phone(tg, 880001)
        phone.says(STORY, times=2)
        database = Database(f"sqlite:///{tmp_path / 'service.db'}")
        for _ in range(20):
            wait_for(lambda: settled(database), "the answers to be out", 90)
            if CASE.search("\n".join(phone.texts)):
                break
            answer(phone, phone.texts[-1], personal_data)
        database.close()
        [case] = cases(system)
        phone.says("查看回执", times=2)
        wait_for(lambda: "/r/" in phone.texts[-1], "the link of the receipt", 60)
        [(base, _, token)] = LINK.findall(phone.texts[-1])
        receipt = httpx.get(f"{base}/r/{token}", timeout=30)
        picture = httpx.get(f"{base}/r/{token}/receipt.png", timeout=60)

        shown = json.loads(system.run("cases", "show", case["case_no"], "--json").stdout)
        hashes = {hashlib.sha256(content).hexdigest() for _, content in EVIDENCE}
        assert {item["sha256"] for item in shown["evidence"]} == hashes
        assert all(item["intact"] for item in shown["evidence"])
        assert all(sha256 in receipt.text for sha256 in hashes)
        assert picture.content.startswith(b"\x89PNG")

    # Nothing of it went through Telegram unless it may, nothing too fast, nothing twice.
    said = "\n".join(phone.texts)
    assert NUMBER not in said
    assert tg.calls["getFile"] == (len(EVIDENCE) if personal_data else 0)
    assert tg.too_fast == 0
    assert not any(seen.preview for seen in phone.seen)
    assert [text for text in phone.texts if CASE.search(text)] == [next(t for t in phone.texts if CASE.search(t))]
    told = {"token": TOKEN, "number": NUMBER, "name": NAME, "telephone": TELEPHONE, "file": EVIDENCE[2][0]}
    assert_nothing_in_clear(tmp_path, told, [content for _, content in EVIDENCE])
    print(f"personal data {personal_data}: messages sent {len(phone.seen)}, calls {dict(tg.calls)}")


def settled(database: Database) -> bool:
    """Whether everything that was said to the assistant is answered, and every answer is out."""

    def read(connection: sa.Connection) -> bool:
        inbox = sa.select(sa.func.count()).where(schema.inbox.c.state.in_(("waiting", "fetching")))
        owed = sa.select(sa.func.count()).where(schema.entries.c.delivery.in_(("waiting", "sending")))
        return not connection.execute(inbox).scalar() and not connection.execute(owed).scalar()

    return database.read_now(read)
