"""Which day people mean, and what is no time at all."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from actions.dates import LOCAL, Moment, read_date
from tests.unit.actions.times import DAYS, NOW, read

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


def test_a_clock_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        read_date("昨天", datetime(2026, 11, 24))  # noqa: DTZ001 - that is what is tested


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
    "written", ["今天", "今天下午", "下午3点", "今年", "月底", "周三", "12月25号", "刚刚", "昨晚两点"]
)
def test_not_ahead(written: str) -> None:
    assert not read(written).ahead(NOW)
    assert not read(written).ahead(NOW.astimezone(UTC))
