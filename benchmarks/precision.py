"""Whether it matters in which precision the vectors of a gallery and of its probes were made.

    python benchmarks/precision.py FGNET [--models youth-resnet dlib-resnet]
        [--draws 1000] [--seed 1] [--record NAME]

FG-NET's folder holds photos named subject, "A", age (001A02.JPG). Each model embeds the largest
face of each photo in float32 and in bfloat16, from the same crop. The gallery is then of one
precision, or of both by turns; so are the probes. The rows are those of `benchmarks/accuracy.py`:
rank-1 of the photos as they are and of photos that poor cameras took, and the true match rate at
the threshold that gives an FMR of 1e-3. The last two rows keep the threshold that float32 has there
on both sides, as one who calibrated in float32 and then changed the precision.

Each mix is compared with float32 on both sides: the difference is of the same photos and the same
draws of subjects, and its interval holds 95 % of the draws. "No interval" stands where all draws
are the same. A model's table has a row for each measure, in percent, and a column for each mix.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from accuracy import cell
from accuracy_photos import Searched, photo_rows, searches_by_gap
from accuracy_rows import CLEAN, Codes, Mask, Mated, NonMated, Numbers, Row, Vectors, weights_of
from accuracy_vectors import embed
from recording import Cell, Record

from fairness import AuditError, Cohort
from fairness.cohort import read_fgnet
from fairness.verification import Pairs
from matcher.embedding import DEFAULT_MODEL, FaceVectors, load_model
from matcher.errors import MatcherError
from matcher.heap import use_one_heap

PRECISIONS: Final = ("float32", "bfloat16")
BY_TURNS: Final = "both by turns"
MIXES: Final = (
    ("float32", "float32"),
    ("bfloat16", "bfloat16"),
    ("bfloat16", "float32"),
    ("float32", "bfloat16"),
    (BY_TURNS, "float32"),
    (BY_TURNS, "bfloat16"),
)
"""Precision of the gallery, and of the probes. The others are compared with the first."""

FMR: Final = 1e-3

Photographed = Mapping[str, tuple[Mask, FaceVectors]]


def by_turns(one: FaceVectors, other: FaceVectors) -> FaceVectors:
    """Return the gallery that takes its photos from two galleries by turns."""
    first = np.arange(len(one.vectors))[:, None] % 2 == 0
    kept = {name: np.where(first, rows, other.kept[name]) for name, rows in one.kept.items()}
    probes = np.where(first, one.probes, other.probes)
    return replace(one, kept=kept, probes=probes)


def moved(one: FaceVectors, other: FaceVectors) -> dict[str, float]:
    """Return how far apart the vectors of two precisions are, and the scores among them."""
    cosines = np.einsum("nd,nd->n", one.vectors.astype(np.float64), other.vectors)
    scores = np.abs(one.vectors @ one.vectors.T - other.vectors @ other.vectors.T)
    return {
        "mean cosine": float(cosines.mean()),
        "least cosine": float(cosines.min()),
        "mean change of a score": float(scores.mean()),
        "largest change of a score": float(scores.max()),
        "probes that count as degraded in one only": float(
            np.mean([a != b for a, b in zip(one.compared_with, other.compared_with, strict=True)])
        ),
    }


def rows_of_mix(
    cohort: Cohort,
    gallery: FaceVectors,
    photographed: Photographed,
    weights: Numbers,
    calibrated: Numbers | None,
) -> tuple[list[Row], Numbers]:
    """Return the rows of a gallery and its probes, and the thresholds that have the FMR.

    Parameters
    ----------
    cohort
        Photos with a face.
    gallery
        Vectors of these photos.
    photographed
        Probes by what was done to the photos, `CLEAN` among them: which faces were found, and the
        vectors of those.
    weights
        Of the subjects, see `accuracy_rows`.
    calibrated
        Thresholds of the two last rows, float64 of shape (1 + draws,); None for the mix's own.
    """
    nothing = np.zeros((len(cohort), len(cohort)), np.bool_)
    everybody = np.ones(len(cohort), np.bool_)
    searches = [Searched("all others", everybody, everybody, nothing), *searches_by_gap(cohort)]
    rows = photo_rows(cohort, gallery, photographed, searches, weights)
    scores = photographed[CLEAN][1].vectors @ gallery.vectors.T
    mated, others = _pairs(scores, cohort.subject_codes)
    (own,) = others.thresholds((FMR,), weights)
    kept = own if calibrated is None else calibrated
    pairs = len(mated.scores), len(others.scores)
    rows += [
        Row("TMR at FMR 1e-3", pairs[0], "pairs", mated.rates(own, weights)),
        Row("TMR at float32's threshold", pairs[0], "pairs", mated.rates(kept, weights)),
        Row(
            "FMR at float32's threshold, times 1e-3",
            pairs[1],
            "pairs",
            others.rates(kept, weights) / FMR,
            factor=1.0,
            digits=3,
        ),
    ]
    return rows, own


def _pairs(scores: Vectors, subjects: Codes) -> tuple[Mated, NonMated]:
    """Return the scores of the pairs of photos: the first is the probe, the second enrolled."""
    left, right = np.triu_indices(len(scores), k=1)
    same = subjects[left] == subjects[right]
    pairs = Pairs(left, right, scores[left, right])
    mated = Mated(pairs.score[same], subjects[left[same]])
    return mated, NonMated.of(pairs.where(~same), subjects)


def judged(
    cohort: Cohort,
    galleries: Mapping[str, FaceVectors],
    photographed: Mapping[str, Photographed],
    weights: Numbers,
) -> dict[tuple[str, str], list[Row]]:
    """Return the rows of each mix; the arguments are by precision."""
    enrolled = {**galleries, BY_TURNS: by_turns(*(galleries[name] for name in PRECISIONS))}
    found: dict[tuple[str, str], list[Row]] = {}
    calibrated = None
    for gallery, probes in MIXES:
        rows, own = rows_of_mix(
            cohort, enrolled[gallery], photographed[probes], weights, calibrated
        )
        found[gallery, probes] = rows
        calibrated = own if calibrated is None else calibrated
    return found


def measure(record: Record, cohort: Cohort, names: Sequence[str]) -> None:
    """Embed the cohort, and add a table for each model."""
    models = [load_model(n, precision=p) for n in names for p in PRECISIONS]
    made = embed(cohort, models, probes=np.ones(len(cohort), np.bool_))
    missing = {s.photo for s, face in zip(cohort.samples, made.found, strict=True) if not face}
    seen = cohort.without(missing, "no face") if missing else cohort
    subjects = len(seen.subjects)
    record.table("photos", ("what", "count"), [("photos", len(seen)), ("people", subjects)])
    weights = weights_of(subjects, record.options.draws, record.options.seed)
    everybody = np.ones(len(seen), np.bool_)
    distances = {}
    for place, name in enumerate(names):
        sides = slice(len(PRECISIONS) * place, len(PRECISIONS) * (place + 1))
        galleries = dict(
            zip(PRECISIONS, (versions[CLEAN] for versions in made.vectors[sides]), strict=True)
        )
        photographed = {
            precision: {CLEAN: (everybody, galleries[precision]), **cameras}
            for precision, cameras in zip(PRECISIONS, made.cameras[sides], strict=True)
        }
        distances[name] = moved(*(galleries[precision] for precision in PRECISIONS))
        show(record, name, judged(seen, galleries, photographed, weights))
    of_names = [distances[name] for name in names]
    rows = [(what, *(f"{one[what]:.6f}" for one in of_names)) for what in of_names[0]]
    record.table("bfloat16 against float32", ("what", *names), rows)


def show(record: Record, name: str, rows: Mapping[tuple[str, str], Sequence[Row]]) -> None:
    """Add the rows of one model: those of float32, and how far each mix is from them."""
    base = MIXES[0]
    table: list[list[Cell]] = []
    for place, first in enumerate(rows[base]):
        apart = [rows[mix][place].less(first) for mix in MIXES[1:]]
        cells = [cell(first), *(cell(one, sign="+") for one in apart)]
        table.append([first.name, f"{first.count:,} {first.of}", *cells])
    mixes = [f"gallery {gallery}, probes {probes}" for gallery, probes in MIXES[1:]]
    record.table(name, ("measure", "of", "float32, float32", *mixes), table)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read, embed, record."""
    use_one_heap()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("fgnet", type=Path, metavar="FGNET")
    parser.add_argument("--models", nargs="+", default=[DEFAULT_MODEL, "dlib-resnet"])
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    record = Record.begin(__file__, parser, arguments)
    options = record.options
    try:
        measure(record, read_fgnet(options.fgnet), options.models)
    except (AuditError, MatcherError) as error:
        parser.error(str(error))
    record.write()


if __name__ == "__main__":
    main()
