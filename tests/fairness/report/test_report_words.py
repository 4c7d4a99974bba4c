"""Numbers and names as a reader of the report sees them."""

import pytest

from fairness.report.formatting import interval, one_in, p_value, percent, significant, written
from fairness.report.wording import GLOSSARY, factor_title, group_title, rate_meaning, rate_name


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.067, "6.7 %"),
        (0.5, "50.0 %"),
        (0.00123, "0.12 %"),
        (0.00001, "0.0010 %"),
        (0.9997, "99.970 %"),
        (-0.021, "-2.1 %"),
    ],
)
def test_shares_are_written_with_two_digits_that_count(share: float, text: str) -> None:
    assert plain(percent(share)) == text


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{MINUS SIGN}", "-")


@pytest.mark.parametrize(
    ("low", "high", "estimate", "text"),
    [
        (0.0591, 0.0762, 0.067, "5.9 to 7.6 %"),
        (0.0, 0.004, 0.0012, "0 to 0.40 %"),
        (0.00002, 0.03, 0.012, "0.0020 to 3.0 %"),  # not 0.0, which it is not
        (0.9, 1.0, 0.97, "90.0 to 100 %"),
    ],
)
def test_an_interval_is_written_like_its_estimate(
    low: float, high: float, estimate: float, text: str
) -> None:
    assert plain(interval(low, high, estimate, "rate")) == text


def test_points_scores_ratios_and_small_p() -> None:
    assert plain(interval(-0.041, 0.003, -0.02, "points")) == "-4.1 to 0.3 points"
    assert plain(written(-0.0001, "score")) == "0.000"
    assert significant(4.1) == "4.1"
    assert significant(1234.6) == "1,235"
    assert significant(0.000123456) == "0.000123"
    assert p_value(0.0004) == "under 0.001"
    assert written(None, "rate") == "\N{EN DASH}"
    assert written(12345, "count") == "12,345"


@pytest.mark.parametrize(("share", "text"), [(0.067, "1 in 15"), (1e-5, "1 in 100,000"), (0.7, "")])
def test_shares_as_one_in_so_many(share: float, text: str) -> None:
    assert one_in(share) == text


@pytest.mark.parametrize(
    ("group", "text"),
    [
        ("04 to under 08", "4 to under 8"),
        ("04.5 to under 08", "4.5 to under 8"),
        ("04.25 to under 08.125", "4.25 to under 8.125"),
        ("0 to under 3 months", "0 to under 3 months"),
        ("18 months to under 4 years", "18 months to under 4 years"),
        ("65 and over", "65 and over"),
        ("08 to under 13, female", "8 to under 13, female"),
        ("cohort 007", "cohort 007"),
    ],
)
def test_bands_are_written_without_zeros_in_front(group: str, text: str) -> None:
    assert group_title(group) == text


def test_names_of_rates_and_factors_are_for_readers() -> None:
    assert rate_name("FNMR_counted") == "FNMR (counted)"
    assert rate_name("selectivity") == "selectivity"
    assert (
        factor_title("age*capture_type") == "age at capture \N{MULTIPLICATION SIGN} kind of photo"
    )
    assert rate_meaning("FNMR_counted") == dict(GLOSSARY)["False non-match rate (FNMR)"]
