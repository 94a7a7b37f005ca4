"""Times as people write them, seen from Tuesday, 24 November 2026, 14:30 in China. Days were worked out by hand."""

from __future__ import annotations

import time as stopwatch
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions import lunar
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


# -- each rule of the reading, with what is shown of it ---------------------------------------------------------------


def read(written: str, now: datetime = NOW) -> Moment:
    moment = read_date(written, now)
    assert moment is not None, written
    return moment


@pytest.mark.parametrize(
    ("written", "day"),
    [
        # days seen from today
        ("今天", "2026-11-24"),
        ("昨天", "2026-11-23"),
        ("昨日", "2026-11-23"),
        ("昨儿个", "2026-11-23"),
        ("琴日", "2026-11-23"),
        ("前天", "2026-11-22"),
        ("大前天", "2026-11-21"),
        ("三天前", "2026-11-21"),
        ("大约10天前", "2026-11-14"),
        ("10多天前", "2026-11-14"),
        ("一周前", "2026-11-17"),
        ("两个星期之前", "2026-11-10"),
        ("刚刚", "2026-11-24"),
        ("现在", "2026-11-24"),
        # days of the week: 23 November is a Monday
        ("周一", "2026-11-23"),
        ("星期二", "2026-11-24"),
        ("周三", "2026-11-18"),
        ("礼拜天", "2026-11-22"),
        ("周日", "2026-11-22"),
        ("周5", "2026-11-20"),
        ("这周一", "2026-11-23"),
        ("本周一", "2026-11-23"),
        ("上周四", "2026-11-19"),
        ("上个礼拜天", "2026-11-22"),
        ("上個禮拜四", "2026-11-19"),
        ("上上周五", "2026-11-13"),
        # days of a month
        ("25号", "2026-10-25"),
        ("24号", "2026-11-24"),
        ("十一号", "2026-11-11"),
        ("31号", "2026-10-31"),
        ("上个月五号", "2026-10-05"),
        ("上月12号", "2026-10-12"),
        ("这个月3号", "2026-11-03"),
        ("3月19号", "2026-03-19"),
        ("3月19", "2026-03-19"),
        ("十一月二号", "2026-11-02"),
        ("12月25日", "2025-12-25"),
        ("１１月２日", "2026-11-02"),
        ("11 月 2 日", "2026-11-02"),
        ("去年12月3号", "2025-12-03"),
        ("2025年3月5日", "2025-03-05"),
        ("26年3月5日", "2026-03-05"),
        ("二〇二五年三月五日", "2025-03-05"),
        ("2月29号", "2024-02-29"),
        # in figures
        ("2026-11-02", "2026-11-02"),
        ("2026.11.02", "2026-11-02"),
        ("2026/11/2", "2026-11-02"),
        ("20260831", "2026-08-31"),
        ("11/2", "2026-11-02"),
        ("12/2", "2025-12-02"),
        ("8.31", "2026-08-31"),
        ("11-02", "2026-11-02"),
        # festivals
        ("元旦", "2026-01-01"),
        ("除夕", "2026-02-16"),
        ("大年三十", "2026-02-16"),
        ("春节", "2026-02-17"),
        ("大年初三", "2026-02-19"),
        ("元宵节", "2026-03-03"),
        ("三八妇女节", "2026-03-08"),
        ("清明节", "2026-04-05"),
        ("五一", "2026-05-01"),
        ("端午节", "2026-06-19"),
        ("618", "2026-06-18"),
        ("七夕", "2026-08-19"),
        ("中秋节那天", "2026-09-25"),
        ("国庆", "2026-10-01"),
        ("国庆第二天", "2026-10-02"),
        ("重阳", "2026-10-18"),
        ("双十一", "2026-11-11"),
        ("双11", "2026-11-11"),
        ("去年双十一", "2025-11-11"),
        ("圣诞节", "2025-12-25"),
        ("去年春节", "2025-01-29"),
        ("2025年中秋", "2025-10-06"),
        # the lunar calendar
        ("去年腊月二十三", "2026-02-10"),
        ("腊月二十三", "2026-02-10"),
        ("正月十五", "2026-03-03"),
        ("农历八月初三", "2026-09-13"),
        ("八月初三", "2026-09-13"),
        ("2025年农历闰六月初一", "2025-07-25"),
        ("农历2025年闰六月初一", "2025-07-25"),
        # days that have not come
        ("明天", "2026-11-25"),
        ("后天", "2026-11-26"),
        ("大后天", "2026-11-27"),
        ("下周三", "2026-12-02"),
        # in a sentence, the first that is not denied
        ("我昨天看到的", "2026-11-23"),
        ("前天和昨天", "2026-11-22"),
        ("不是昨天是前天", "2026-11-22"),
        ("不是昨天，是前天", "2026-11-22"),
        ("不是上周四，是上周五", "2026-11-20"),
        ("不是3月19号，是3月20号", "2026-03-20"),
        ("是不是昨天", "2026-11-23"),
        ("刚发现，是昨天发的", "2026-11-23"),
        ("昨\u200b天", "2026-11-23"),
        # words that only look like an hour
        ("昨天早就发了", "2026-11-23"),
        ("昨天一点都没删", "2026-11-23"),
        ("昨天晚一点", "2026-11-23"),
        ("前天3点建议", "2026-11-22"),
    ],
)
def test_a_day(written: str, day: str) -> None:
    assert read(written) == Moment(written.replace("\u200b", ""), date.fromisoformat(day))


