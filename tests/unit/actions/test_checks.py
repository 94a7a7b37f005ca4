"""What each kind of element takes, what it refuses and with which words."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.checks import Refused, check, shown
from actions.standard import NONE, Choice, Element, read_standard

ROOT = Path(__file__).parents[3]
STANDARD = read_standard(ROOT / "dialogues" / "standard")
NOW = datetime(2026, 11, 24, 14, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
RESPONSES = (ROOT / "dialogues" / "responses" / "problems.yml").read_text("utf-8")


def element(kind: str, **more: Any) -> Element:
    choices = (Choice(value="甲", title="第一种"), Choice(value="乙", title="乙")) if kind.startswith("choice") else ()
    words = {"label": "项", "question": "问？", "short": "问？", "why": "因为", "how": "这样", "example": "例"}
    return Element.model_validate({"id": "item", "kind": kind, "choices": choices, **words, **more})


@pytest.mark.parametrize(
    ("kind", "raw", "kept"),
    [
        ("platform", "某音", "抖音"),
        ("platform", "临川本地论坛", "临川本地论坛"),
        ("link", "https://v.douyin.com/iRNBho5x/", "https://v.douyin.com/iRNBho5x/"),
        ("link", "weibo.com/123/AbC", "https://weibo.com/123/AbC"),
        ("link", "复制打开抖音 https://v.douyin.com/aB/ 看看", "https://v.douyin.com/aB/"),
        ("link", "就是这个https://b23.tv/x1，气人", "https://b23.tv/x1"),
        ("link", ["https://b23.tv/x1", "https://b23.tv/x2"], "https://b23.tv/x1\nhttps://b23.tv/x2"),
        ("platform", ["某音", "微博"], "抖音、微博"),
        ("account", "@老城一霸", "老城一霸"),
        ("account", ["甲某", "乙某"], "甲某、乙某"),
        ("name", "周小雨", "周小雨"),
        ("name", "周 小雨", "周小雨"),
        ("name", "阿依古丽·买买提", "阿依古丽·买买提"),
        ("name", "John O'Neil", "John O'Neil"),
        ("contact", "我的电话是138 1234 5678", "13812345678"),
        ("contact", "１３８１２３４５６７８", "13812345678"),
        ("contact", "010-62345678", "010-62345678"),
        ("contact", "lin.x@example.com 谢谢", "lin.x@example.com"),
        ("choice", "甲", "甲"),
        ("choices", "甲", ["甲"]),
        ("choices", ["甲", "乙", "甲"], ["甲", "乙"]),
        ("files", ["0a9f3c1e-7b", "0a9f3c1e-7b", "b1b2b3b4-99"], ["0a9f3c1e-7b", "b1b2b3b4-99"]),
        ("proof", "城关派出所查过", "城关派出所查过"),
        ("proof", ["0a9f3c1e-7b"], ["0a9f3c1e-7b"]),
        ("text", "他把我\u200b的照片发了\u202e出去", "他把我的照片发了出去"),
    ],
)
def test_taken(kind: str, raw: Any, kept: Any) -> None:
    item = element(kind)
    assert check(item, raw, STANDARD, NOW) == kept
    assert check(item, kept, STANDARD, NOW) == kept, "a value that was kept can be checked again"


@pytest.mark.parametrize(
    ("kind", "raw", "problem"),
    [
        ("platform", "？？", "platform_unclear"),
        ("platform", "这个我说不上来哎", "platform_unclear"),
        ("platform", "手机上看的吧", "platform_unclear"),
        ("platform", "这个嘛我也说不好反正就是一个可以看视频又可以买东西的那种软件吧", "platform_unclear"),
        ("link", "就是那个视频", "link_unclear"),
        ("link", "https://weibo.com@evil.example/x", "link_unclear"),
        ("link", "http://192.168.1.1/admin", "link_unclear"),
        ("link", "http://localhost/x", "link_unclear"),
        ("link", "javascript:alert(1)", "link_unclear"),
        ("link", "https://weibo.com:99999/x", "link_unclear"),
        ("link", "https://weibo.com/" + "a" * 5000, "link_unclear"),
        ("account", "长" * 61, "too_long"),
        ("name", "匿名", "name_unclear"),
        ("name", "不想说", "name_unclear"),
        ("name", "12345", "name_unclear"),
        ("name", "<script>", "name_unclear"),
        ("time", "就那几天吧", "time_unclear"),
        ("time", "明天早上", "time_future"),
        ("time", {"day": "2026-13-01"}, "time_unclear"),
        ("contact", "1381234567", "contact_unclear"),
        ("contact", "12345", "contact_unclear"),
        ("contact", "me@localhost", "contact_unclear"),
        ("choice", "丙", "choice_unclear"),
        ("choices", [], "needed"),
        ("choices", ["甲", "丙"], "choice_unclear"),
        ("files", "我发过了", "file_needed"),
        ("files", [], "file_needed"),
        ("files", ["../../etc/passwd"], "file_needed"),
        ("proof", "有", "too_short"),
        ("text", "嗯", "too_short"),
        ("text", "。。。。。。。。。。。。", "too_short"),
        ("text", "长" * 501, "too_long"),
        ("text", "\u200b", "needed"),
        ("text", 5, "needed"),
    ],
)
def test_refused(kind: str, raw: Any, problem: str) -> None:
    with pytest.raises(Refused) as refused:
        check(element(kind, min_chars=2), raw, STANDARD, NOW)
    assert refused.value.problem == problem
    assert f"  utter_problem_{problem}:" in RESPONSES, "each refusal has its words"


def test_nothing_to_give_only_where_the_standard_allows_it() -> None:
    assert check(element("link", none="没关系"), NONE, STANDARD, NOW) == NONE
    with pytest.raises(Refused, match="needed"):
        check(element("link"), NONE, STANDARD, NOW)
    with pytest.raises(Refused, match="file_needed"):
        check(element("files"), NONE, STANDARD, NOW)


def test_a_choice_that_cannot_be_accepted_tells_why() -> None:
    with pytest.raises(Refused) as refused:
        check(element("choice", refuse={"乙": "先想想"}), "乙", STANDARD, NOW)
    assert (refused.value.problem, refused.value.values) == ("refused", {"told": "先想想"})


def test_time_is_kept_as_a_day_and_shown() -> None:
    kept = check(element("time"), "昨天晚上八点", STANDARD, NOW)
    assert kept["day"] == "2026-11-23"
    assert kept["clock"] == "20:00"
    assert check(element("time"), kept, STANDARD, NOW) == kept
    assert shown(element("time"), kept) == "11月23日（周一）晚上8点"


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("choice", "甲", "第一种"),
        ("choices", ["甲", "乙"], "第一种、乙"),
        ("files", ["a", "b"], "2份"),
        ("proof", "可以问派出所", "可以问派出所"),
        ("time", NONE, NONE),
    ],
)
def test_shown(kind: str, value: Any, text: str) -> None:
    assert shown(element(kind), value) == text


@pytest.mark.parametrize("matter", STANDARD.matters, ids=lambda matter: matter.id)
def test_every_example_of_the_standard_passes_its_own_check(matter: Any) -> None:
    for item in matter.elements:
        if item.kind not in ("files", "choices"):
            check(item, item.example if item.kind != "choice" else item.choices[0].value, STANDARD, NOW)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["text", "platform", "link", "account", "time", "name", "contact", "choice", "files", "proof"]),
    st.one_of(st.text(max_size=300), st.lists(st.text(max_size=8), max_size=3)),
)
def test_anything_is_kept_or_refused_with_words(kind: str, raw: Any) -> None:
    item = element(kind)
    try:
        kept, problem = check(item, raw, STANDARD, NOW), ""
    except Refused as refused:
        kept, problem = None, refused.problem
    if problem:
        assert f"  utter_problem_{problem}:" in RESPONSES
    else:
        assert check(item, kept, STANDARD, NOW) == kept
        assert isinstance(shown(item, kept), str)
