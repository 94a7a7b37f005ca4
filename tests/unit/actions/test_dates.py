"""Times as people write them, seen from Tuesday, 24 November 2026, 14:30 in China. Days were worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.dates import LOCAL, WRITTEN_CHARS, Moment, read_date

NOW = datetime(2026, 11, 24, 14, 30, tzinfo=LOCAL)

DAYS = {
    "今天": "2026-11-24",
    "今早7点": "2026-11-24",
    "昨天": "2026-11-23",
    "昨天晚上八点": "2026-11-23",
    "昨晚10点半": "2026-11-23",
    "昨儿": "2026-11-23",
    "前天": "2026-11-22",
    "前晚": "2026-11-22",
    "大前天": "2026-11-21",
    "不是昨天是前天": "2026-11-22",
    "礼拜天晚上": "2026-11-22",
    "周日": "2026-11-22",
    "星期一": "2026-11-23",
    "周三": "2026-11-18",
    "上周四": "2026-11-19",
    "上个星期五": "2026-11-20",
    "上礼拜天": "2026-11-22",
    "上上周二": "2026-11-10",
    "这周一": "2026-11-23",
    "11月2日": "2026-11-02",
    "11月2号下午": "2026-11-02",
    "十一月二号": "2026-11-02",
    "3月19号": "2026-03-19",
    "12月25日": "2025-12-25",
    "去年3月5号": "2025-03-05",
    "2025年8月31日": "2025-08-31",
    "25年8月31日": "2025-08-31",
    "二零二五年八月三十一日": "2025-08-31",
    "2026-11-02": "2026-11-02",
    "2026/11/2": "2026-11-02",
    "2026.11.02": "2026-11-02",
    "20261102": "2026-11-02",
    "11/2": "2026-11-02",
    "11.2": "2026-11-02",
    "20号": "2026-11-20",
    "二十号": "2026-11-20",
    "25号": "2026-10-25",
    "上个月12号": "2026-10-12",
    "双十一": "2026-11-11",
    "双11那天": "2026-11-11",
    "国庆节那天": "2026-10-01",
    "元旦": "2026-01-01",
    "去年国庆": "2025-10-01",
    "今年春节": "2026-02-17",
    "中秋": "2026-09-25",
    "去年腊月二十三": "2026-02-10",
    "３月１９号": "2026-03-19",
    "昨天\u200b晚上": "2026-11-23",
    "他是上周四晚上发的，当时我在上班": "2026-11-19",
    "昨晚两点": "2026-11-24",
    "3小时前": "2026-11-24",
    "20小时前": "2026-11-23",
    "3天前": "2026-11-21",
    "一周前": "2026-11-17",
    "晚上八点": "2026-11-23",
    "早上七点": "2026-11-24",
    "8:15": "2026-11-24",
    "週三": "2026-11-18",
}

SPANS = {
    "上个月": ("2026-10-01", "2026-10-31"),
    "上周": ("2026-11-16", "2026-11-22"),
    "10月": ("2026-10-01", "2026-10-31"),
    "十月底": ("2026-10-21", "2026-10-31"),
    "月初": ("2026-11-01", "2026-11-10"),
    "去年": ("2025-01-01", "2025-12-31"),
    "去年12月": ("2025-12-01", "2025-12-31"),
    "3月1号到5号": ("2026-03-01", "2026-03-05"),
    "周末": ("2026-11-21", "2026-11-22"),
    "国庆期间": ("2026-10-01", "2026-10-07"),
    "暑假": ("2026-07-01", "2026-08-31"),
    "两三天前": ("2026-11-21", "2026-11-22"),
    "半个月前": ("2026-11-07", "2026-11-11"),
}

CLOCKS = {
    "昨天晚上八点": "20:00",
    "昨晚10点半": "22:30",
    "今早7点": "07:00",
    "昨天下午3点15分": "15:15",
    "昨天3点": "15:00",
    "昨天03:00": "03:00",
    "前天20:45": "20:45",
    "昨天中午12点": "12:00",
    "昨晚两点": "02:00",
    "昨天": None,
}

NOT_A_TIME = [
    "",
    "就那几天吧",
    "忘了",
    "2月30号",
    "13月5号",
    "999年前",
    "我住3号楼",
    "买了5.5折的",
    "138 1234 5678",
    "😀",
    "\x00\ud83d",
    "每周三都发",
]


@pytest.mark.parametrize(("written", "day"), DAYS.items())
def test_the_day_meant(written: str, day: str) -> None:
    moment = read_date(written, NOW)
    assert moment is not None
    assert (moment.day.isoformat(), moment.end) == (day, None)
    assert not moment.ahead(NOW)


@pytest.mark.parametrize(("written", "span"), SPANS.items())
def test_a_span_has_its_last_day(written: str, span: tuple[str, str]) -> None:
    moment = read_date(written, NOW)
    assert moment is not None
    assert (moment.day.isoformat(), moment.end and moment.end.isoformat()) == span


@pytest.mark.parametrize(("written", "clock"), CLOCKS.items())
def test_the_hour_meant(written: str, clock: str | None) -> None:
    moment = read_date(written, NOW)
    assert moment is not None
    assert moment.to_json()["clock"] == clock


@pytest.mark.parametrize("written", NOT_A_TIME)
def test_what_is_no_time(written: str) -> None:
    assert read_date(written, NOW) is None


@pytest.mark.parametrize("written", ["明天", "明天早上", "后天", "下周一", "今晚十一点", "2030年", "明年春节"])
def test_what_is_to_come_is_read_and_known_as_such(written: str) -> None:
    moment = read_date(written, NOW)
    assert moment is not None
    assert moment.ahead(NOW)


def test_before_dawn_this_evening_is_the_one_that_has_just_ended() -> None:
    moment = read_date("今晚十点", datetime(2026, 11, 24, 0, 30, tzinfo=LOCAL))
    assert moment is not None
    assert moment.day == date(2026, 11, 23)


def test_the_day_is_chinas_wherever_the_server_stands() -> None:
    late = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
    moment = read_date("今天", late)
    assert moment is not None
    assert moment.day == date(2026, 11, 24)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("昨天晚上八点", "11月23日（周一）晚上8点"),
        ("昨晚10点半", "11月23日（周一）晚上10点半"),
        ("昨天下午3点15分", "11月23日（周一）下午3点15分"),
        ("前天", "11月22日（周日）"),
        ("去年3月5号", "2025年3月5日（周三）"),
    ],
)
def test_shown(written: str, shown: str) -> None:
    moment = read_date(written, NOW)
    assert moment is not None
    assert moment.shown(NOW.date()) == shown


@pytest.mark.parametrize("written", [*DAYS, *SPANS, "明天"])
def test_json_and_back(written: str) -> None:
    moment = read_date(written, NOW)
    assert moment is not None
    assert Moment.from_json(moment.to_json()) == moment
    assert len(moment.written) <= WRITTEN_CHARS


@pytest.mark.parametrize("value", [None, {}, "2026-11-24", {"day": "2026-11-24"}, {"written": 1, "day": "x"}])
def test_what_is_no_moment(value: object) -> None:
    with pytest.raises(ValueError, match=r"not a moment|nvalid"):
        Moment.from_json(value)


def test_a_clock_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        read_date("昨天", datetime(2026, 11, 24))  # noqa: DTZ001 - that is what is tested


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="今昨前大后天晚上下个月周年号日点半3129十一二不是国庆春节-:./ \x00😀", max_size=40))
def test_nothing_makes_it_fail(written: str) -> None:
    moment = read_date(written, NOW)
    assert moment is None or Moment.from_json(moment.to_json()) == moment


def test_a_hundred_thousand_characters() -> None:
    assert read_date("昨" * 100_000, NOW) is None
    assert read_date("3月" * 50_000, NOW) is not None
