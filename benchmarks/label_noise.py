"""How many wrong labels an audit's list of suspicious pairs names, and how many right ones.

    python benchmarks/label_noise.py [--cohorts 20] [--record NAME]

Made-up vectors: 300 people with 4 photos, mated scores of about 0.70 and non-mated ones of about
0.05, with a spread like that of a face network. In each cohort 8 photos are misfiled, 5 identifiers
are used for two people, and 5 photos stand a second time under another person, encoded anew.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
from recording import Record

from fairness import Cohort, EmbeddingScores, Sample
from fairness.verification import Suspicion, suspicions, suspicious_ranges

PEOPLE, PHOTOS, DIMENSIONS = 300, 4, 96
MISFILED, REUSED, ENCODED_ANEW = 8, 5, 5


@dataclass(frozen=True)
class Noisy:
    """Scores of a cohort with wrong labels, and what is wrong: photos, subjects, and photos."""

    scores: EmbeddingScores
    misfiled: frozenset[str]
    reused: frozenset[str]
    anew: frozenset[str]


def noisy(seed: int, *, wrong: bool = True) -> Noisy:
    """Return a cohort with wrong labels, or the same without."""
    rng = np.random.default_rng(seed)
    samples, vectors = [], []
    common = 0.23 * rng.normal(size=DIMENSIONS)
    for person in range(PEOPLE):
        self_ = rng.normal(size=DIMENSIONS) + common
        for photo in range(PHOTOS):
            spread = 0.65 * rng.lognormal(0, 0.25)
            vectors.append(self_ + spread * rng.normal(size=DIMENSIONS))
            samples.append(Sample(f"{person:03}-{photo}.jpg", f"s{person:03}"))
    chosen = rng.permutation(PEOPLE)
    people = [int(person) for person in chosen]
    misfiled, reused, anew = set[str](), set[str](), set[str]()
    if wrong:
        for person, other in zip(people[:MISFILED], people[8:16], strict=True):
            place = person * PHOTOS + int(rng.integers(PHOTOS))
            samples[place] = replace(samples[place], subject=f"s{other:03}")
            misfiled.add(samples[place].photo)
        for person, other in zip(people[16 : 16 + REUSED], people[21:26], strict=True):
            for place in range(other * PHOTOS, (other + 1) * PHOTOS):
                samples[place] = replace(samples[place], subject=f"s{person:03}")
            reused.add(f"s{person:03}")
        for person, other in zip(people[26 : 26 + ENCODED_ANEW], people[31:36], strict=True):
            name = f"{other:03}-anew.jpg"
            samples.append(Sample(name, f"s{other:03}"))
            vectors.append(vectors[person * PHOTOS] + 0.05 * rng.normal(size=DIMENSIONS))
            anew.add(name)
    units = np.array(vectors)
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    cohort = Cohort.of(samples, name="made up")
    order = np.argsort([sample.photo for sample in samples])
    made = EmbeddingScores(cohort, units[order].astype(np.float32))
    return Noisy(made, frozenset(misfiled), frozenset(reused), frozenset(anew))


def found_in(one: Noisy) -> tuple[Suspicion, ...]:
    """Return what an audit lists."""
    ranges = suspicious_ranges(one.scores)
    return () if ranges is None else suspicions(one.scores, ranges)


def judged(one: Noisy) -> Counter[str]:
    """Count what was found of what is wrong, and what was listed though nothing is."""
    counts: Counter[str] = Counter()
    found = found_in(one)
    wrong = one.misfiled | one.anew
    alone = {pair.photo for pair in found if pair.kind == "misfiled"}
    twice = {pair.subject for pair in found if pair.kind == "two people"}
    shared = {photo for pair in found if pair.kind == "one face" for photo in _ends(pair)}
    counts["misfiled"] = len(one.misfiled & alone)
    counts["reused"] = len(one.reused & twice)
    counts["anew"] = len(one.anew & shared)
    counts["false"] = len(alone - wrong) + len(twice - one.reused)
    counts["false"] += sum(
        pair.kind == "one face" and not wrong.intersection(_ends(pair)) for pair in found
    )
    return counts


def _ends(pair: Suspicion) -> tuple[str, str]:
    return pair.photo, pair.other_photo


def main() -> None:
    """Record the counts over many cohorts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cohorts", type=int, default=20)
    record = Record.begin(__file__, parser)
    cohorts = record.options.cohorts
    total: Counter[str] = sum((judged(noisy(seed)) for seed in range(cohorts)), Counter())
    clean = sum(judged(noisy(seed, wrong=False))["false"] for seed in range(cohorts))
    kinds = (
        ("misfiled photos", "misfiled", MISFILED),
        ("identifiers that two people share", "reused", REUSED),
        ("photos that stand a second time under another person", "anew", ENCODED_ANEW),
    )
    found = [(words, number * cohorts, total[kind]) for words, kind, number in kinds]
    record.table("wrong labels", ("what", "there", "found"), found)
    named = [
        ("with wrong labels", cohorts, total["false"], f"{total['false'] / cohorts:.2f}"),
        ("without", cohorts, clean, f"{clean / cohorts:.2f}"),
    ]
    record.table("right labels named", ("cohorts", "count", "named", "named a cohort"), named)
    record.write()


if __name__ == "__main__":
    main()
