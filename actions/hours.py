"""Words that name an hour or a part of the day, such as 晚上8点半."""

from __future__ import annotations

import re
from datetime import time

from actions.days import CN, WEEK, N, number

#: The parts of a day and the hour each begins.
STARTS = {"凌晨": 0, "早上": 5, "上午": 8, "中午": 11, "下午": 13, "傍晚": 17, "晚上": 18, "深夜": 22}

_PARTS = {
    **dict.fromkeys(("凌晨", "后半夜"), "凌晨"),
    **dict.fromkeys(("一大早", "大清早", "清早", "清晨", "早上", "早晨", "早", "晨"), "早上"),
    "上午": "上午",
    **dict.fromkeys(("中午", "正午", "晌午"), "中午"),
    **dict.fromkeys(("下午", "午后"), "下午"),
    **dict.fromkeys(("傍晚", "黄昏"), "傍晚"),
    **dict.fromkeys(("晚上", "夜晚", "晚间", "晚", "夜"), "晚上"),
    **dict.fromkeys(("三更半夜", "大半夜", "半夜", "深夜", "夜里", "夜间", "午夜"), "深夜"),
}
_LONG = "|".join(word for word in _PARTS if len(word) > 1)
#: 早就, 晚年 and (but for 昨晚一点) 晚一点 name no part of the day.
_PART = rf"(?:{_LONG}|(?!(?<![昨今前明])[早晚]一?点(?![钟半]))[早晨晚夜](?![就已经知期年恋先前日餐饭市报退会了辈婚安]))"
_PER_HOUR = r"半|[一三13]刻"
_CLOCK = (
    rf"(?!一点[都也点儿没不小事东动吧])(?P<h>{N})(?:\s?[-~到至、]\s?{N})?\s?"
    r"(?P<mark>点(?![赞评击名建意要])|时(?![候间代常])|:(?=\s?[0-5][0-9](?![0-9])))\s?"
    rf"(?P<min>{_PER_HOUR}|{N}(?=\s?分)|[{CN}十]{{2,3}}(?![{CN}十个次条位名人几多])"
    r"|[0-5][0-9](?![0-9个次条位名人几多]))?(?::[0-5][0-9])?(?:\s?分钟?|整|钟)?"
)
_ABOUT = r"(?:大概|大约|差不多|快|约)?\s?"
_TIME = rf"(?:(?P<part>{_PART})(?:\s?的?\s?(?P<part2>{_PART}))?)?\s?{_ABOUT}(?:{_CLOCK})?"
#: What may follow a day: （周日）, 那天, 晚上8点半.
TAIL = re.compile(
    rf"\s?(?:\(?{WEEK}[一二三四五六日天]\)?)?\s?(?:那天|当天|这天|那(?=晚))?\s?[的,、T]?\s?{_ABOUT}{_TIME}"
)


def hours(said: re.Match[str]) -> list[tuple[int, str | None, time | None]]:
    """What the words of `_TIME` may mean, likeliest first: days later, part of the day, time."""
    parts = [_PARTS[word] for word in (said["part"], said["part2"]) if word]
    part = parts[-1] if parts else None
    # 昨晚凌晨: of the day after.
    later = int(bool(parts) and parts[0] in ("晚上", "深夜"))
    if not said["h"]:
        if part == "凌晨":
            return [(later, part, None)]
        return [(0, part, None), (0, "凌晨", None)] if part == "深夜" else [(0, part, None)]
    # Of 八九点 and 十一二点, the first.
    about = re.fullmatch(r"(十?[一二两三四五六七八九])[一二三四五六七八九]", said["h"])
    hour, minute = number(about[1] if about else said["h"]), _minutes(said["min"] or "0")
    if hour == 24:
        return [(1, None, time(0, minute))]
    if hour > 12:
        return [(0, None, time(hour, minute))]
    if part == "凌晨":
        return [(later, part, time(hour % 12, minute))]
    if part in ("晚上", "深夜"):
        if hour in (0, 12) or hour < (6 if part == "深夜" else 5):
            small = time(hour % 12, minute)
            return [(1, "凌晨", small), (0, "凌晨", small)] if part == "深夜" else [(1, "凌晨", small)]
        return [(0, part, time(hour + 12, minute))]
    if part in ("下午", "傍晚") or (part == "中午" and hour < 5):
        return [(0, part, time(hour % 12 + 12, minute))]
    if part is None and 1 <= hour <= 5 and said["mark"] == "点" and not said["h"].startswith("0"):
        return [(0, None, time(hour + 12, minute)), (0, None, time(hour, minute))]
    return [(0, part, time(hour, minute))]


def _minutes(text: str) -> int:
    if text == "半":
        return 30
    return 15 * number(text[0]) if text.endswith("刻") else number(text)


ALONE = re.compile(rf"(?<![0-9A-Za-z{CN}十.:/-])(?={_PART}|{N}){_TIME}")
#: A whole answer that is a part of the day.
PART_ALONE = re.compile(
    rf"\W*(?:就|大概|好像|应该|是|在|我){{0,3}}(?P<part>{_LONG})"
    r"(?:的时候|时候|左右|发布的|发的|看到的|看见的|的|吧|了){0,3}\W*"
)
