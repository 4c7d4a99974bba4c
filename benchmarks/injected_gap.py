"""Whether the audit finds a gap that was put there, and only then.

    python benchmarks/injected_gap.py [--seeds 20] [--subjects 120] [--out results/gap.json]

Rendered people of four skin-tone bands are enrolled at 8 years and searched for at 13, every probe
shrunk to the same size. Three arms for each seed:

- injected: the probes of one band (another one each seed) have half the resolution of the others.
  The audit should report that band and no other.
- none: nothing injected, exposure equalised. A report is a gap of the renderer and the model.
- shuffled: nothing injected and the bands dealt out by chance, so that there is no gap by
  construction. Reports must be no more frequent than the stated error rate.

Runs on one core for each seed; finished seeds in --out are not run again.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fairness import ProbeResult, clopper_pearson, group_gaps
from matcher.degradation import shrink
from matcher.embedding import Extractor, load_extractor
from matcher.synthetic import CohortSpec, render_photo, tone_of_monk

BANDS = {"monk 3": 3, "monk 5": 5, "monk 7": 7, "monk 9": 9}
ENROLLED_AT, SEARCHED_AT = 8.0, 13.0  # years
SIDE, QUALITY = 96, 60  # the probes' size in pixels and JPEG quality
ALPHA = 0.05


@dataclass(frozen=True)
class Outcome:
    """What the audit reported for one seed, arm by arm."""

    seed: int
    injected_band: str
    injected: list[str]
    none: list[str]
    shuffled: list[str]
    gap: str


def run_seed(seed: int, subjects: int) -> Outcome:
    """Render, search and audit the three arms of one seed."""
    import torch

    torch.set_num_threads(1)
    extractor = load_extractor()
    labels = [list(BANDS)[subject % len(BANDS)] for subject in range(subjects)]
    band = list(BANDS)[seed % len(BANDS)]
    enrolled = _vectors(extractor, _photos(seed, subjects, ENROLLED_AT))
    later = _photos(seed, subjects, SEARCHED_AT)
    same = _vectors(extractor, [shrink(pixels, SIDE, QUALITY) for pixels in later])
    halved = list(same)
    chosen = [subject for subject in range(subjects) if labels[subject] == band]
    worse = [shrink(later[subject], SIDE // 2, QUALITY) for subject in chosen]
    for subject, vector in zip(chosen, _vectors(extractor, worse), strict=True):
        halved[subject] = vector
    dealt = list(np.random.default_rng(seed).permutation(labels))
    injected = group_gaps(_results(enrolled, halved, labels), "tone", alpha=ALPHA, seed=seed)
    return Outcome(
        seed=seed,
        injected_band=band,
        injected=[gap.group for gap in injected if gap.reported],
        none=_reported(_results(enrolled, same, labels), seed),
        shuffled=_reported(_results(enrolled, same, dealt), seed),
        gap=next(str(gap) for gap in injected if gap.group == band),
    )


def _photos(seed: int, subjects: int, age: float) -> list[NDArray[np.uint8]]:
    tones = tuple(tone_of_monk(number) for number in BANDS.values())
    spec = CohortSpec(subjects, ages=(age,), seed=seed, tones=tones, exposure="equalised")
    return [render_photo(spec, subject, age).pixels for subject in range(subjects)]


def _vectors(
    extractor: Extractor, photos: Sequence[NDArray[np.uint8]]
) -> list[NDArray[np.float32] | None]:
    found = extractor.extract_many(photos, choose="largest", for_gallery=False)
    return [item.faces[0].vector if item.faces else None for item in found]


def _results(
    enrolled: Sequence[NDArray[np.float32] | None],
    probes: Sequence[NDArray[np.float32] | None],
    labels: Sequence[str],
) -> list[ProbeResult]:
    gallery = np.stack([np.zeros(128, np.float32) if v is None else v for v in enrolled])
    results = []
    for subject, (probe, label) in enumerate(zip(probes, labels, strict=True)):
        rank = None
        if probe is not None:
            scores = gallery @ probe
            rank = 1 + int((scores > scores[subject]).sum())
        results.append(ProbeResult(str(subject), rank, {"tone": label}, refused=probe is None))
    return results


def _reported(results: Sequence[ProbeResult], seed: int) -> list[str]:
    return [
        gap.group for gap in group_gaps(results, "tone", alpha=ALPHA, seed=seed) if gap.reported
    ]


def show(outcomes: Sequence[Outcome]) -> None:
    """Print what was found, with counts and exact intervals."""
    n = len(outcomes)
    counts = {
        "injected band reported": sum(o.injected_band in o.injected for o in outcomes),
        "another band reported, gap injected": sum(
            bool(set(o.injected) - {o.injected_band}) for o in outcomes
        ),
        "any band reported, nothing injected": sum(bool(o.none) for o in outcomes),
        "any band reported, bands dealt by chance": sum(bool(o.shuffled) for o in outcomes),
    }
    for name, count in counts.items():
        low, high = clopper_pearson(count, n)
        print(f"{name:<42} {count:3d} of {n} seeds (95 % {100 * low:.0f} to {100 * high:.0f} %)")
    for outcome in outcomes:
        print(f"seed {outcome.seed}: {outcome.gap}")


def main() -> None:
    """Run the seeds that are not there yet, save after each, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--subjects", type=int, default=120)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("results/injected_gap.json"))
    options = parser.parse_args()
    done = json.loads(options.out.read_text()) if options.out.exists() else []
    outcomes = [Outcome(**row) for row in done]
    missing = sorted(set(range(options.seeds)) - {outcome.seed for outcome in outcomes})
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(options.workers, mp_context=get_context("spawn")) as pool:
        for outcome in pool.map(run_seed, missing, [options.subjects] * len(missing)):
            outcomes.append(outcome)
            options.out.write_text(json.dumps([asdict(item) for item in outcomes], indent=1))
            print(f"seed {outcome.seed} done", file=sys.stderr)
    show(outcomes)


if __name__ == "__main__":
    main()
