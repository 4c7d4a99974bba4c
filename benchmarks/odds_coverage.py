"""How often a nominal 95 % interval of an odds ratio holds the true one.

    python benchmarks/odds_coverage.py [--cohorts 500]

Errors follow a logistic model with known odds ratios of sex (1.6) and of poor quality (2.2). Half
of the spread of each trial is that of its person, so that trials of one person go together.
Everybody has 5 trials, or the trials follow Zipf's law: most people have one, a few have up to 45.
The interval is that of `fairness.differentials.odds_ratios`, with the other factor held fixed.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter

import numpy as np
from recording import Record
from scipy.special import expit, ndtr

from fairness.differentials import Levels, odds_ratios

SEX, POOR = 0.5, 0.8  # log odds ratios
MOST = 45
ROWS = tuple((people, power) for people in (100, 240, 1000) for power in (None, 2.2, 1.8))


def measured(people: int, power: float | None, cohorts: int) -> tuple[Counter[str], Counter[str]]:
    """Return in how many cohorts each level got an interval, and in how many it held the truth."""
    given, held = Counter[str](), Counter[str]()
    for seed in range(cohorts):
        rng = np.random.default_rng(seed)
        trials = np.full(people, 5) if power is None else np.minimum(rng.zipf(power, people), MOST)
        subjects = np.repeat(np.arange(people), trials)
        sexes = rng.choice(["female", "male"], people)[subjects]
        quality = np.where(rng.random(len(subjects)) < 0.4, "poor", "good")
        own, shared = rng.normal(size=len(subjects)), rng.normal(size=people)[subjects]
        log_odds = -1.2 + SEX * (sexes == "female") + POOR * (quality == "poor")
        errors = ndtr(math.sqrt(0.5) * own + math.sqrt(0.5) * shared) < expit(log_odds)
        factors = [Levels("sex", sexes, "male"), Levels("quality", quality, "good")]
        truth = {"female": math.exp(SEX), "poor": math.exp(POOR)}
        for one in odds_ratios(errors, subjects, factors):
            if one.adjusted is not None and one.level in truth:
                given[one.level] += 1
                held[one.level] += one.adjusted.low <= truth[one.level] <= one.adjusted.high
    return given, held


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--cohorts", type=int, default=500)
    record = Record.begin(__file__, parser)
    cohorts = record.options.cohorts
    rows = []
    for people, power in ROWS:
        given, held = measured(people, power, cohorts)
        shares = [
            f"{100 * held[level] / given[level]:.1f} %" if given[level] else None
            for level in ("female", "poor")
        ]
        spread = "5" if power is None else f"Zipf, {power}"
        rows.append((people, spread, f"{100 * given['female'] / cohorts:.0f} %", *shares))
    record.table(
        "coverage",
        ("people", "trials a person", "interval given", "sex held", "quality held"),
        rows,
    )
    record.write()


if __name__ == "__main__":
    main()