@pytest.mark.parametrize(
    ("written", "day", "part", "clock"),
    [
        ("昨晚", "2026-11-23", "晚上", None),
        ("3月19号下午", "2026-03-19", "下午", None),
        ("礼拜天晚上", "2026-11-22", "晚上", None),
        ("三月五号早上", "2026-03-05", "早上", None),
        ("昨天深夜", "2026-11-23", "深夜", None),
        ("明早", "2026-11-25", "早上", None),
        ("昨晚八点", "2026-11-23", "晚上", "20:00"),
        ("昨天晚上八点", "2026-11-23", "晚上", "20:00"),
        ("昨晚8到9点", "2026-11-23", "晚上", "20:00"),
        ("昨晚八九点", "2026-11-23", "晚上", "20:00"),
        ("昨晚十一二点", "2026-11-23", "晚上", "23:00"),
        ("前天晚上10点半", "2026-11-22", "晚上", "22:30"),
        ("大前晚8点", "2026-11-21", "晚上", "20:00"),
        ("今早7点", "2026-11-24", "早上", "07:00"),
        ("今晨六点", "2026-11-24", "早上", "06:00"),
        ("上礼拜六下午两点", "2026-11-21", "下午", "14:00"),
        ("周六早上9点", "2026-11-21", "早上", "09:00"),
        ("双11晚上8点", "2026-11-11", "晚上", "20:00"),
        ("昨天中午12点", "2026-11-23", "中午", "12:00"),
        ("昨天中午1点", "2026-11-23", "中午", "13:00"),
        ("昨天下午12点半", "2026-11-23", "下午", "12:30"),
        ("昨天傍晚六点", "2026-11-23", "傍晚", "18:00"),
        ("11月2号（周一）晚上9点", "2026-11-02", "晚上", "21:00"),
        ("11月2号那晚大概9点", "2026-11-02", "晚上", "21:00"),
        ("我是在前天晚上十点半左右在抖音看到的", "2026-11-22", "晚上", "22:30"),
        # the clock alone says which part
        ("昨天8点20", "2026-11-23", None, "08:20"),
        ("昨天八点二十五分", "2026-11-23", None, "08:25"),
        ("昨天八点一刻", "2026-11-23", None, "08:15"),
        ("昨天10点05分", "2026-11-23", None, "10:05"),
        ("昨天21：15", "2026-11-23", None, "21:15"),
        ("昨天晚上20点", "2026-11-23", None, "20:00"),
        ("11月02日20时05分", "2026-11-02", None, "20:05"),
        ("2026-11-02 10:30", "2026-11-02", None, "10:30"),
        ("2026-11-02T22:15:09", "2026-11-02", None, "22:15"),
        # from 1 to 5 without a part of the day
        ("昨天3点", "2026-11-23", None, "15:00"),
        ("昨天03:00", "2026-11-23", None, "03:00"),
        ("昨天05点", "2026-11-23", None, "05:00"),
        ("今天4点", "2026-11-24", None, "04:00"),
        # the small hours
        ("昨晚两点", "2026-11-24", "凌晨", "02:00"),
        ("昨晚一点", "2026-11-24", "凌晨", "01:00"),
        ("昨晚凌晨两点", "2026-11-24", "凌晨", "02:00"),
        ("昨晚12点", "2026-11-24", "凌晨", "00:00"),
        ("前晚12点半", "2026-11-23", "凌晨", "00:30"),
        ("25号晚上3点", "2026-10-26", "凌晨", "03:00"),
        ("昨天半夜3点", "2026-11-24", "凌晨", "03:00"),
        ("今天半夜两点", "2026-11-24", "凌晨", "02:00"),
        ("昨天凌晨两点", "2026-11-23", "凌晨", "02:00"),
        ("昨天0点", "2026-11-23", None, "00:00"),
        ("昨天24点", "2026-11-24", None, "00:00"),
        # today's is ahead: the one before
        ("周二晚上8点", "2026-11-17", "晚上", "20:00"),
        # an hour alone
        ("晚上八点", "2026-11-23", "晚上", "20:00"),
        ("早上8点半", "2026-11-24", "早上", "08:30"),
        ("下午三点二十", "2026-11-23", "下午", "15:20"),
        ("20:30", "2026-11-23", None, "20:30"),
        ("8点", "2026-11-24", None, "08:00"),
        ("3点半", "2026-11-23", None, "15:30"),
        ("半夜2点", "2026-11-24", "凌晨", "02:00"),
        ("早上发的", "2026-11-24", "早上", None),
        ("晚上", "2026-11-23", "晚上", None),
        # so many hours ago
        ("半小时前", "2026-11-24", None, "14:00"),
        ("20分钟前", "2026-11-24", None, "14:10"),
        ("一个半小时前", "2026-11-24", None, "13:00"),
        ("15个小时前", "2026-11-23", None, "23:30"),
    ],
)
def test_an_hour(written: str, day: str, part: str | None, clock: str | None) -> None:
    exact = time.fromisoformat(clock) if clock else None
    assert read(written) == Moment(written, date.fromisoformat(day), None, part, exact)


