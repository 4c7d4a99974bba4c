"""How often a nominal 95 % interval holds the true rate, where comparisons share subjects.

    python benchmarks/interval_coverage.py [--datasets 1500] [--photos TEXT ...] [--record NAME]

Subjects differ in how easily they are missed or mistaken, so that the true rate is known and
comparisons are not independent. They have 2 to 6 photos each. In further rows they have 1 to 300
photos, a Pareto number with the exponent 1, cut off; or 120 people have two photos each and one
more person has 20, 50 or 300. `--photos` runs only the rows of such photos.

- misses: all pairs of photos of one subject; each subject's own rate is drawn from a beta
  distribution with the correlation given (a beta-binomial).
- false matches: all pairs of photos of different subjects; a pair of subjects is mistaken with
  chance Phi(c + u_i + u_j), u normal with the standard deviation given, c such that the mean is
  the rate; or, for "lambs", one subject in ten is five times as easily mistaken as the others.

Four intervals: ours (Wilson with effective trials), Wilson as if all comparisons were independent,
the bootstrap that draws comparisons, and the bootstrap that draws subjects.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from audit_cohorts import MOST_PHOTOS, heavy_tail
from numpy.typing import NDArray
from recording import Cell, Record
from scipy.special import ndtr, ndtri

from fairness.differentials import percentile_limits, resample
from fairness.rates import FEWEST_ERRORS, CompleteTrials, Counts, PairCounts, SubjectCounts, wilson

SIZES = (50, 200)
ORDINARY = 120  # people with two photos each, beside one who has many
READABLE = ("ok", "limited")
"""Statuses that show a rate with limits."""
METHODS = ("ours", "independent", "draw comparisons", "draw subjects")


@dataclass(frozen=True)
class Setting:
    """A kind of error, its true rate, and how much subjects differ."""

    errors: str  # "misses", "false matches" or "lambs"
    rate: float
    spread: float  # correlation, or standard deviation of u; unused for lambs
    photos: str = "2 to 6"  # "2 to 6", "1 to 300", or "one of" and the number of that person


SETTINGS = (
    Setting("misses", 0.02, 0.1),
    Setting("misses", 0.05, 0.1),
    Setting("misses", 0.05, 0.3),
    Setting("misses", 0.2, 0.3),
    Setting("false matches", 0.03, 0.0),
    Setting("false matches", 0.03, 0.3),
    Setting("false matches", 0.01, 0.3),
    Setting("false matches", 0.003, 0.3),
    Setting("false matches", 0.01, 0.5),
    Setting("false matches", 0.003, 0.5),
    Setting("lambs", 0.01, 0.0),
    Setting("lambs", 0.003, 0.0),
    Setting("misses", 0.05, 0.1, "1 to 300"),
    Setting("misses", 0.05, 0.3, "1 to 300"),
    Setting("misses", 0.2, 0.3, "1 to 300"),
    Setting("false matches", 0.01, 0.3, "1 to 300"),
    Setting("false matches", 0.01, 0.5, "1 to 300"),
    Setting("lambs", 0.01, 0.0, "1 to 300"),
)
ONE_WITH_MANY = tuple(
    Setting(errors, rate, spread, f"one of {photos}")
    for errors, rate, spread in (("misses", 0.1, 0.1), ("false matches", 0.01, 0.3))
    for photos in (20, 50, MOST_PHOTOS)
)
ROWS = (
    *((setting, subjects) for subjects in SIZES for setting in SETTINGS),
    *((setting, ORDINARY + 1) for setting in ONE_WITH_MANY),
)
"""Each setting and a number of subjects."""


@dataclass(frozen=True)
class Coverage:
    """Share of datasets whose interval holds the rate, by method, of those with enough errors.

    `few` is the share with fewer errors than a variance is made of, where only our bound is asked
    for; `bound_holds` is how often that bound holds. `below` and `above` say on which side of our
    interval the rate lies where it is missed. nan where there are no such datasets.

    `shown` is the share of datasets whose status shows a rate with limits, and `held_shown` is how
    often our interval holds the rate in these. `not_enough` is the share whose status shows
    neither a rate nor a bound.
    """

    setting: Setting
    subjects: int
    datasets: int
    held: dict[str, float]
    below: float
    above: float
    few: float
    bound_holds: float
    shown: float
    held_shown: float
    not_enough: float


def photos_of(setting: Setting, subjects: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw the number of photos of each subject, shape (subjects,)."""
    if setting.photos == "2 to 6":
        return rng.integers(2, 7, subjects)
    if setting.photos == "1 to 300":
        return heavy_tail(subjects, MOST_PHOTOS, rng)
    photos = np.full(subjects, 2)
    photos[0] = int(setting.photos.removeprefix("one of "))
    return photos


def dataset(setting: Setting, subjects: int, rng: np.random.Generator) -> Counts:
    """Draw the comparisons of one cohort."""
    photos = photos_of(setting, subjects, rng)
    if setting.errors == "misses":
        trials = photos * (photos - 1) // 2
        share = (1 - setting.spread) / setting.spread
        own = rng.beta(setting.rate * share, (1 - setting.rate) * share, subjects)
        return SubjectCounts(rng.binomial(trials, own), trials)
    left, right = np.triu_indices(subjects, 1)
    if setting.errors == "lambs":
        ease = np.where(rng.random(subjects) < 0.1, 5.0, 1.0) / 1.4  # of mean 1
        chance = setting.rate * ease[left] * ease[right]
    else:
        centre = ndtri(setting.rate) * math.sqrt(1 + 2 * setting.spread**2)
        u = rng.normal(0, setting.spread, subjects)
        chance = ndtr(centre + u[left] + u[right])
    errors = rng.binomial(photos[left] * photos[right], chance)
    hit = errors > 0
    return PairCounts(left[hit], right[hit], errors[hit], CompleteTrials(photos, photos, same=True))


