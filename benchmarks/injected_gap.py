"""Whether the audit finds a gap that was put there, and only then.

    python benchmarks/injected_gap.py [--seeds 20] [--subjects 120] [--out FILE] [--record NAME]

Rendered people of four skin-tone bands are enrolled at 8 years and searched for at 13, every probe
shrunk to the same size. `fairness.audit` judges the vectors as it would for a user: comparisons at
one threshold, and searches of a gallery that holds everybody. Three arms for each seed:

- injected: the probes of one band (another one each seed) have half the resolution of the others.
  The audit should name that band for its misses, and no other that the next arm does not name.
- none: nothing injected, exposure equalised. What is named is a gap of the renderer and the model.
- shuffled: nothing injected and the bands dealt out by chance, so that there is no gap by
  construction. Bands must be named no more often than the stated error rate says, for each rate.

A band is named if the table of tests gives it as more than chance and its rate is above that of the
others. Misses and false matches are counted apart: rendered people of one tone may look more alike
than those of another.

Runs on one core for each seed; seeds that the file --out holds, with the same numbers, are not run
again.
The vectors of the rendered photos are kept in the folder --vectors for the next run.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Collection, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from audit_findings import Findings, findings
from numpy.typing import NDArray
from recording import Record

from fairness import (
    AuditReport,
    AuditSettings,
    Cohort,
    EmbeddingScores,
    Sample,
    audit,
    clopper_pearson,
)
from fairness.tables import OVERALL
from matcher.degradation import shrink
from matcher.embedding import Extractor, load_extractor
from matcher.synthetic import CohortSpec, render_photo, tone_of_monk

BANDS = {"monk 3": 3, "monk 5": 5, "monk 7": 7, "monk 9": 9}
ENROLLED_AT, SEARCHED_AT = 8.0, 13.0  # years
SIDE, QUALITY = 96, 60  # the probes' size in pixels and JPEG quality
FMR = 0.01  # at 0.001, four of five of these small probes would be missed
FACTOR = "tone band"
MISSES = ("FNMR", "FNMR_counted", "FTA", "FNIR", "FNIR_counted")
FALSE_MATCHES = ("FMR", "FPIR", "selectivity")

Vectors = NDArray[np.float32]
Named = list[tuple[str, str]]
"""Error rates and the bands that were named for them."""


@dataclass(frozen=True)
class Arm:
    """What the audit of one arm named: in the table of tests, and on the first page."""

    tests: Named
    page: Named


@dataclass(frozen=True)
class Outcome:
    """What the audits of one seed named, by arm, and the misses of the injected band in words."""

    subjects: int
    draws: int
    seed: int
    injected_band: str
    arms: dict[str, Arm]
    gap: str


@dataclass(frozen=True)
class Rendered:
    """Vectors of the people of one seed: enrolled, searched for, and with half the resolution.

    Each is a float32 array of shape (subjects, d); a row is 0 if no face was found.
    """

    enrolled: Vectors
    probes: Vectors
    halved: Vectors


def run_seed(subjects: int, draws: int, seed: int, folder: Path) -> Outcome:
    """Search and audit the three arms of one seed."""
    rendered = vectors_of(subjects, seed, folder)
    labels = [list(BANDS)[subject % len(BANDS)] for subject in range(subjects)]
    band = list(BANDS)[seed % len(BANDS)]
    inside = np.array(labels) == band
    injected = np.where(inside[:, None], rendered.halved, rendered.probes)
    dealt = [str(label) for label in np.random.default_rng(seed).permutation(labels)]
    reports = {
        "injected": audited(rendered.enrolled, injected, labels, seed, draws),
        "none": audited(rendered.enrolled, rendered.probes, labels, seed, draws),
        "shuffled": audited(rendered.enrolled, rendered.probes, dealt, seed, draws),
    }
    arms = {name: _arm(findings(report, FACTOR)) for name, report in reports.items()}
    return Outcome(subjects, draws, seed, band, arms, _misses(reports["injected"], band))


def vectors_of(subjects: int, seed: int, folder: Path) -> Rendered:
    """Render the people of one seed and return their vectors, kept in a folder for the next run."""
    kept = folder / f"{subjects}-people-seed-{seed}.npz"
    if kept.exists():
        with np.load(kept) as arrays:
            return Rendered(**arrays)
    import torch

    torch.set_num_threads(1)
    extractor = load_extractor()
    enrolled = _vectors(extractor, _photos(seed, subjects, ENROLLED_AT))
    later = _photos(seed, subjects, SEARCHED_AT)
    probes, halved = (
        _vectors(extractor, [shrink(pixels, side, QUALITY) for pixels in later])
        for side in (SIDE, SIDE // 2)
    )
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(kept, enrolled=enrolled, probes=probes, halved=halved)
    return Rendered(enrolled, probes, halved)


def audited(
    enrolled: Vectors, probes: Vectors, labels: Sequence[str], seed: int, draws: int
) -> AuditReport:
    """Audit the comparisons and searches of people with two photos each."""
    samples = [
        Sample(
            f"{age:02.0f}-{subject:05d}",
            f"{subject:05d}",
            age_at_capture=age,
            labels={FACTOR: label},
        )
        for age in (ENROLLED_AT, SEARCHED_AT)
        for subject, label in enumerate(labels)
    ]
    vectors = np.concatenate([enrolled, probes])
    scores = EmbeddingScores(
        Cohort.of(samples, name="rendered people"),
        vectors,
        ["" if vector.any() else "no face" for vector in vectors],
    )
    settings = AuditSettings(factors=(FACTOR,), fmr=FMR, share=1.0, draws=draws, seed=seed)
    return audit(scores, settings, matcher={"model": "the default model"})


def _arm(said: Findings) -> Arm:
    return Arm(_pairs(said.in_tests & said.higher), _pairs(said.on_page & said.higher))


def _pairs(named: Collection[tuple[str, str]]) -> Named:
    return sorted((metric, group) for metric, group in named)


def _misses(report: AuditReport, band: str) -> str:
    counts = []
    for name in (OVERALL, band):
        (row,) = report.table("rates").where(group=name, metric="FNMR")
        counts.append(f"{name} {row['errors']} of {row['trials']}")
    return f"FNMR, {', '.join(counts)}"


def _photos(seed: int, subjects: int, age: float) -> list[NDArray[np.uint8]]:
    tones = tuple(tone_of_monk(number) for number in BANDS.values())
    spec = CohortSpec(subjects, ages=(age,), seed=seed, tones=tones, exposure="equalised")
    return [render_photo(spec, subject, age).pixels for subject in range(subjects)]


def _vectors(extractor: Extractor, photos: Sequence[NDArray[np.uint8]]) -> Vectors:
    found = [
        item.faces[0].vector if item.faces else None
        for item in extractor.extract_many(photos, choose="largest", purpose="pairs")
    ]
    length = max(len(vector) for vector in found if vector is not None)
    return np.stack([np.zeros(length, np.float32) if v is None else v for v in found])


ROWS = (
    ("injected", "that band, for FNMR", "that", ("FNMR",)),
    ("injected", "that band, for any rate of misses", "that", MISSES),
    ("injected", "another band, not named without the gap", "another", MISSES),
    ("none", "any band, for any rate of misses", "any", MISSES),
    ("none", "any band, for FMR", "any", ("FMR",)),
    ("shuffled", "any band, for FNMR", "any", ("FNMR",)),
    ("shuffled", "any band, for FNIR", "any", ("FNIR",)),
    ("shuffled", "any band, for FMR", "any", ("FMR",)),
    ("shuffled", "any band, for any rate", "any", (*MISSES, *FALSE_MATCHES)),
)
"""Rows of the table: the arm, words, and the bands and error rates that count."""


def show(record: Record, outcomes: Sequence[Outcome]) -> None:
    """Add how often a band was named, and the misses of each seed."""
    rows = []
    for arm, words, which, metrics in ROWS:
        counts = (
            sum(_counts(outcome, arm, place, which, metrics) for outcome in outcomes)
            for place in ("tests", "page")
        )
        rows.append((arm, words, *(_of(count, len(outcomes)) for count in counts)))
    columns = ("arm", "named", "in the table of tests", "on the first page")
    record.table("bands named", columns, rows)
    columns = ("seed", "people", "band with the gap", "misses at the threshold")
    misses = [(one.seed, one.subjects, one.injected_band, one.gap) for one in outcomes]
    record.table("misses", columns, misses)


def _counts(outcome: Outcome, arm: str, place: str, which: str, metrics: Collection[str]) -> bool:
    """Say whether an arm named the band asked for, in the tests or on the page."""
    bands = _bands(outcome.arms[arm], place, metrics)
    if which == "that":
        return outcome.injected_band in bands
    if which == "another":
        bands -= {outcome.injected_band} | _bands(outcome.arms["none"], place, metrics)
    return bool(bands)


def _bands(arm: Arm, place: str, metrics: Collection[str]) -> set[str]:
    named = arm.tests if place == "tests" else arm.page
    return {band for metric, band in named if metric in metrics}


def _of(count: int, seeds: int) -> str:
    low, high = clopper_pearson(count, seeds)
    return f"{count} of {seeds} ({100 * low:.0f} to {100 * high:.0f} %)"


def read(out: Path) -> list[Outcome]:
    """Read the outcomes that a file holds; none if there is no file."""
    rows = json.loads(out.read_text()) if out.exists() else []
    return [
        Outcome(**row | {"arms": {name: Arm(**arm) for name, arm in row["arms"].items()}})
        for row in rows
    ]


def main() -> None:
    """Run the seeds that are not there yet, save after each, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--subjects", type=int, default=120)
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--vectors", type=Path, default=Path("results/injected_gap_vectors"))
    parser.add_argument("--out", type=Path, default=Path("results/injected_gap_audits.json"))
    record = Record.begin(__file__, parser)
    options = record.options
    outcomes = read(options.out)
    made = {(o.subjects, o.draws, o.seed): o for o in outcomes}
    asked = [(options.subjects, options.draws, seed) for seed in range(options.seeds)]
    missing = [(*key, options.vectors) for key in asked if key not in made]
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(options.workers, mp_context=get_context("spawn")) as pool:
        for outcome in pool.map(run_seed, *zip(*missing, strict=True)) if missing else ():
            made[outcome.subjects, outcome.draws, outcome.seed] = outcome
            options.out.write_text(json.dumps([asdict(item) for item in made.values()], indent=1))
            print(f"seed {outcome.seed} done", file=sys.stderr)
    show(record, [made[key] for key in asked])
    record.write()


if __name__ == "__main__":
    main()