@pytest.mark.parametrize(
    ("written", "day", "end", "shown"),
    [
        ("上个月", "2026-10-01", "2026-10-31", "10月"),
        ("上上个月", "2026-09-01", "2026-09-30", "9月"),
        ("上个月中旬", "2026-10-11", "2026-10-20", "10月中旬（约）"),
        ("上月底", "2026-10-21", "2026-10-31", "10月底（约）"),
        ("这个月初", "2026-11-01", "2026-11-10", "11月初（约）"),
        ("月底", "2026-11-21", "2026-11-30", "11月底（约）"),
        ("九月中旬", "2026-09-11", "2026-09-20", "9月中旬（约）"),
        ("2026年2月底", "2026-02-21", "2026-02-28", "2月底（约）"),
        ("去年12月", "2025-12-01", "2025-12-31", "2025年12月"),
        ("2026/8", "2026-08-01", "2026-08-31", "8月"),
        ("上周", "2026-11-16", "2026-11-22", "11月16日—22日"),
        ("周末", "2026-11-21", "2026-11-22", "11月21日—22日"),
        ("去年", "2025-01-01", "2025-12-31", "2025年"),
        ("2025年", "2025-01-01", "2025-12-31", "2025年"),
        ("今年", "2026-01-01", "2026-12-31", "2026年"),
        ("2025年底", "2025-11-01", "2025-12-31", "2025年11月—12月"),
        ("去年夏天", "2025-06-01", "2025-08-31", "2025年6月—8月"),
        ("冬天", "2025-12-01", "2026-02-28", "2025年12月—2026年2月"),
        ("上半年", "2026-01-01", "2026-06-30", "1月—6月"),
        ("国庆期间", "2026-10-01", "2026-10-07", "10月1日—7日"),
        ("十一假期", "2026-10-01", "2026-10-07", "10月1日—7日"),
        ("中秋节前后", "2026-09-22", "2026-09-28", "9月22日—28日"),
        ("正月", "2026-02-17", "2026-03-18", "2月17日—3月18日"),
        ("前几天", "2026-11-17", "2026-11-21", "11月17日—21日"),
        ("前两天", "2026-11-21", "2026-11-22", "11月21日—22日"),
        ("两三天前", "2026-11-21", "2026-11-22", "11月21日—22日"),
        ("十几天前", "2026-11-05", "2026-11-13", "11月5日—13日"),
        ("半个月前", "2026-11-07", "2026-11-11", "11月7日—11日"),
        ("两个月前", "2026-09-01", "2026-09-30", "9月"),
        ("半年前", "2026-05-01", "2026-05-31", "5月"),
        ("一年前", "2025-01-01", "2025-12-31", "2025年"),
        ("两三年前", "2023-01-01", "2024-12-31", "2023年—2024年"),
        # from one day to another
        ("3月1号到5号", "2026-03-01", "2026-03-05", "3月1日—5日"),
        ("3月1-5号", "2026-03-01", "2026-03-05", "3月1日—5日"),
        ("11月1日至11月5日", "2026-11-01", "2026-11-05", "11月1日—5日"),
        ("11.2-11.5", "2026-11-02", "2026-11-05", "11月2日—5日"),
        ("2025年3月1号到3月5号", "2025-03-01", "2025-03-05", "2025年3月1日—5日"),
        ("28号到3号", "2026-10-28", "2026-11-03", "10月28日—11月3日"),
        ("2025年12月28号到1月3号", "2025-12-28", "2026-01-03", "2025年12月28日—2026年1月3日"),
        ("3月到5月", "2026-03-01", "2026-05-31", "3月—5月"),
        ("周一到周三", "2026-11-16", "2026-11-18", "11月16日—18日"),
        ("上周五到周一", "2026-11-20", "2026-11-23", "11月20日—23日"),
        ("昨天到今天", "2026-11-23", "2026-11-24", "11月23日—24日"),
        ("11月20号晚上到22号", "2026-11-20", "2026-11-22", "11月20日—22日"),
        ("11月20号开始到现在", "2026-11-20", "2026-11-24", "11月20日—24日"),
    ],
)
def test_a_span(written: str, day: str, end: str, shown: str) -> None:
    moment = read(written)
    assert moment == Moment(written, date.fromisoformat(day), date.fromisoformat(end))
    assert moment.shown(NOW.date()) == shown
    again = read(shown)
    assert (again.day, again.end) == (moment.day, moment.end), "what is shown means the same"


