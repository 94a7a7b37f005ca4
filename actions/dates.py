"""Reads the time that people write, such as 礼拜天晚上 or 去年腊月二十三, as calendar days.

No library of dates is used, after measuring them on eleven everyday Chinese expressions: dateparser read three of them,
and jionlp, which reads more, is under the GPL. cn2an was not needed: numbers here have two digits, or are years.

How ambiguity is decided (the assistant shows the day it understood, so that people can object):

- What names no year, month or week is the most recent one that is not in the future: 周三, 25号, 3月19号, 国庆.
- Weeks begin on Monday. 初, 中旬 and 底 are a month's first ten days, second ten days and the rest.
- The small hours belong to the evening before where people say so: 昨晚两点 is 02:00 of today, 今晚 said at half past
  midnight is the evening that has just ended.
- An hour from 1 to 5 said without a part of the day (昨天3点) is the afternoon's; 03:00 is what it says.
- The first date of a text counts, unless 不是 stands before it. Without any, an hour (晚上八点) or 刚才 does.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from actions.days import KINDS, Span, month_of, part_of_month, said_by, until
from actions.hours import ALONE, PART_ALONE, STARTS, TAIL, hours

LOCAL = ZoneInfo("Asia/Shanghai")

#: Longest text that is kept as `Moment.written`; of a longer one only the words that name the time are.
WRITTEN_CHARS = 60
#: Before it nobody in China posted anything: 999年前 is no time that can be meant.
FIRST_YEAR = 1994
#: People round up: 十点 said at 9:45 is not the future.
ROUNDING = timedelta(minutes=30)
_MAX_CHARS = 5000
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Moment:
    """A time as it was written and the calendar day it meant then, in China's time.

    `end` is the last day, if what was written is a span (上个月) and not a day; `part` is one of 凌晨 早上 上午 中午
    下午 傍晚 晚上 深夜, if one was named; `clock` has whole minutes.
    """

    written: str
    day: date
    end: date | None = None
    part: str | None = None
    clock: time | None = None

    def shown(self, today: date | None = None) -> str:
        """As people read it: 11月22日（周日）晚上8点, 11月初（约）, 2025年.

        The year is left out of a day or month if it is that of `today`.
        """
        this_year = (today or datetime.now(LOCAL).date()).year
        if self.end is not None:
            return _span_shown(self.day, self.end, this_year)
        weekday = "一二三四五六日"[self.day.weekday()]
        return f"{_month_shown(self.day, this_year)}{self.day.day}日（周{weekday}）{self._hour_shown()}"

    def _hour_shown(self) -> str:
        if self.clock is None:
            return self.part or ""
        hour, minute = self.clock.hour, self.clock.minute
        named = [part for part, start in STARTS.items() if start <= hour and part != "深夜"]
        minutes = {0: "", 30: "半"}.get(minute, f"{minute}分")
        return f"{self.part or named[-1]}{(hour - 1) % 12 + 1 if hour else 0}点{minutes}"

    def ahead(self, now: datetime) -> bool:
        """Whether it has not come yet at `now` (aware). A span has come when its first day has."""
        begin = self.clock or time(STARTS[self.part] if self.part else 0)
        latest = now.astimezone(LOCAL)
        if self.clock or self.part:
            latest += ROUNDING
        return datetime.combine(self.day, begin, LOCAL) > latest

    def to_json(self) -> dict[str, str | None]:
        """``{"written", "day": "2026-11-22", "end": day or null, "part": text or null, "clock": "20:00" or null}``."""
        return {
            "written": self.written,
            "day": self.day.isoformat(),
            "end": self.end.isoformat() if self.end else None,
            "part": self.part,
            "clock": self.clock.strftime("%H:%M") if self.clock else None,
        }

    @classmethod
    def from_json(cls, value: Any) -> Moment:
        """The moment that `to_json` wrote. Raises ValueError for anything else."""
        try:
            end, clock = value["end"], value["clock"]
            moment = cls(
                written=value["written"],
                day=date.fromisoformat(value["day"]),
                end=date.fromisoformat(end) if end is not None else None,
                part=value["part"],
                clock=time.fromisoformat(clock) if clock is not None else None,
            )
            known = isinstance(moment.written, str) and (moment.part is None or moment.part in STARTS)
        except (KeyError, TypeError) as problem:
            raise ValueError(f"not a moment: {problem}") from None
        if not known or moment.to_json() != value or (moment.end is not None and moment.end < moment.day):
            raise ValueError("not a moment")
        return moment


def _month_shown(day: date, this_year: int) -> str:
    return f"{day.month}月" if day.year == this_year else f"{day.year}年{day.month}月"


def _span_shown(day: date, end: date, this_year: int) -> str:
    month, last = _month_shown(day, this_year), month_of(end.year, end.month).end
    if day.day == 1 and end == last:
        if (day.month, end.month) == (1, 12):
            return f"{day.year}年" if day.year == end.year else f"{day.year}年—{end.year}年"
        if (day.year, day.month) == (end.year, end.month):
            return month
        return f"{month}—{_month_shown(end, day.year)}"
    if (day.year, day.month) == (end.year, end.month):
        for word in ("初", "中旬", "底"):
            if part_of_month(month_of(day.year, day.month), word) == (day, end, None):
                return f"{month}{word}（约）"
        return f"{month}{day.day}日—{end.day}日"
    return f"{month}{day.day}日—{_month_shown(end, day.year)}{end.day}日"


def read_date(written: str, now: datetime) -> Moment | None:
    """The first time that `written` names, seen from `now` (aware).

    None if it names none, or a day or an hour that does not exist (2月30号).
    Times to come (明天, 2030年) are read too: refusing them is for the caller, who asks `Moment.ahead`.
    Raises ValueError if `now` has no time zone.
    """
    if now.tzinfo is None:
        raise ValueError("`now` needs a time zone")
    seen = _seen(written[:_MAX_CHARS])
    text = unicodedata.normalize("NFKC", seen)[:_MAX_CHARS].translate(_SIMPLIFIED)
    try:
        moment = _read(text, seen if len(written) <= WRITTEN_CHARS else None, now.astimezone(LOCAL))
    except (ValueError, OverflowError):
        # 2月30号, 9999年底, 昨天25点: written like a time, but there is none.
        return None
    return moment if moment and moment.day.year >= FIRST_YEAR else None


def _read(text: str, whole: str | None, now: datetime) -> Moment | None:
    """The first time of `text`; `whole` is what to keep as written, if not only the words read."""
    found = _first(text, now)
    tail = TAIL.match(text, found[1]) if found else None
    if found is None or tail is None or not found[2]:
        return None
    start, stop, spans = found
    if tail["part"] or tail["h"]:
        stop = tail.end()
    range_ = _range(text[stop:], spans, now)
    if range_:
        stop += range_.length
    kept = (whole or text[start:stop].strip())[:WRITTEN_CHARS]
    if range_:
        return Moment(kept, range_.day, range_.end)
    if spans[0].end or spans[0].clock:
        return Moment(kept, spans[0].day, spans[0].end, clock=spans[0].clock)
    readings = [
        Moment(kept, span.day + later * _DAY, part=part, clock=clock)
        for later, part, clock in hours(tail)
        for span in spans
    ]
    return next((reading for reading in readings if not reading.ahead(now)), readings[0])


#: Characters of traditional script that stand in words of time.
_SIMPLIFIED = str.maketrans(
    "週號點個時間鐘兩幾後禮國慶節聖誕雙過臘農曆陰舊陽歲這剛現內從開發見",
    "周号点个时间钟两几后礼国庆节圣诞双过腊农历阴旧阳岁这刚现内从开发见",
)


def _seen(written: str) -> str:
    """The text without invisible characters, in one line."""
    unseen = ("Cc", "Cf", "Cs")
    return " ".join("".join(c for c in written if c.isspace() or unicodedata.category(c) not in unseen).split())


def _denied(text: str, start: int) -> bool:
    return re.search(r"(?<!是)不是\s?在?$", text[max(0, start - 5) : start]) is not None


def _first(text: str, now: datetime) -> tuple[int, int, list[Span]] | None:
    """Where the first expression that is not denied stands, and what it may mean.

    The earliest match counts, of those that begin together the longest.
    """
    found = [(match, reader) for kind, reader in KINDS for match in kind.finditer(text)]
    at = 0
    for match, reader in sorted(found, key=lambda pair: (pair[0].start(), -pair[0].end())):
        if match.start() < at:
            continue
        if not _denied(text, match.start()):
            return match.start(), match.end(), reader(said_by(match), now)
        tail = TAIL.match(text, match.end())
        at = tail.end() if tail else match.end()
    return _hour_alone(text, at, now) or _just_now(text, at, now)


def _hour_alone(text: str, at: int, now: datetime) -> tuple[int, int, list[Span]] | None:
    """晚上八点, 20:30 or, as a whole answer, 8点 and 早上: today's, or yesterday's if today's is ahead."""
    spans = [Span(now.date()), Span(now.date() - _DAY)]
    if whole := PART_ALONE.fullmatch(text, at):
        return whole.start("part"), whole.start("part"), spans
    for match in ALONE.finditer(text, at):
        # 两点 may count points, and 一点 is a little: there must be more that says hour.
        sure = match["part"] or match["mark"] == ":" or match["min"] or match[0].endswith("钟")
        if not match["h"] or not (sure or match[0] == text.strip(" 。.,!~")):
            continue
        often = re.search(r"每|天天", text[max(0, match.start() - 4) : match.start()])
        if not often and not _denied(text, match.start()):
            return match.start(), match.start(), spans
    return None


