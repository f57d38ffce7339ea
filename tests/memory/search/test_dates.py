from __future__ import annotations

from datetime import date

import pytest

from persona_cli.memory.search.dates import overlap, periods

AT = date(2023, 6, 14)  # a Wednesday


def days(first: date, last: date | None = None) -> tuple[int, int]:
    return first.toordinal(), (last or first).toordinal()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Where was I in May 2023?", days(date(2023, 5, 1), date(2023, 5, 31))),
        ("on 3 March", days(date(2023, 3, 3))),
        ("on the 3rd of March, 2021", days(date(2021, 3, 3))),
        ("December 24th", days(date(2022, 12, 24))),
        ("Feb 2024", days(date(2024, 2, 1), date(2024, 2, 29))),
        ("2023-06-01", days(date(2023, 6, 1))),
        ("in 2019", days(date(2019, 1, 1), date(2019, 12, 31))),
        ("yesterday", days(date(2023, 6, 13))),
        ("last week", days(date(2023, 6, 5), date(2023, 6, 11))),
        ("last month", days(date(2023, 5, 1), date(2023, 5, 31))),
        ("last year", days(date(2022, 1, 1), date(2022, 12, 31))),
        ("two days ago", days(date(2023, 6, 12))),
        ("last Friday", days(date(2023, 6, 9))),
        ("today", days(AT)),
    ],
)
def test_the_days_that_a_text_names(text: str, expected: tuple[int, int]) -> None:
    assert periods(text, AT) == [expected]


@pytest.mark.parametrize("text", ["", "I may march on", "2023-02-30", "chapter 2023", "the year", "at 5 o'clock"])
def test_a_text_that_names_no_day_has_no_periods(text: str) -> None:
    assert periods(text, AT) == []


@pytest.mark.parametrize("at", [date(1, 1, 1), date(9999, 12, 31), date(2024, 2, 29)])
def test_no_day_is_too_early_or_too_late(at: date) -> None:
    for text in ("last year", "next year", "last month", "next month", "99999 years ago", "in May", "last winter"):
        assert all(first <= last for first, last in periods(text, at))


def test_periods_overlap_when_they_share_a_day() -> None:
    assert overlap((1, 5), (5, 9)) and overlap((2, 3), (1, 9))
    assert not overlap((1, 4), (5, 9))
