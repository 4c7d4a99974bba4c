"""Ages and days: read exactly, or refused; nothing in between."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairness.manifests import DAYS_PER_YEAR, age_in_years, calendar_day


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("7", 7),
        ("7.5", 7.5),
        ("7,5", 7.5),
        ("3 months", 0.25),
        ("3m", 0.25),
        ("18 mo", 1.5),
        ("2y 6m", 2.5),
        ("2 years, 6 months", 2.5),
        ("1 Year", 1),
        ("1.5 yrs", 1.5),
        ("6 weeks", 42 / DAYS_PER_YEAR),
        ("10 days", 10 / DAYS_PER_YEAR),
    ],
)
def test_an_age_is_read_in_years(text: str, years: float) -> None:
    assert age_in_years(text) == pytest.approx(years, abs=1e-12)


@pytest.mark.parametrize(
    "text", ["ten", "3-4", "m", "months", "6m 2y", "about 3", "3 months?", "2 y old", "0-2", "70+"]
)
def test_what_is_no_age_is_not_guessed_at(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        age_in_years(text)


@given(years=st.integers(0, 120), months=st.integers(0, 11))
def test_years_and_months_add_up(years: int, months: int) -> None:
    whole = years + months / 12
    for text in (f"{years}y {months}m", f"{years} years {months} months", f"{years}yr{months}mo"):
        assert age_in_years(text) == pytest.approx(whole, abs=1e-12)
    assert age_in_years(f"{12 * years + months} months") == pytest.approx(whole, abs=1e-12)


@given(day=st.dates())
def test_a_day_is_read_as_it_is_written(day: date) -> None:
    for end in ("", " 00:00:00", "T00:00:00", " 00:00"):
        assert calendar_day(f"{day.isoformat()}{end}") == day


@pytest.mark.parametrize("text", ["28.5.2019", "05/06/2019", "2019-13-01", "2019-05-28 12:30:00"])
def test_another_day_is_refused_as_it_stands(text: str) -> None:
    with pytest.raises(ValueError, match=r"^'" + text.replace(".", r"\.") + "'$"):
        calendar_day(text)


@pytest.mark.parametrize("text", ["2019", "2019-05"])
def test_a_year_or_a_month_is_told_where_to_go(text: str) -> None:
    with pytest.raises(ValueError, match="names no day: leave it empty, and write age_at_capture"):
        calendar_day(text)
