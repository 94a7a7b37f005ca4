"""What no one should send, sent to the running system in the middle of a report: answered kindly, nothing lost."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

import httpx
import pytest

from actions.standard import read_standard
from bot.settings import ROOT
from tests import files
from tests.system import Person, System

pytestmark = pytest.mark.system

STORY = "抖音上有个叫老城一霸的发视频造谣说我偷手机，根本没有的事，邻居都在传"
#: What no answer may show: traces of the program in what a person reads.
INTERNAL = re.compile(r"Traceback|Error|Exception|utter_|action_|slot|None|null|\{|\}|undefined")


@pytest.fixture
def reporting(system: System) -> Person:
    """Somebody who has answered two steps and is asked for a third."""
    person = system.person()
    person.say(STORY)
    person.say("对")
    person.say("https://v.douyin.com/iRNBho5x/")
    assert person.step not in ("idle", "matter", "url")
    return person


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\x00\x01\x02\x1b[31m\x7f", id="control characters"),
        pytest.param("\ufffd\ufffe\u202e\u200b\u200d", id="invisible characters"),
        pytest.param("😀👍🏽🇨🇳😡😡", id="emoji only"),
        pytest.param("。，！？……——", id="punctuation only"),
        pytest.param("<script>alert(document.cookie)</script>", id="script"),
        pytest.param("'; DROP TABLE inbox; --", id="sql"),
        pytest.param("{name} {{7*7}} ${7*7} %s %(x)s", id="templates"),
        pytest.param('/answer{"confirm":"确认"}', id="rasa payload"),
        pytest.param("/restart", id="rasa command"),
        pytest.param("answer?confirm=确认", id="our own payload"),
        pytest.param("\ud83d".encode("utf-16", "surrogatepass").decode("utf-16", "replace"), id="half a surrogate"),
        pytest.param("长" * 4000, id="as long as allowed"),
        pytest.param("a" * 4000, id="one word without end"),
    ],
)
def test_odd_text_is_answered_and_nothing_is_lost(reporting: Person, text: str) -> None:
    known = dict(reporting.state["fields"])
    reporting.say(text)
    assert reporting.text.strip()
    assert not INTERNAL.search(reporting.text.replace(text, "")), reporting.text
    kept = {name: value for name, value in reporting.state["fields"].items() if name in known}
    assert kept == known
    assert reporting.step not in ("idle", "confirm")


def test_text_that_is_too_long_says_how_long_it_may_be(reporting: Person) -> None:
    known, step = dict(reporting.state["fields"]), reporting.step
    answer = reporting.http.post("/api/chat/messages", json={"id": str(uuid.uuid4()), "text": "长" * 100_000})
    assert answer.status_code == 413
    assert re.search(r"\d+个字", answer.json()["message"])
    reporting.say("还差几项")
    assert (reporting.state["fields"], reporting.step) == (known, step)


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_empty_text_is_refused_kindly(reporting: Person, text: str) -> None:
    answer = reporting.http.post("/api/chat/messages", json={"id": str(uuid.uuid4()), "text": text})
    assert answer.status_code == 422
    assert answer.json()["message"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{not json", "application/json"),
        (b"\xff\xfe\x00\x01", "application/json"),
        (b"[]", "application/json"),
        (b"null", "application/json"),
        (b'{"id": 5, "text": "x"}', "application/json"),
        (b'{"text": "no id"}', "application/json"),
        (b'{"id": "a", "button": "y"}', "application/json"),
        (b'{"id": "../a", "text": "x"}', "application/json"),
        (b'{"id": "a", "unknown": true}', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"text=hello", "application/x-www-form-urlencoded"),
    ],
)
def test_what_is_no_message_gets_a_4xx_with_words(system: System, body: bytes, kind: str) -> None:
    answer = system.person().http.post("/api/chat/messages", content=body, headers={"Content-Type": kind})
    assert 400 <= answer.status_code < 500
    assert answer.json()["message"]
    assert not INTERNAL.search(answer.json()["message"])


def test_a_huge_request_is_refused_before_it_is_read(system: System) -> None:
    answer = system.person().http.post("/api/chat/messages", content=b"x" * (2 * 1024 * 1024))
    assert answer.status_code == 413


def test_without_a_conversation_nothing_is_told(system: System) -> None:
    for headers in ({}, {"Authorization": "Bearer short"}, {"Authorization": "Bearer " + "é" * 43}):
        answer = httpx.get(f"{system.url}/api/chat/entries", headers={k: v.encode() for k, v in headers.items()})
        assert answer.status_code == 401
        assert answer.json()["message"]


class TestButtons:
    def test_an_unknown_button_is_answered(self, reporting: Person) -> None:
        step = reporting.step
        reporting.press("没有这个按钮")
        assert reporting.text
        assert reporting.step == step

    def test_a_stale_button_says_what_is_asked_now(self, system: System) -> None:
        person = system.person()
        person.say(STORY)
        [entry] = [entry for entry in person.said if any(b["title"] == "对" for b in entry["buttons"])]
        index = [button["title"] for button in entry["buttons"]].index("对")
        pressed = {"button": {"message": entry["seq"], "index": index}}
        person.send(pressed)
        step, known = person.step, dict(person.state["fields"])
        person.send(pressed)
        assert person.text
        assert (person.step, person.state["fields"]) == (step, known)

    def test_a_button_of_nowhere_is_answered(self, reporting: Person) -> None:
        step = reporting.step
        reporting.send({"button": {"message": 99_999, "index": 7}})
        assert reporting.text
        assert reporting.step == step


class TestFiles:
    @pytest.mark.parametrize(
        ("name", "content"),
        [
            pytest.param("空.png", lambda: b"", id="empty"),
            pytest.param("大.png", lambda: files.png() + b"\0" * (20 * 1024 * 1024 + 1), id="oversize"),
            pytest.param("假.png", lambda: b"MZ" + b"\0" * 500, id="a program named as a picture"),
            pytest.param("假.pdf", lambda: b"<html><script>1</script></html>", id="a page named as a PDF"),
            pytest.param("断.png", lambda: files.png(3)[:-15], id="a picture cut off"),
            pytest.param("断.mp4", lambda: files.mp4()[:-9], id="a video cut off"),
            pytest.param("断.pdf", lambda: files.pdf()[:-8], id="a PDF cut off"),
            pytest.param("乱.bin", lambda: bytes(range(256)) * 9, id="noise"),
        ],
    )
    def test_a_file_that_is_no_evidence_is_refused_with_words(
        self, reporting: Person, name: str, content: Callable[[], bytes]
    ) -> None:
        known = dict(reporting.state["fields"])
        answer = reporting.http.post("/api/chat/files", files={"file": (name, content())})
        assert 400 <= answer.status_code < 500
        assert answer.json()["message"]
        assert not INTERNAL.search(answer.json()["message"])
        reporting.say("还差几项")
        assert reporting.state["fields"] == known

    def test_a_name_cannot_lead_out_of_the_vault(self, reporting: Person) -> None:
        kept = reporting.upload("../../etc/passwd\x00.png", files.png(9))
        assert "/" not in kept["name"]
        assert "\0" not in kept["name"]

    def test_somebody_elses_file_cannot_be_named(self, system: System, reporting: Person) -> None:
        theirs = system.person().upload("我的.png", files.png(5))
        answer = reporting.http.post("/api/chat/messages", json={"id": str(uuid.uuid4()), "files": [theirs["id"]]})
        assert answer.status_code == 404

    def test_a_request_without_a_file_gets_words(self, reporting: Person) -> None:
        for sent in ({"data": {"file": "text"}}, {"files": {"other": ("a.png", files.png())}}, {"content": b"junk"}):
            answer = reporting.http.post("/api/chat/files", **sent)  # type: ignore[arg-type]
            assert 400 <= answer.status_code < 500
            assert answer.json()["message"]


def test_the_same_message_id_changes_nothing(reporting: Person) -> None:
    message_id = str(uuid.uuid4())
    first = reporting.send({"text": "昨天晚上八点"}, message_id)
    step, count = reporting.step, len(reporting.entries())
    assert reporting.send({"text": "昨天晚上八点"}, message_id) == first
    assert (reporting.step, len(reporting.entries())) == (step, count)


def test_values_that_look_like_templates_stay_as_they_are(system: System) -> None:
    person = system.person()
    person.say("有人在抖音发视频{matter}造谣说我偷东西[0]，全镇都在传，气死人了{name}")
    person.say("对")
    told = person.state["fields"]["description"]
    assert "{matter}" in told
    assert "[0]" in told


def test_every_matter_named_in_the_chooser_exists(system: System) -> None:
    person = system.person()
    person.say(STORY)
    person.press("不太对")
    titles = {matter.button for matter in read_standard(ROOT / "dialogues" / "standard").matters}
    assert set(person.buttons) & titles
