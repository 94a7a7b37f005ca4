"""Words that name days, such as 上周四, 3月19号 or 国庆期间, each kind with what reads it."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from actions import lunar

_DAY = timedelta(days=1)

_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
CN = "零〇一二两三四五六七八九"
N = rf"(?:[0-9]{{1,2}}|[{CN}十]{{1,3}})"


def number(text: str) -> int:
    """19, 十九, 二十 or 二零二六 as a number. Raises ValueError."""
    if text.isascii():
        return int(text)
    if match := re.fullmatch(rf"([{CN}])?十([{CN}])?", text):
        tens, ones = match.groups()
        return (_DIGITS[tens] if tens else 1) * 10 + (_DIGITS[ones] if ones else 0)
    if "十" in text:
        raise ValueError(text)
    return int("".join(str(_DIGITS[character]) for character in text))


class Span(NamedTuple):
    """A day; with `end`, several. `clock` only where the words give the minute (一小时前)."""

    day: date
    end: date | None = None
    clock: time | None = None


#: What a kind of expression said, by the names of its pattern's groups; those that matched nothing are left out.
Said = dict[str, str]
#: The days it may mean, likeliest first; none if there is no such day.
Reader = Callable[[Said, datetime], list[Span]]
KINDS: list[tuple[re.Pattern[str], Reader]] = []


def _reads(*patterns: str) -> Callable[[Reader], Reader]:
    def add(reader: Reader) -> Reader:
        KINDS.extend((re.compile(pattern), reader) for pattern in patterns)
        return reader

    return add


def said_by(match: re.Match[str]) -> Said:
    return {name: value for name, value in match.groupdict().items() if value}


_YEAR = (
    rf"(?:(?<![0-9])(?P<y>[0-9]{{2,4}}|[一二][零〇九][{CN}]{{2}})\s?年"
    r"|(?P<ry>大前年|前年|去年|今年|明年|后年))\s?的?\s?"
)
_YEARS_AGO = {"大前年": 3, "前年": 2, "去年": 1, "今年": 0, "明年": -1, "后年": -2}
_MONTH_PART = r"(?P<x>初(?![一二三四五六七八九十])|上旬|中旬|中(?![秋国])|下旬|底|末)"
WEEK = r"(?:周|星期|礼拜)"


def _in_year(said: Said, today: date, build: Callable[[int], Span | None]) -> list[Span]:
    """What `build` makes of the year named, else the most recent that is not in the future.

    Eight years back, because 2月29号 may be that long ago.
    """
    if "ry" in said or "y" in said:
        year = today.year - _YEARS_AGO[said["ry"]] if "ry" in said else number(said["y"])
        span = build(year + 2000 if year < 100 else year)
        return [span] if span else []
    spans = (build(year) for year in range(today.year, today.year - 9, -1))
    return next(([span] for span in spans if span and span.day <= today), [])


def _valid(year: int, month: int, day: int) -> Span | None:
    try:
        return Span(date(year, month, day))
    except ValueError:
        return None


def month_of(year: int, month: int) -> Span:
    return Span(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))


def months_back(today: date, months: int) -> Span:
    index = today.year * 12 + today.month - 1 - months
    return month_of(index // 12, index % 12 + 1)


def part_of_month(month: Span, word: str) -> Span:
    if word.startswith(("初", "上")):
        return Span(month.day, month.day.replace(day=10))
    if word.startswith("中"):
        return Span(month.day.replace(day=11), month.day.replace(day=20))
    return Span(month.day.replace(day=21), month.end)


@_reads(
    rf"(?:{_YEAR})?(?:(?<=[年的\s])|(?<![0-9{CN}十个]))(?P<m>{N})\s?月(?!前|之前|以前|后)份?\s?的?\s?"
    rf"(?:(?P<d>{N})(?:\s?[日号]|(?![0-9{CN}十个次条家万人天周年点时:.]|\s[点时:]))|{_MONTH_PART})?"
)
def _named_month(said: Said, now: datetime) -> list[Span]:
    """3月19号, 去年12月, 2026年3月底."""
    month = number(said["m"])

    def build(year: int) -> Span | None:
        if "d" in said:
            return _valid(year, month, number(said["d"]))
        return part_of_month(month_of(year, month), said["x"]) if "x" in said else month_of(year, month)

    return _in_year(said, now.date(), build) if 1 <= month <= 12 else []


@_reads(
    r"(?<![0-9./-])(?P<y>(?:19|20)[0-9]{2})\s?[-/.]\s?(?P<m>[0-9]{1,2})(?:\s?[-/.]\s?(?P<d>[0-9]{1,2}))?"
    r"(?![0-9./-]*[0-9])",
    r"(?<![0-9])(?P<y>(?:19|20)[0-9]{2})(?P<m>0[1-9]|1[0-2])(?P<d>[0-3][0-9])(?![0-9])",
)
def _in_figures(said: Said, now: datetime) -> list[Span]:
    """2026-8-31, 20260831, 2026/8."""
    year, month = int(said["y"]), int(said["m"])
    return [Span(date(year, month, int(said["d"])))] if "d" in said else [month_of(year, month)]


@_reads(
    r"(?<![0-9A-Za-z./:@_-])(?P<m>1[0-2]|0?[1-9])\s?[./-]\s?(?P<d>3[01]|[12][0-9]|0?[1-9])"
    r"(?![0-9A-Za-z%./:]|-(?![0-9]{1,2}[./][0-9]))"
    r"(?!\s?(?:元|块|万|亿|折|倍|分|个|条|米|公里|天|年|周|次|楼|岁|点|小时|月|版))"
)
def _month_and_day(said: Said, now: datetime) -> list[Span]:
    """8.31, 9/12."""
    return _in_year(said, now.date(), lambda year: _valid(year, int(said["m"]), int(said["d"])))


#: First and last month; those above 12 are the next year's.
_SEASONS = {"春": (3, 5), "夏": (6, 8), "秋": (9, 11), "冬": (12, 14), "暑假": (7, 8), "寒假": (1, 2)}
_SEASONS |= {"上半年": (1, 6), "下半年": (7, 12), "初": (1, 2), "中": (6, 7), "底": (11, 12), "末": (11, 12)}
_SEASON = r"[上下]半年|暑假|寒假|[春夏秋冬][天季]"


@_reads(
    rf"(?![0-9]{{2,3}}\s?年){_YEAR}(?P<x>年[初中底末]|[初底末]|{_SEASON})?",
    rf"(?P<x>(?<![0-9{CN}十今去前])年[底末]|(?<![0-9{CN}十大])年初(?![一二三四五六七八九十])|{_SEASON})",
)
def _season(said: Said, now: datetime) -> list[Span]:
    """去年夏天, 2025年底, 年初, 今年."""
    word = said.get("x", "")
    name = word if "半" in word else word.lstrip("年").rstrip("天季")
    first, last = _SEASONS[name] if word else (1, 12)

    def build(year: int) -> Span | None:
        return Span(date(year, first, 1), month_of(year + (last > 12), (last - 1) % 12 + 1).end)

    return _in_year(said, now.date(), build)


#: Names that are numbers or common words elsewhere.
_GUARDED = {
    "过年": r"(?<![不超])过年(?![底末初])",
    "十一": r"十一(?=节|长假|假期|黄金周|放假|期间|那天|那几天|当天)",
    "五一": rf"五一(?![{CN}十0-9点号日月个])",
    "六一": rf"六一(?![{CN}十0-9点号日月个])",
    "618": r"618(?![0-9])",
    "双11": r"双11(?![0-9])",
    "双12": r"双12(?![0-9])",
}
_AROUND = {"前一天": (-1, -1), "第二天": (1, 1), "后一天": (1, 1), "前后": (-3, 3), "前夕": (-3, -1)}
_AROUND |= {"前": (-7, -1), "后": (1, 7)}


@_reads(
    rf"(?:{_YEAR})?(?<![0-9{CN}十])(?P<f>{'|'.join(_GUARDED.get(name, name) for name in lunar.FESTIVALS)})节?"
    r"(?P<t>期间|那几天|假期|长假|黄金周|放假|的?(?:前一天|第二天|后一天)|前后|前夕|(?:之|以)?前|(?:之|以|过)?后(?!天))?"
)
def _festival(said: Said, now: datetime) -> list[Span]:
    """国庆节那天, 去年春节, 中秋前后."""
    on, days = lunar.FESTIVALS[said["f"]]
    word = said.get("t", "").lstrip("的之以过")
    first, last = _AROUND.get(word, (0, days - 1 if word else 0))

    def build(year: int) -> Span | None:
        day = on(year)
        return Span(day + first * _DAY, day + last * _DAY if last != first else None) if day else None

    return _in_year(said, now.date(), build)


_LUNAR_WORD = r"(?:农历|阴历|旧历|老历)\s?"
_LUNAR_DAY = rf"(?P<leap>闰)?(?P<m>[正腊冬]|{N})月(?:初?(?P<d>{N})[日号]?)?"


@_reads(
    rf"(?:{_YEAR})?{_LUNAR_WORD}{_LUNAR_DAY}",
    rf"{_LUNAR_WORD}{_YEAR}{_LUNAR_DAY}",
    rf"(?:{_YEAR})?(?=闰|[正腊冬]){_LUNAR_DAY}",
    rf"(?:{_YEAR})?(?:(?P<m>{N})月|大年|年)初(?P<d>[一二三四五六七八九十])(?![个次直些天样起家])",
)
def _lunar(said: Said, now: datetime) -> list[Span]:
    """腊月二十三, 农历八月初三, 正月, 大年初三."""
    name, leap = said.get("m", "正"), "leap" in said
    month = {"正": 1, "冬": 11, "腊": 12}.get(name) or number(name)

    def build(year: int) -> Span | None:
        if "d" in said:
            day = lunar.day(year, month, number(said["d"]), leap)
            return Span(day) if day else None
        whole = lunar.month(year, month, leap)
        return Span(*whole) if whole else None

    return _in_year(said, now.date(), build)


@_reads(
    rf"(?P<w>上上|上|这|本|下)一?个?月份?\s?的?\s?(?:(?P<d>{N})\s?[日号]|{_MONTH_PART})?",
    rf"(?<![0-9{CN}十个上下这本])月(?P<x>初|底|末|中旬|上旬|下旬)",
)
def _relative_month(said: Said, now: datetime) -> list[Span]:
    """上个月, 上月12号, 这个月初, 月底."""
    today = now.date()
    if "w" not in said:
        spans = (part_of_month(months_back(today, back), said["x"]) for back in (0, 1))
        return next(([span] for span in spans if span.day <= today), [])
    month = months_back(today, {"上上": 2, "上": 1, "下": -1}.get(said["w"], 0))
    if "d" in said:
        return [Span(month.day.replace(day=number(said["d"])))]
    return [part_of_month(month, said["x"]) if "x" in said else month]


_WEEKDAY = r"(?P<d>(?:[一二三四五六日天末]|[1-7](?![0-9点:.]))(?![个次回年]))"


@_reads(
    rf"(?P<w>上上|上|这|本|下下|下)一?个?{WEEK}{_WEEKDAY}?",
    rf"(?<![每0-9{CN}十几]){WEEK}{_WEEKDAY}",
)
def _week(said: Said, now: datetime) -> list[Span]:
    """上周四, 礼拜天, 周末, 上周."""
    today, word, named = now.date(), said.get("w"), said.get("d")
    weeks = {"上上": -2, "上": -1, "下": 1, "下下": 2}.get(word or "", 0)
    monday = today + (weeks * 7 - today.weekday()) * _DAY
    if not named:
        return [Span(monday, monday + 6 * _DAY)]
    if named == "末":
        saturday = monday + 5 * _DAY
        if word is None and saturday > today:
            saturday -= 7 * _DAY
        return [Span(saturday, saturday + _DAY)]
    index = 6 if named in "日天" else number(named) - 1
    if word is not None:
        return [Span(monday + index * _DAY)]
    latest = today - (today.weekday() - index) % 7 * _DAY
    return [Span(latest), Span(latest - 7 * _DAY)]


_DAYS_AGO = {"大前": 3, "前": 2, "昨": 1, "寻": 1, "琴": 1, "今": 0, "明": -1, "后": -2, "大后": -3}


@_reads(
    r"(?P<w>大前(?=[天日晚])|(?<![以之目提])前(?=天(?!天)|[日儿晚])|昨(?=[天日儿晚夜早晨])|(?<![搜找钢提])[寻琴](?=[日晚])"
    r"|(?<![如当])今(?=[天儿晚夜早晨]|日(?!头条))|大后(?=天)|(?<![说声证表发])明(?=天(?!天)|[日早晚])"
    r"|(?<![然以之最])后(?=天(?!天)))(?:天|日|儿个?)?"
)
def _day_word(said: Said, now: datetime) -> list[Span]:
    """昨天, 今早, 大前天."""
    day = now.date() - _DAYS_AGO[said["w"]] * _DAY
    # Before dawn, 今晚 and 今天下午 are those of the day that has just ended.
    return [Span(day), Span(day - _DAY)] if said["w"] == "今" and now.hour < 5 else [Span(day)]


def _how_many(text: str) -> tuple[float, float]:
    """Least and most: 3 → (3, 3), 两三 → (2, 3), 几 → (3, 9), 十几 → (11, 19), 半 → (0.5, 0.5)."""
    if text == "半":
        return 0.5, 0.5
    if text.endswith(("几", "数")):
        tens = {"十": 10, "1": 10, "二十": 20, "2": 20}.get(text[:-1])
        return (tens + 1, tens + 9) if tens else (3, 9)
    ends = re.split(r"\s?[-~到至]\s?", text)
    if len(ends) == 1 and re.fullmatch(r"[一二两三四五六七八九]{2}", text):
        ends = list(text)
    first, last = number(ends[0]), number(ends[-1])
    return min(first, last), max(first, last)


@_reads(
    r"(?P<n>半|[0-9]{1,3}(?:\s?[-~到至]\s?[0-9]{1,3})?|二?十几|[12]几|好?几|数|[一二两三四五六七八九十]{1,3})"
    r"\s?[多来]?个?(?P<half>半)?[多来]?个?(?P<u>分钟|小时|钟头|天|日|周|星期|礼拜|月|年)(?P<half2>半)?多?[之以]?前"
)
def _ago(said: Said, now: datetime) -> list[Span]:
    """3天前, 半个月前, 一个半小时前. Months are that whole month and years that whole year: more was not said."""
    least, most = _how_many(said["n"])
    if "half" in said or "half2" in said:
        least, most = least + 0.5, most + 0.5
    unit, today = said["u"], now.date()
    if unit in ("分钟", "小时", "钟头"):
        minutes = 1 if unit == "分钟" else 60
        then, last = now - timedelta(minutes=most * minutes), (now - timedelta(minutes=least * minutes)).date()
        clock = then.time().replace(second=0, microsecond=0) if least == most else None
        return [Span(then.date(), last if last != then.date() else None, clock)]
    if unit == "年" and least % 1 == 0:
        return [Span(date(today.year - int(most), 1, 1), date(today.year - int(least), 12, 31))]
    if unit == "年" or (unit == "月" and least >= 1):
        months = 12 if unit == "年" else 1
        return [Span(months_back(today, int(most * months)).day, months_back(today, int(least * months)).end)]
    if unit == "月":
        return [Span(today - 17 * _DAY, today - 13 * _DAY)]
    days = 1 if unit in ("天", "日") else 7
    first, end = today - round(most * days) * _DAY, today - round(least * days) * _DAY
    return [Span(first, end if end != first else None)]


@_reads(r"(?<![以之目提])前(?P<n>[两俩2几]|些)天")
def _lately(said: Said, now: datetime) -> list[Span]:
    """前两天, 前几天. 最近 and 前段时间 say too little."""
    first, last = (3, 2) if said["n"] in ("两", "俩", "2") else (7, 3)
    return [Span(now.date() - first * _DAY, now.date() - last * _DAY)]


@_reads(rf"(?<![0-9{CN}十月年.第])(?P<d>{N})\s?[号日](?![楼院店线房门机称码栋元头])")
def _day_of_month(said: Said, now: datetime) -> list[Span]:
    """25号: the most recent one; the month before last if last month has no such day."""
    today, day = now.date(), number(said["d"])
    months = (months_back(today, back) for back in range(3))
    days = (_valid(month.day.year, month.day.month, day) for month in months)
    return next(([span] for span in days if span and span.day <= today), [])


#: A year and a week hence: the most recent such day then is the first after the span's first.
_AFTER = {_named_month: 364, _month_and_day: 364, _festival: 364, _week: 6}


def until(reader: Reader, said: Said, start: date, now: datetime) -> date | None:
    """The last day of a span that begins at `start`, its end having been named too."""
    if reader is _day_of_month:
        months = (months_back(start, back).day for back in (0, -1))
        days = (_valid(month.year, month.month, number(said["d"])) for month in months)
        return next((span.day for span in days if span and span.day >= start), None)
    if reader in _AFTER and not said.keys() & {"y", "ry", "w"}:
        now = datetime.combine(start + _AFTER[reader] * _DAY, time(12), now.tzinfo)
    spans = reader(said, now)
    return (spans[0].end or spans[0].day) if spans else None
