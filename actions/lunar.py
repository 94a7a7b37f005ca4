"""China's lunar calendar, 2015 to 2035, and the days of festivals, lunar or not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

#: Per lunar year: its first day, its leap month (0: none), the lengths of its months (1: 30 days, 0: 29). Computed
#: from the lunar calendar's own rule (a month begins on the day of the new moon in China's time; new moons after Meeus,
#: Astronomical Algorithms, chapter 49). ICU's calendar is a day off after the new moons near midnight of November 2018,
#: February 2027 and February 2030; on all other days the two agree.
_YEARS: dict[int, tuple[date, int, str]] = {
    2015: (date(2015, 2, 19), 0, "010010111010"),
    2016: (date(2016, 2, 8), 0, "101001011011"),
    2017: (date(2017, 1, 28), 6, "0101001010111"),
    2018: (date(2018, 2, 16), 0, "010100101011"),
    2019: (date(2019, 2, 5), 0, "101010010011"),
    2020: (date(2020, 1, 25), 4, "0111010010101"),
    2021: (date(2021, 2, 12), 0, "011010101010"),
    2022: (date(2022, 2, 1), 0, "101011010101"),
    2023: (date(2023, 1, 22), 2, "0100110110101"),
    2024: (date(2024, 2, 10), 0, "010010110110"),
    2025: (date(2025, 1, 29), 6, "1010010101110"),
    2026: (date(2026, 2, 17), 0, "101001001110"),
    2027: (date(2027, 2, 6), 0, "110100100110"),
    2028: (date(2028, 1, 26), 5, "1110100100110"),
    2029: (date(2029, 2, 13), 0, "110101010011"),
    2030: (date(2030, 2, 3), 0, "010110101010"),
    2031: (date(2031, 1, 23), 3, "0110101101010"),
    2032: (date(2032, 2, 11), 0, "100101101101"),
    2033: (date(2033, 1, 31), 11, "0100101011101"),
    2034: (date(2034, 2, 19), 0, "010010101101"),
    2035: (date(2035, 2, 8), 0, "101001001101"),
}


def month(year: int, number: int, leap: bool = False) -> tuple[date, date] | None:
    """First and last day of a month of a lunar year; None outside the table or if there is no such month."""
    first, leap_month, lengths = _YEARS.get(year, (date.min, 0, ""))
    if not lengths or not 1 <= number <= 12 or (leap and number != leap_month):
        return None
    index = number - 1 + (leap or 0 < leap_month < number)
    start = first + timedelta(days=sum(29 + int(length) for length in lengths[:index]))
    return start, start + timedelta(days=28 + int(lengths[index]))


def day(year: int, month_number: int, number: int, leap: bool = False) -> date | None:
    """A day of a lunar year; None outside the table or if there is no such day."""
    span = month(year, month_number, leap)
    found = span and span[0] + timedelta(days=number - 1)
    return found if span and found and span[0] <= found <= span[1] else None


def new_years_eve(year: int) -> date | None:
    """除夕 of the lunar year that begins in `year`: the day before its first."""
    first = day(year, 1, 1)
    return first - timedelta(days=1) if first else None


def clear_and_bright(year: int) -> date:
    """清明, by the usual formula for this century."""
    return date(year, 4, int(year % 100 * 0.2422 + 4.81) - year % 100 // 4)


def _on(month: int, number: int) -> Callable[[int], date | None]:
    return lambda year: date(year, month, number)


def _on_lunar(month: int, number: int) -> Callable[[int], date | None]:
    return lambda year: day(year, month, number)


#: A festival's names, its day in a year, how many days people mean by 期间 or 假期.
_FESTIVALS: tuple[tuple[str, Callable[[int], date | None], int], ...] = (
    ("元旦", _on(1, 1), 3),
    ("除夕 大年三十 年三十 大年夜", new_years_eve, 3),
    ("春节 过年", _on_lunar(1, 1), 7),
    ("元宵", _on_lunar(1, 15), 3),
    ("情人节", _on(2, 14), 3),
    ("三八节 三八妇女节 妇女节", _on(3, 8), 3),
    ("清明", clear_and_bright, 3),
    ("五一劳动 劳动节 五一", _on(5, 1), 5),
    ("端午", _on_lunar(5, 5), 3),
    ("六一儿童 儿童节 六一", _on(6, 1), 3),
    ("618 六一八", _on(6, 18), 3),
    ("七夕", _on_lunar(7, 7), 3),
    ("中秋", _on_lunar(8, 15), 3),
    ("教师节", _on(9, 10), 3),
    ("十一国庆 国庆 十一", _on(10, 1), 7),
    ("重阳", _on_lunar(9, 9), 3),
    ("万圣节", _on(10, 31), 3),
    ("双十一 双11", _on(11, 11), 3),
    ("腊八", _on_lunar(12, 8), 3),
    ("双十二 双12", _on(12, 12), 3),
    ("平安夜", _on(12, 24), 3),
    ("圣诞", _on(12, 25), 3),
)
#: By name: the day in a year, and those days.
FESTIVALS = {name: (on, days) for names, on, days in _FESTIVALS for name in names.split()}