@pytest.mark.parametrize(
    "written",
    [
        *("", " ", "\n", "？？？", "你好", "昨", "号", "最近", "就那几天吧", "不记得了", "asdf", "😀", "\ud800"),
        # days and hours that do not exist
        *("2月30号", "2025年2月29日", "13月5号", "0号", "32号", "2026-13-01", "2026-02-30", "20261301", "十十月"),
        *("昨天25点", "昨天8点99分", "农历十三月初一", "腊月三十一", "804年前", "203年3月", "1999年腊月初八"),
        # denied
        *("不是昨天", "不是在昨天", "不是昨天晚上八点", "不是晚上八点"),
        # other numbers and words
        *("13812345678", "2023-1234567", "192.168.1.1", "v3.2", "iOS 17.1", "得分9.8分", "涨了3.5倍", "1/32"),
        *("6号线", "15号楼", "第3号", "一周五天", "第一周", "每周三", "骂我三八", "三个月", "好几天"),
        *("如今天下", "目前天气", "以前天天骂我", "说明天下", "然后天天发", "搜寻天猫"),
        *("快一点", "有两点要说", "早一点", "每天8点半", "每天晚上8点", "下班晚了"),
    ],
)
def test_no_time(written: str) -> None:
    assert read_date(written, NOW) is None


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("昨晚八点", "11月23日（周一）晚上8点"),
        ("前天晚上10点半", "11月22日（周日）晚上10点半"),
        ("昨天8点05分", "11月23日（周一）上午8点5分"),
        ("昨天6点", "11月23日（周一）早上6点"),
        ("昨天12:30", "11月23日（周一）中午12点半"),
        ("昨天3点", "11月23日（周一）下午3点"),
        ("昨天17:00", "11月23日（周一）傍晚5点"),
        ("昨天23:10", "11月23日（周一）晚上11点10分"),
        ("昨天深夜11点", "11月23日（周一）深夜11点"),
        ("昨晚12点", "11月24日（周二）凌晨0点"),
        ("周日", "11月22日（周日）"),
        ("周日下午", "11月22日（周日）下午"),
        ("去年双十一", "2025年11月11日（周二）"),
    ],
)
def test_a_day_is_shown_and_means_the_same_again(written: str, shown: str) -> None:
    moment = read(written)
    assert moment.shown(NOW.date()) == shown
    again = read(shown)
    assert (again.day, again.clock) == (moment.day, moment.clock)


