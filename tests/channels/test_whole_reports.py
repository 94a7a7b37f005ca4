"""One whole report per channel over real HTTP webhooks, the whole system running; answers are lost, calls doubled."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests import files
from tests.channels.conftest import connected
from tests.channels.stand_ins import kefu, wechat
from tests.channels.stand_ins.server import Server
from tests.clear import assert_nothing_in_clear
from tests.faults.kills import ANSWERS, STORY
from tests.system import System, cases, wait_for

pytestmark = pytest.mark.system

PICTURE, VIDEO, PAPER = files.png(41), files.mp4(), files.pdf("聊天记录")
UPLOAD = re.compile(r"http://[\d.:]+/u/[\w-]{43}")
#: Words that occur nowhere else in the project; they are told over both channels.
CANARIES = {
    "story": "鹦鹉螺巷七十三号",
    "account": "灯芯绒骑士",
    "name": "欧阳鹮",
    "contact": "13987654329",
    "file": "翠鸟收据",
}
OPEN = f"他说的都是假的，我那天在{CANARIES['story']}，有同事可以证明"
TOLD = {name: {"text": CANARIES[name]} for name in ("account", "name", "contact")}


@pytest.fixture(scope="module")
def platforms() -> Iterator[tuple[wechat.Platform, kefu.Platform]]:
    mp, work = wechat.Platform("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"), kefu.Platform(page=2)
    with Server(mp.app) as first, Server(work.app) as second:
        mp.url, work.url = first.url, second.url
        yield mp, work


@pytest.fixture(scope="module")
def connected_system(
    platforms: tuple[wechat.Platform, kefu.Platform], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    told = {
        f"REPORTGUIDE_{name}".upper(): str(value)
        for platform in platforms
        for name, value in connected(platform).items()
    }
    # Whatever the level of the logs, they must not tell.
    with System(tmp_path_factory.mktemp("home"), REPORTGUIDE_LOG_LEVEL="debug", **told) as running:
        yield running


class Watch:
    """Where one conversation stands, read from the service's database with its key."""

    def __init__(self, system: System, channel: str) -> None:
        self._system, self._channel = system, channel

    def _query(self, query: str) -> list[Any]:
        connection = sqlite3.connect(f"file:{self._system.home / 'service.db'}?mode=ro", uri=True, timeout=30)
        try:
            return connection.execute(query, {"channel": self._channel}).fetchall()
        finally:
            connection.close()

    def arrived(self) -> int:
        """How many messages have come in."""
        mine = "conversation_id IN (SELECT id FROM conversations WHERE channel = :channel)"
        [(count,)] = self._query(f"SELECT count(*) FROM inbox WHERE {mine}")
        return int(count)

    def settled(self) -> bool:
        """Whether everything that came in is answered, and everything that was said is out."""
        mine = "conversation_id IN (SELECT id FROM conversations WHERE channel = :channel)"
        inbox = self._query(f"SELECT 1 FROM inbox WHERE state IN ('waiting', 'fetching') AND {mine}")
        owed = self._query(f"SELECT 1 FROM entries WHERE delivery IN ('waiting', 'sending') AND {mine}")
        return not inbox and not owed

    def step(self) -> str:
        [(conversation, state)] = self._query("SELECT id, state FROM conversations WHERE channel = :channel")
        return str(self._system.sealer.open_json(state, f"state:{conversation}").get("step", "idle"))


def hold(watch: Watch, say: Callable[[str], None], give: Callable[[], int]) -> list[str]:
    """Hold one whole report; the steps in the order they were asked. `give` returns how many files it sent."""
    expected = watch.arrived() + 1
    say(STORY)
    steps = []
    for _ in range(30):
        wait_for(lambda expected=expected: watch.arrived() >= expected and watch.settled(), "the turn", 120)
        step = watch.step()
        steps.append(step)
        if step == "idle":
            return steps
        if step == "evidence":
            expected += give()
        else:
            expected += 1
            answer = {**ANSWERS, **TOLD, "id_number": {"text": "先不填"}}.get(step) or {"text": OPEN}
            say(str(answer["text"]))
    raise AssertionError(f"the report did not come to an end: {steps}")


def one_case(system: System, before: list[str]) -> dict[str, Any]:
    [number] = wait_for(
        lambda: [case["case_no"] for case in cases(system) if case["case_no"] not in [*before, None]], "the case", 120
    )
    whole: dict[str, Any] = json.loads(system.run("cases", "show", number, "--json").stdout)
    return whole


def hand_over(link: str, name: str, content: bytes) -> None:
    """Upload a file by a link's page, and press its button."""
    base, _, token = link.rpartition("/u/")
    api = f"{base}/api/upload/{token}"
    kept = httpx.post(f"{api}/files", files={"file": (name, content)}, timeout=30).json()["id"]
    assert httpx.post(f"{api}/done", json={"files": [kept]}, timeout=30).status_code == 200


