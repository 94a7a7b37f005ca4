"""The lunar calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from actions import lunar


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
