"""The table of people who are searched for years later: its rates, counts and groups."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from fairness import ProbeResult

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(BENCHMARKS)
    age_gap = importlib.import_module("age_gap")


def _searched(person: int, rank: int | None, gap: str) -> ProbeResult:
    return ProbeResult(f"s{person:03d}", rank, {"gap": gap, "all": "all probes"})


def test_misses_are_told_with_counts_and_intervals_or_with_too_little_data() -> None:
    long = [_searched(person, 1 if person % 4 else 7, "20 years or more") for person in range(80)]
    short = [_searched(person, None, "00 to under 5 years") for person in range(12)]
    everybody, near, far = age_gap.missed(long + short)
    assert everybody[:3] == ("all probes", 92, 80)
    assert everybody[3].startswith("32 of 92: 35 % (")
    assert everybody[4].startswith("12 of 92: 13 % (")
    assert near[:3] == ("0 to under 5 years", 12, 12)
    assert near[3].startswith("12 of 12: ")
    assert far[3].startswith("20 of 80: 25 % (")
    assert far[3].endswith(" %)")
    assert far[4].startswith("0 of 80: at most ")
    assert far[5] == 0


def test_two_people_are_too_few_for_a_rate() -> None:
    everybody, _ = age_gap.missed([_searched(person, 2, "20 years or more") for person in (1, 2)])
    assert everybody[3] == "2 of 2: not enough data"
