"""How a moment is shown, and how it is kept as JSON."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from actions.dates import LOCAL, WRITTEN_CHARS, Moment, read_date
from tests.unit.actions.times import DAYS, NOW, SPANS, read


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


def test_of_a_long_text_the_words_that_name_the_time_are_kept() -> None:
    long = "他一直在骂我" * 20
    assert read(f"{long}，前天晚上10点半，{long}").written == "前天晚上10点半"
    assert read(f"{long}，11月20号晚上到22号，{long}").written == "11月20号晚上到22号"
    assert read("  昨天\n 晚上 ").written == "昨天 晚上"
    assert len(read("昨天" + "　" * 90 + "晚上").written) <= WRITTEN_CHARS


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