def intervals(
    counts: Counts, draws: int, rng: np.random.Generator
) -> dict[str, tuple[float, float]]:
    """Return the limits by method."""
    rate = counts.rate()
    rows = rng.binomial(rate.trials, rate.estimate, draws) / rate.trials
    subjects = resample([counts], draws=draws, seed=int(rng.integers(1 << 31))).rates[0]
    return {
        "ours": (rate.low, rate.high),
        "independent": wilson(rate.errors, rate.trials),
        "draw comparisons": percentile_limits(rows) or (rate.estimate, rate.estimate),
        "draw subjects": percentile_limits(subjects) or (rate.estimate, rate.estimate),
    }


def coverage(setting: Setting, subjects: int, datasets: int, draws: int) -> Coverage:
    """Draw datasets, and count how often each interval holds the rate."""
    rng = np.random.default_rng(_seed(setting, subjects))
    held = dict.fromkeys(METHODS, 0)
    below = above = few = bound_holds = shown = held_shown = not_enough = 0
    for _ in range(datasets):
        counts = dataset(setting, subjects, rng)
        rate = counts.rate()
        holds = rate.low <= setting.rate <= rate.high
        if rate.status in READABLE:
            shown += 1
            held_shown += holds
        not_enough += rate.status not in (*READABLE, "bound_only")
        if rate.errors < FEWEST_ERRORS:
            few += 1
            bound_holds += setting.rate <= rate.high
            continue
        limits = intervals(counts, draws, rng)
        for method, (low, high) in limits.items():
            held[method] += low <= setting.rate <= high
        below += setting.rate < rate.low
        above += setting.rate > rate.high
    enough = datasets - few
    return Coverage(
        setting,
        subjects,
        datasets,
        {method: _share(count, enough) for method, count in held.items()},
        _share(below, enough),
        _share(above, enough),
        few / datasets,
        _share(bound_holds, few),
        shown / datasets,
        _share(held_shown, shown),
        not_enough / datasets,
    )


def _seed(setting: Setting, subjects: int) -> list[int]:
    numbers = [subjects, round(setting.rate * 1e4), round(setting.spread * 10)]
    return numbers if setting.photos == "2 to 6" else [*numbers, crc32(setting.photos.encode())]


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


SETTING_COLUMNS = ("errors", "photos of a subject", "true rate", "spread", "subjects")
HELD_COLUMNS = (
    "our interval held",
    "independent comparisons held",
    "comparisons drawn again held",
    "subjects drawn again held",
    "rate below ours",
    "rate above ours",
)
STATUS_COLUMNS = (
    "fewer than 5 errors",
    "of those, our bound held",
    "rate shown",
    "of those, it holds the rate",
    "not enough data",
)


def show(record: Record, results: Sequence[Coverage]) -> None:
    """Add how often the intervals held the rate, and what the statuses said."""
    held: list[Sequence[Cell]] = []
    statuses: list[Sequence[Cell]] = []
    for one in results:
        settings = _setting_cells(one)
        shares = (*(one.held[method] for method in METHODS), one.below, one.above)
        held.append((*settings, *map(_percent, shares)))
        few = _percent(one.few, 0), _percent(one.bound_holds, 0)
        shown = _percent(one.shown, 0), _percent(one.held_shown)
        statuses.append((*settings, *few, *shown, _percent(one.not_enough, 0)))
    record.table("intervals", (*SETTING_COLUMNS, *HELD_COLUMNS), held)
    record.table("statuses", (*SETTING_COLUMNS, *STATUS_COLUMNS), statuses)
    datasets = sorted({one.datasets for one in results})
    record.table("size", ("what", "count"), [("datasets of each row", one) for one in datasets])


def _setting_cells(result: Coverage) -> tuple[str, str, str, str, int]:
    setting = result.setting
    lambs = setting.errors == "lambs"
    errors = "false matches, lambs" if lambs else setting.errors
    spread = "" if lambs else f"{setting.spread:g}"
    return errors, setting.photos, f"{100 * setting.rate:g} %", spread, result.subjects


def _percent(share: float, digits: int = 1) -> str:
    """Return a share as text; nothing where there are no datasets to count."""
    return "" if math.isnan(share) else f"{100 * share:.{digits}f} %"


def main() -> None:
    """Run all settings and record the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--datasets", type=int, default=1500)
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--photos", nargs="*", default=[""], help="parts, as in 'one of'")
    record = Record.begin(__file__, parser)
    options = record.options
    results = []
    for setting, subjects in ROWS:
        if any(part in setting.photos for part in options.photos):
            result = coverage(setting, subjects, options.datasets, options.draws)
            held = f"{100 * result.held['ours']:.1f}"
            print(*_setting_cells(result), f"held {held} %", file=sys.stderr, flush=True)
            results.append(result)
    show(record, results)
    record.write()


if __name__ == "__main__":
    main()
