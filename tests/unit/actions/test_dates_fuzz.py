"""Any text is read as a time or not: none makes the reading fail, and none makes it slow."""

from __future__ import annotations

import time as stopwatch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.dates import Moment, read_date
from tests.unit.actions.times import NOW, read


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="今昨前大后天晚上下个月周年号日点半3129十一二不是国庆春节-:./ \x00😀", max_size=40))
def test_nothing_makes_it_fail(written: str) -> None:
    moment = read_date(written, NOW)
    assert moment is None or Moment.from_json(moment.to_json()) == moment


def test_a_hundred_thousand_characters() -> None:
    assert read_date("昨" * 100_000, NOW) is None
    assert read_date("3月" * 50_000, NOW) is not None


@pytest.mark.parametrize(
    "piece", ["骂", "1", "十", "昨", "不是昨天", "2025年的 ", "1到", "ﷺ", "\u200b", " ", "每天8点", "1-"]
)
def test_long_texts_are_quick(piece: str) -> None:
    started = stopwatch.perf_counter()
    read_date(piece * (100_000 // len(piece)), NOW)
    assert stopwatch.perf_counter() - started < 1


#: What times are made of, so that chance finds odd ones.
PIECES = [
    *"125一二两十零年月日号天周上下前今昨明大个半几点刻分:.-/~到至早初闰的T(），",
    *(
        "11",
        "31",
        "99",
        "2025",
        "星期",
        "礼拜",
        "后年",
        "去年",
        "小时",
        "晚上",
        "凌晨",
        "半夜",
        "中旬",
        "底",
        "正月",
        "腊月",
    ),
    *("农历", "国庆", "春节", "双十一", "除夕", "不是", "那天", "现在", "刚才", " "),
]


@settings(max_examples=600, deadline=None)
@given(st.one_of(st.text(max_size=40), st.lists(st.sampled_from(PIECES), max_size=9).map("".join)))
def test_any_text_is_read_or_not(written: str) -> None:
    moment = read_date(written, NOW)
    if moment is None:
        return
    assert Moment.from_json(moment.to_json()) == moment
    assert moment.end is None or moment.end > moment.day
    if not moment.ahead(NOW) and moment.day <= NOW.date():
        again = read(moment.shown(NOW.date()))
        assert (again.day, again.end, again.clock) == (moment.day, moment.end, moment.clock)
