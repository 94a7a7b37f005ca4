"""Questions of every kind."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge import Answer, Knowledge

from .conftest import GUIDE, LAW, OTHER, TODAY, Write


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("只有截图够不够", "guide.evidence.screenshot"),
        ("光有截圖行嗎", "guide.evidence.screenshot"),  # traditional
        ("有人冒充我開帳號怎麼辦", "guide.what.impersonation"),
        ("網路上有人賣個人資訊可以檢舉嗎", "guide.what.trade"),  # Taiwan's words
        ("ＡＩ换脸违法吗？？？", "guide.what.ai_fake"),  # full width, punctuation
        ("开 盒 违 法 吗", "guide.what.leak"),
        ("12377是什么", "guide.referral.cac"),
        ("怎么举报", "guide.how.steps"),
        ("检察院能不能替大家打官司", "guide.rights.public_interest"),
    ],
)
def test_answered(knowledge: Knowledge, text: str, entry: str) -> None:
    found = knowledge.ask(text)
    assert (found.answered, found.entry) == (True, entry)
    assert found.citations
    assert found.score >= 0.5


def test_not_sure_offers_questions_that_are_then_answered(knowledge: Knowledge) -> None:
    found = knowledge.ask("多久")
    assert (found.answered, found.citations) == (False, [])
    assert "多久有结果？" in found.suggestions
    assert 1 <= len(found.suggestions) <= 3
    assert 0 < found.score < 0.5
    assert all(knowledge.ask(question).answered for question in found.suggestions)


@pytest.mark.parametrize(
    "text", ["你吃过火锅吗", "股票大盘今天涨了没", "怎么学游泳", "哪家驾校便宜", "zzz", "ping pong"]
)
def test_unknown(knowledge: Knowledge, text: str) -> None:
    found = knowledge.ask(text)
    assert (found.answered, found.citations, found.entry, found.suggestions) == (False, [], None, [])
    assert found.answer


GARBAGE = {
    "empty": "",
    "spaces": " \t\r\n\u3000\u00a0",
    "punctuation": "？！……——（）《》",
    "emoji": "😀👨‍👩‍👧‍👦🇨🇳" * 50,
    "binary": bytes(range(256)).decode("latin-1") * 40,
    "lone surrogates": "\ud800\udfff" * 300,
    "nul": "\x00" * 1000,
    "combining": "a" + "\u0301" * 5000,
    "expands": "\ufdfa" * 100_000,
    "digits": "9" * 100_000,
    "numerals": "第" + "一" * 100_000 + "条",
    "articles": "民法典第" * 20_000,
    "long": "骂" * 100_000,
    "long and mixed": "他在网上骂我a1，" * 12_000,
    "quotes": "'; drop table entries; -- \" {law} %s \\",
    "braces": "{}{0}{law.__class__}民法典第{article}条",
}


@pytest.mark.parametrize("text", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_is_taken_quickly(knowledge: Knowledge, text: str) -> None:
    started = time.perf_counter()
    found = knowledge.ask(text, matter="\x00", ranked=5)
    assert time.perf_counter() - started < 0.5
    assert found.answer
    assert 0 <= found.score <= 1
    assert found.answered == bool(found.citations)


@given(text=st.text(max_size=200), matter=st.none() | st.text(max_size=5), ranked=st.integers(-3, 20))
@settings(max_examples=150, deadline=None)
def test_any_text(knowledge: Knowledge, text: str, matter: str | None, ranked: int) -> None:
    found = knowledge.ask(text, matter=matter, ranked=ranked)
    assert found.answered == bool(found.citations)
    assert len(found.ranked) <= max(0, ranked)


def test_only_the_beginning_of_a_long_text_is_read(knowledge: Knowledge) -> None:
    padding = "，" * 500
    assert knowledge.ask("只有截图够不够" + padding + "离婚").entry == "guide.evidence.screenshot"
    assert knowledge.ask(padding + "只有截图够不够").entry is None


def test_the_matter_in_hand_is_preferred(write: Write) -> None:
    """Two entries that fit equally well: the one about the matter comes first."""
    one = GUIDE | {
        "id": "guide.test.one",
        "question": "要什么材料（甲）",
        "paraphrases": ["材料一", "材料二", "材料三"],
    }
    two = GUIDE | {
        "id": "guide.test.two",
        "question": "要什么材料（乙）",
        "paraphrases": ["材料四", "材料五", "材料六"],
    }
    knowledge = Knowledge.load(write(one, two | {"matters": ["impersonation"]}, LAW, OTHER), TODAY)
    first = [
        knowledge.ask("请问要什么材料呢", matter=matter).entry for matter in (None, "impersonation", "no_such_matter")
    ]
    assert first == [one["id"], two["id"], one["id"]]


def test_ranked_articles(knowledge: Knowledge) -> None:
    found = knowledge.ask("平台知道有人侵权却不处理，要不要一起担责", ranked=5)
    assert len(found.ranked) == 5
    assert ("民法典", "第一千一百九十七条") in [(item.law, item.article) for item in found.ranked[:3]]
    scores = [item.score for item in found.ranked]
    assert scores == sorted(scores, reverse=True)
    assert len({(item.law, item.article) for item in found.ranked}) == 5
    assert knowledge.ask("名誉权").ranked == []


def test_a_named_article_ranks_first(knowledge: Knowledge) -> None:
    assert knowledge.ask("民法典第163条", ranked=3).ranked[0][:2] == ("民法典", "第一百六十三条")
    assert all(item.article != "第一千三百条" for item in knowledge.ask("民法典第1300条", ranked=9).ranked)


def test_many_threads_get_the_same_answers(knowledge: Knowledge) -> None:
    texts = ["只有截图够不够", "开盒违法吗", "民法典第1195条", "多久", "下雨吗"] * 8

    def told(found: Answer) -> tuple[bool, str | None, float]:
        return found.answered, found.entry, found.score

    with ThreadPoolExecutor(4) as pool:
        assert [told(found) for found in pool.map(knowledge.ask, texts)] == [
            told(knowledge.ask(text)) for text in texts
        ]