_JUST_NOW = re.compile(r"刚才|刚刚|刚(?=[发看收被])|这会儿|(?<![到至])现在")


def _just_now(text: str, at: int, now: datetime) -> tuple[int, int, list[Span]] | None:
    match = _JUST_NOW.search(text, at)
    return (match.start(), match.end(), [Span(now.date())]) if match else None


class _Range(NamedTuple):
    day: date
    end: date
    #: Of the words that name the end, 到 included.
    length: int


_TO = re.compile(r"\s?(?:开始|起)?\s?(?:直?到|至|[-~–—]{1,2})\s?")
_NOW = re.compile(r"现在|目前|如今")


def _range(rest: str, spans: list[Span], now: datetime) -> _Range | None:
    """The days up to that which `rest` names, if it begins like 到5号."""
    to = _TO.match(rest[:40])
    if not to:
        return None
    rest = rest[to.end() : 40]
    today = now.date()
    if still := _NOW.match(rest):
        return _Range(spans[0].day, today, to.end() + still.end()) if spans[0].day < today else None
    ends = [(match, reader) for kind, reader in KINDS if (match := kind.match(rest))]
    if not ends:
        return None
    match, reader = max(ends, key=lambda pair: pair[0].end())
    ranges = [
        _Range(span.day, end, to.end() + match.end())
        for span in spans
        if (end := until(reader, said_by(match), span.day, now)) and end > span.day
    ]
    return next((found for found in ranges if found.end <= today), ranges[0] if ranges else None)