def deliveries(system: System, channel: str) -> dict[str, int]:
    """What became of the messages that were sent, as the metrics tell it."""
    told = httpx.get(f"{system.console_url}/metrics", timeout=30).text
    return {
        sample.labels["result"]: int(sample.value)
        for family in text_string_to_metric_families(told)
        for sample in family.samples
        if sample.name == "reportguide_deliveries" and sample.labels["channel"] == channel
    }


def hashes(*contents: bytes) -> list[str]:
    return sorted(hashlib.sha256(content).hexdigest() for content in contents)


def test_a_report_by_the_official_account(
    connected_system: System, platforms: tuple[wechat.Platform, kefu.Platform]
) -> None:
    mp, _ = platforms
    before = [case["case_no"] for case in cases(connected_system)]
    phone = mp.phone(f"{connected_system.url}/channels/wechat/")
    phone.does("subscribe")

    def give() -> int:
        # In one breath, as from an album; the first answer is lost, and everything comes once more afterwards. The
        # account carries no documents: the link that was given with the question does.
        with ThreadPoolExecutor(3) as thumbs:
            thumbs.submit(phone.sends, "image", PICTURE, "image/png", lose=1, repeat=1)
            thumbs.submit(phone.sends, "video", VIDEO, "video/mp4", lose=1, repeat=1)
            thumbs.submit(hand_over, UPLOAD.findall(phone.told())[-1], f"{CANARIES['file']}.pdf", PAPER).result()
        return 3

    steps = hold(Watch(connected_system, "wechat"), lambda text: phone.says(text, lose=1, repeat=1), give)
    whole = one_case(connected_system, before)
    assert sorted(item["sha256"] for item in whole["evidence"]) == hashes(PICTURE, VIDEO, PAPER)
    assert all(item["intact"] for item in whole["evidence"])
    assert phone.told().count("编号 ") == 1
    assert phone.trouble == 0
    assert phone.most["message"] <= 5
    assert phone.most["tap"] <= 3
    replies = sum(item.via == "reply" for item in phone.seen)
    slowest = max(seconds for _, seconds in phone.pushes)
    print(
        f"official account: {len(steps)} steps, {len(phone.pushes)} pushes of {phone.done} things done, "
        f"{replies} replies, {len(phone.seen) - replies} messages, at most after one contact {dict(phone.most)}, "
        f"slowest {slowest:.2f} s, "
        f"deliveries {deliveries(connected_system, 'wechat')}"
    )
    # What the account cannot carry is answered with the way that can.
    phone.push({"MsgType": "file", "Title": "a.pdf", "FileKey": "k", "FileMd5": "m", "FileTotalLen": "9"}, "message")
    assert "上传文件" in phone.seen[-1].text


def test_a_report_by_customer_service(
    connected_system: System, platforms: tuple[wechat.Platform, kefu.Platform]
) -> None:
    _, work = platforms
    before = [case["case_no"] for case in cases(connected_system)]
    phone = work.phone(f"{connected_system.url}/channels/kefu/")
    phone.enters()
    wait_for(lambda: phone.seen, "the welcome")

    def give() -> int:
        phone.sends("image", PICTURE, "image/png", quiet=True)
        phone.sends("video", VIDEO, "video/mp4", quiet=True)
        phone.sends("file", PAPER, "application/pdf", f"{CANARIES['file']}.pdf", times=3)
        return 3

    steps = hold(Watch(connected_system, "kefu"), lambda text: phone.says(text, times=2), give)
    whole = one_case(connected_system, before)
    assert sorted(item["sha256"] for item in whole["evidence"]) == hashes(PICTURE, VIDEO, PAPER)
    assert all(item["intact"] for item in whole["evidence"])
    assert phone.told().count("编号 ") == 1
    assert set(work.callback_status) == {200}
    assert phone.most <= 5
    print(
        f"customer service: {len(steps)} steps, {len(work.callback_status)} callbacks, {len(phone.seen)} messages, "
        f"at most after one contact {phone.most}, deliveries {deliveries(connected_system, 'kefu')}"
    )


def test_nothing_and_nobody_is_found_on_the_disk(
    connected_system: System, platforms: tuple[wechat.Platform, kefu.Platform]
) -> None:
    mp, work = platforms
    assert len(mp.phones) == len(work.phones) == 1
    names = [*mp.phones, *work.phones, mp.secret, work.secret, *mp.tokens, *work.tokens]
    told = {**CANARIES, **{f"secret {number}": name for number, name in enumerate(names)}}
    assert_nothing_in_clear(connected_system.home, told, [PICTURE, VIDEO, PAPER])
