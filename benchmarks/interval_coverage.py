"""How often a nominal 95 % interval holds the true rate, where comparisons share subjects.

    python benchmarks/interval_coverage.py [--datasets 1500] [--photos TEXT ...] [--out FILE]

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
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
from audit_cohorts import MOST_PHOTOS, heavy_tail
from numpy.typing import NDArray
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


def show(result: Coverage) -> str:
    """Return a row of the table in docs/evidence/interval-coverage.md."""
    setting = result.setting
    spread = "" if setting.errors == "lambs" else f"{setting.spread:g}"
    held = " | ".join(f"{100 * result.held[method]:.1f}" for method in METHODS)
    few = f"{100 * result.few:.0f}"
    bound = "" if math.isnan(result.bound_holds) else f"{100 * result.bound_holds:.0f}"
    held_shown = "" if math.isnan(result.held_shown) else f"{100 * result.held_shown:.1f}"
    return (
        f"| {setting.errors} | {setting.photos} | {100 * setting.rate:g} | {spread} "
        f"| {result.subjects} | {held} | {100 * result.below:.1f} / {100 * result.above:.1f} "
        f"| {few} | {bound} | {100 * result.shown:.0f} | {held_shown} "
        f"| {100 * result.not_enough:.0f} |"
    )


def main() -> None:
    """Run all settings and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--datasets", type=int, default=1500)
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--photos", nargs="*", default=[""], help="parts, as in 'one of'")
    parser.add_argument("--out", type=Path, default=Path("results/coverage.json"))
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    results = []
    for setting, subjects in ROWS:
        if any(part in setting.photos for part in options.photos):
            result = coverage(setting, subjects, options.datasets, options.draws)
            print(show(result), flush=True)
            results.append(asdict(result))
            options.out.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