def test_the_year_is_shown_of_another_year() -> None:
    assert read("昨天").shown(date(2027, 1, 1)) == "2026年11月23日（周一）"
    assert Moment("x", datetime.now(LOCAL).date()).shown()[0] in "123456789"


@pytest.mark.parametrize(
    ("hour", "minute", "written", "day", "part", "clock"),
    [
        (0, 30, "今晚", 23, "晚上", None),
        (0, 30, "今晚8点", 23, "晚上", "20:00"),
        (0, 30, "今晚12点", 24, "凌晨", "00:00"),
        (0, 30, "今天下午", 23, "下午", None),
        (0, 30, "今天", 24, None, None),
        (0, 30, "昨晚", 23, "晚上", None),
        (3, 0, "今天凌晨1点", 24, "凌晨", "01:00"),
        (0, 10, "20分钟前", 23, None, "23:50"),
        (9, 45, "10点半", 23, None, "10:30"),
        (9, 45, "10点钟", 24, None, "10:00"),
    ],
)
def test_before_dawn_and_rounding(
    hour: int, minute: int, written: str, day: int, part: str | None, clock: str | None
) -> None:
    moment = read(written, datetime(2026, 11, 24, hour, minute, tzinfo=LOCAL))
    exact = time.fromisoformat(clock) if clock else None
    assert (moment.day, moment.part, moment.clock) == (date(2026, 11, day), part, exact)


@pytest.mark.parametrize(
    "written", ["今天", "今天下午", "下午3点", "今年", "月底", "周三", "12月25号", "刚刚", "昨晚两点"]
)
def test_not_ahead(written: str) -> None:
    assert not read(written).ahead(NOW)
    assert not read(written).ahead(NOW.astimezone(UTC))


def test_of_a_long_text_the_words_that_name_the_time_are_kept() -> None:
    long = "他一直在骂我" * 20
    assert read(f"{long}，前天晚上10点半，{long}").written == "前天晚上10点半"
    assert read(f"{long}，11月20号晚上到22号，{long}").written == "11月20号晚上到22号"
    assert read("  昨天\n 晚上 ").written == "昨天 晚上"
    assert len(read("昨天" + "　" * 90 + "晚上").written) <= WRITTEN_CHARS


GOOD = {"written": "昨晚", "day": "2026-11-23", "end": None, "part": "晚上", "clock": "20:00"}


@pytest.mark.parametrize(
    "value",
    [
        *(None, 5, "昨天", [], {}, {"day": "2026-11-23"}),
        *({**GOOD, "day": day} for day in ("2026-13-01", "20261123", "", None, 5, [])),
        *({**GOOD, "end": end} for end in ("2026-11-22", "x", 5, {})),
        *({**GOOD, "part": part} for part in ("夜", "", 5, [], {})),
        *({**GOOD, "clock": clock} for clock in ("25:00", "20:00:30", "20:00+08:00", "8", 8)),
        *({**GOOD, "written": written} for written in (None, 5, [])),
        {**GOOD, "more": 1},
    ],
)
def test_other_json_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        Moment.from_json(value)


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


@pytest.mark.parametrize(
    ("year", "month", "number", "leap", "day"),
    [
        (2015, 1, 1, False, "2015-02-19"),
        (2018, 10, 1, False, "2018-11-08"),
        (2020, 4, 1, True, "2020-05-23"),
        (2023, 2, 1, True, "2023-03-22"),
        (2025, 6, 1, True, "2025-07-25"),
        (2027, 1, 1, False, "2027-02-06"),
        (2030, 1, 1, False, "2030-02-03"),
    ],
)
def test_lunar_days(year: int, month: int, number: int, leap: bool, day: str) -> None:
    assert lunar.day(year, month, number, leap) == date.fromisoformat(day)


def test_lunar_years_follow_each_other() -> None:
    for year in range(2015, 2035):
        last = lunar.month(year, 12)
        assert last is not None
        assert last[1] + timedelta(days=1) == lunar.day(year + 1, 1, 1)


@pytest.mark.parametrize(
    ("year", "month", "number"), [(2014, 1, 1), (2036, 1, 1), (2026, 13, 1), (2026, 0, 1), (2026, 1, 31)]
)
def test_no_lunar_day(year: int, month: int, number: int) -> None:
    assert lunar.day(year, month, number) is None
