"""An audit of false matches by group at scale: time against a bare matrix product, and memory.

    python benchmarks/audit_scale.py                    50,000 photos, 128 numbers, 30 groups
    python benchmarks/audit_scale.py --photos 100000

Made-up unit vectors, three to seven photos for each subject, some subjects of one family. What is
timed is all of it: a histogram of the scores of every pair of groups, the exact threshold at which
one comparison in 10,000 of different people is a false match, the false matches of every pair of
groups at it, and the rate of each group with its interval. The yardstick is NumPy's product of the
same vectors with themselves, all rows with all, in blocks of 4,096 rows and by as many threads as
NumPy takes, before and after in the same run; timings are those of this machine, the ratio travels
better.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from recording import Record

from fairness.cohort import Cohort, Grouping, Sample
from fairness.rates import Rate
from fairness.verification import EmbeddingScores, threshold_at

BLOCK = 4096
FMR = 1e-4


def made_up(photos: int, dimension: int, groups: int) -> tuple[Cohort, NDArray[np.float32]]:
    """Return a cohort and its vectors; photos of a subject lie together, loosely."""
    rng = np.random.default_rng(20)
    subject = np.repeat(np.arange(photos), rng.integers(3, 8, photos))[:photos]
    group = rng.integers(0, groups, photos)
    samples = (
        Sample(
            photo=f"{photo:06}.jpg",
            subject=f"s{who:05}",
            family=f"f{who // 100:04}" if who % 100 < 2 else None,
            labels={"group": f"{of:02}"},
        )
        for photo, (who, of) in enumerate(zip(subject.tolist(), group.tolist(), strict=True))
    )
    centres = rng.standard_normal((photos, dimension), dtype=np.float32)
    vectors = centres[subject] + 0.7 * rng.standard_normal((photos, dimension), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Cohort.of(samples, name="made up"), vectors


def product(vectors: NDArray[np.float32]) -> None:
    """Compare all photos with all, and keep nothing."""
    room = np.empty((BLOCK, len(vectors)), np.float32)
    for begin in range(0, len(vectors), BLOCK):
        rows = vectors[begin : begin + BLOCK]
        np.matmul(rows, vectors.T, out=room[: len(rows)])


def audit(
    cohort: Cohort, vectors: NDArray[np.float32], grouping: Grouping
) -> tuple[float, list[Rate]]:
    """Return the threshold and the false match rates within all groups, then of everybody."""
    scores = EmbeddingScores(cohort, vectors)
    threshold = threshold_at(scores, scores.histogram(grouping), FMR).value
    matches = scores.false_matches(threshold, grouping)
    rates = [matches.within(name).rate(target=FMR) for name in grouping.names]
    return threshold, [*rates, matches.overall().rate(target=FMR)]


def seconds(run: Callable[[], object]) -> float:
    """Return how long something takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def peak() -> float:
    """Return the most memory that this process has held so far, in gigabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description="Time an audit of false matches by group.")
    parser.add_argument("--photos", type=int, default=50_000)
    parser.add_argument("--dimension", type=int, default=128)
    parser.add_argument("--groups", type=int, default=30)
    parser.add_argument("--repeats", type=int, default=2)
    record = Record.begin(__file__, parser)
    options = record.options
    cohort, vectors = made_up(options.photos, options.dimension, options.groups)
    grouping = cohort.grouping("group")
    idle = peak()
    threshold, rates = audit(cohort, vectors, grouping)
    audited = peak()
    bare, ours = [], []
    for _ in range(options.repeats):
        bare.append(seconds(lambda: product(vectors)))
        ours.append(seconds(lambda: audit(cohort, vectors, grouping)))
        bare.append(seconds(lambda: product(vectors)))
    within = _turns(ours), _turns(bare)
    record.table(
        "audit",
        ("what", "figure"),
        [
            ("photos", len(cohort)),
            ("people", len(cohort.subjects)),
            ("groups", len(grouping.names)),
            ("comparisons of different people", rates[-1].trials),
            ("threshold", f"{threshold:.6f}"),
            ("false matches of everybody", str(rates[-1])),
            ("false matches within the first group", str(rates[0])),
            ("audit", within[0]),
            ("bare product", within[1]),
            ("ratio of the medians", f"{np.median(ours) / np.median(bare):.2f}"),
            ("largest memory before the audit", f"{idle:.2f} GB"),
            ("largest memory", f"{audited:.2f} GB"),
        ],
    )
    record.write()


def _turns(taken: Sequence[float]) -> str:
    """Return the median of some turns in seconds, and the shortest and the longest."""
    return f"{np.median(taken):.2f} s ({min(taken):.2f} to {max(taken):.2f} s, {len(taken)} turns)"


if __name__ == "__main__":
    main()
