"""What is gained where ageing is taken out of a model's vectors, on people left out of the fit.

    python benchmarks/ageing.py --fgnet FOLDER [--across MANIFEST] [--model NAME]
        [--people 10 20 ...] [--cameras NAME ...] [--vectors FOLDER] [--draws 1000] [--seed 5]

The people of FG-NET are dealt into two halves. `matcher.evaluation.adaptation.ageing.less_ageing`,
the fit of `matcher adapt`, is fitted to each half and judged on the other. The form of the fit was
chosen on the first half of the default seed, with the default model: where that half is judged, the
rows are too good. Fits to so many people of the first half as `--people` says are judged on the
second half too, and `--cameras` takes the probes of that half through cameras of
`matcher.degradation`. With a manifest of children and the same people grown (see `accuracy.py`),
the fit to all of FG-NET is judged on these. No age of theirs is used. Rows and intervals are those
of `accuracy.py`; the intervals are over the people who are judged, for this one fit.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from accuracy import make_before_work, table
from accuracy_photos import Searched, photo_rows, searches_across, searches_by_gap
from accuracy_rows import (
    CLEAN,
    Mask,
    Mated,
    NonMated,
    Numbers,
    Row,
    ages_of,
    rows_of_cohort,
    weights_of,
)
from accuracy_vectors import embed
from numpy.typing import NDArray
from recording import Record

from fairness import AuditError, Cohort
from fairness.cohort import read_fgnet, read_manifest
from fairness.verification import Pairs
from matcher.degradation import CAMERAS
from matcher.embedding import DEFAULT_MODEL, Embedder, FaceVectors, VectorMap, load_model
from matcher.errors import MatcherError
from matcher.evaluation.adaptation.ageing import less_ageing

NAMES = ("ageing taken out", "as it is")


@dataclass(frozen=True, eq=False)
class Judged:
    """The rows of some people, with ageing taken out and as it is."""

    cohort: Cohort
    columns: tuple[list[Row], list[Row]]

    def counts(self, name: str) -> tuple[str, int, int]:
        """Return the name, and the number of photos and of people."""
        return name, len(self.cohort), len(self.cohort.subjects)


@dataclass(frozen=True, eq=False)
class Seen:
    """Photos with a face: their vectors, and by camera which are found again and their vectors."""

    cohort: Cohort
    vectors: FaceVectors
    cameras: Mapping[str, tuple[Mask, FaceVectors]]

    def where(self, rows: Mask) -> Seen:
        """Return some of the photos."""
        cameras = {
            name: (found[rows], some_of(vectors, rows[found]))
            for name, (found, vectors) in self.cameras.items()
        }
        return Seen(self.cohort.where(rows), some_of(self.vectors, rows), cameras)

    def mapped(self, fitted: VectorMap) -> Seen:
        """Return the same photos with the vectors of the adapted model."""
        cameras = {
            name: (found, mapped(vectors, fitted))
            for name, (found, vectors) in self.cameras.items()
        }
        return Seen(self.cohort, mapped(self.vectors, fitted), cameras)

    def rows(self, searches: Sequence[Searched], weights: Numbers) -> list[Row]:
        """Return the rows of searches, from photo to list."""
        return photo_rows(self.cohort, self.vectors, self.cameras, searches, weights)


def embedded(
    cohort: Cohort, model: Embedder, probes: Mask, keep: Path | None, cameras: Sequence[str] = ()
) -> Seen:
    """Return the photos with a face; cameras take those that `probes` names."""
    made = embed(cohort, [model], cameras=cameras, probes=probes, keep=keep)
    lost = {s.photo for s, found in zip(cohort.samples, made.found, strict=True) if not found}
    seen = cohort.without(lost, "no face") if lost else cohort
    return Seen(seen, made.vectors[0][CLEAN], made.cameras[0])


def fitted_to(cohort: Cohort, vectors: NDArray[np.float32], people: Mask) -> VectorMap:
    """Return the map that is fitted to the photos of some people; the mask is of the photos."""
    matrix = less_ageing(
        vectors[people].astype(np.float64), cohort.subject_codes[people], ages_of(cohort)[people]
    )
    return VectorMap(np.zeros(len(matrix)), matrix)


def mapped(vectors: FaceVectors, fitted: VectorMap) -> FaceVectors:
    """Return vectors as the adapted model makes them."""

    def moved(some: NDArray[np.float32]) -> NDArray[np.float32]:
        return fitted(some.astype(np.float64)).astype(np.float32)

    kept = {name: moved(some) for name, some in vectors.kept.items()}
    return replace(vectors, kept=kept, probes=moved(vectors.probes))


def some_of(vectors: FaceVectors, rows: Mask) -> FaceVectors:
    """Return the vectors of some faces."""
    places = np.flatnonzero(rows)
    return FaceVectors(
        {name: some[rows] for name, some in vectors.kept.items()},
        vectors.probes[rows],
        tuple(vectors.compared_with[place] for place in places),
        tuple(vectors.degraded[place] for place in places),
    )


def rows_of_half(seen: Seen, draws: int, seed: int) -> list[Row]:
    """Return the rows of photos with ages."""
    weights = weights_of(len(seen.cohort.subjects), draws, seed)
    return [
        *seen.rows(searches_by_gap(seen.cohort), weights),
        *rows_of_cohort(seen.cohort, {CLEAN: seen.vectors}, weights),
    ]


def judged(options: argparse.Namespace, model: Embedder) -> dict[str, Judged]:
    """Return the rows with and without, by who was judged."""
    everybody = read_fgnet(options.fgnet)
    people = np.random.default_rng(options.seed).permutation(len(everybody.subjects)) % 2
    second = (people == 1)[everybody.subject_codes] if options.cameras else None
    probes = np.ones(len(everybody), np.bool_) if second is None else second
    seen = embedded(everybody, model, probes, options.vectors, options.cameras)
    cohort, vectors = seen.cohort, seen.vectors.vectors
    half_of = dict(zip(everybody.subjects, people.tolist(), strict=True))
    halves = np.array([half_of[sample.subject] for sample in cohort.samples])

    def both(fit: Mask, judged: Mask) -> Judged:
        fitted, others = fitted_to(cohort, vectors, fit), seen.where(judged)
        with_map, without = (
            rows_of_half(each, options.draws, options.seed)
            for each in (others.mapped(fitted), others)
        )
        return Judged(others.cohort, (with_map, without))

    found = {
        "FG-NET, fitted to the first half, judged on the other": both(halves == 0, halves == 1)
    }
    if not options.cameras:
        name = "FG-NET, fitted to the second half, judged on the other"
        found[name] = both(halves == 1, halves == 0)
    first = np.unique(cohort.subject_codes[halves == 0])
    drawn = np.random.default_rng(options.seed).permutation(first)
    for count in options.people:
        name = f"FG-NET, fitted to {count} people of the first half, judged on the other"
        found[name] = both(np.isin(cohort.subject_codes, drawn[:count]), halves == 1)
    if options.across is not None:
        fitted = fitted_to(cohort, vectors, np.ones(len(cohort), np.bool_))
        found["child and grown, fitted to all of FG-NET"] = _across(options, model, fitted)
    return found


def _across(options: argparse.Namespace, model: Embedder, fitted: VectorMap) -> Judged:
    people = read_manifest(options.across)
    child = np.array([sample.labels.get("stage") == "child" for sample in people.samples])
    seen = embedded(people, model, child, options.vectors)
    weights = weights_of(len(seen.cohort.subjects), options.draws, options.seed)
    with_map, without = (
        [
            *each.rows(searches_across(each.cohort), weights),
            pairs_across(each.cohort, each.vectors.vectors, weights),
        ]
        for each in (seen.mapped(fitted), seen)
    )
    return Judged(seen.cohort, (with_map, without))


def pairs_across(cohort: Cohort, vectors: NDArray[np.float32], weights: Numbers) -> Row:
    """Return the true match rate of pairs of a child's photo and a grown person's."""
    codes = cohort.subject_codes
    child = np.array([sample.labels.get("stage") == "child" for sample in cohort.samples])
    left, right = np.nonzero(np.outer(child, ~child))
    pairs = Pairs(left, right, np.einsum("pd,pd->p", vectors[left], vectors[right]))
    same = codes[left] == codes[right]
    (thresholds,) = NonMated.of(pairs.where(~same), codes).thresholds((1e-3,), weights)
    mated = Mated(pairs.score[same], codes[left[same]])
    rates = mated.rates(thresholds, weights)
    return Row("TMR at FMR 1e-3, child and grown", len(mated.scores), "pairs", rates)


def _options(arguments: Sequence[str] | None) -> tuple[argparse.ArgumentParser, Record]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fgnet", type=Path, metavar="FOLDER", required=True)
    parser.add_argument("--across", type=Path, metavar="MANIFEST", help="photo, subject, stage")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="name, or a TOML record")
    parser.add_argument("--people", type=int, nargs="+", default=[], help="sizes of smaller fits")
    parser.add_argument("--cameras", nargs="+", default=[], choices=tuple(CAMERAS))
    parser.add_argument("--vectors", type=Path, metavar="FOLDER", help="read and keep vectors here")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=5)
    record = Record.begin(__file__, parser, arguments)
    options = record.options
    if options.draws < 1 or options.seed < 0:
        parser.error("need --draws of at least 1 and a --seed that is not negative")
    make_before_work(parser, options.vectors)
    return parser, record


def main(arguments: Sequence[str] | None = None) -> None:
    """Embed, fit, judge, print, save."""
    parser, record = _options(arguments)
    options = record.options
    try:
        model = load_model(options.model)
        found = judged(options, model)
    except (AuditError, MatcherError) as error:
        parser.error(str(error))
    counts = [one.counts(name) for name, one in found.items()]
    record.table("photos", ("judged on", "photos with a face", "people"), counts)
    for name, one in found.items():
        table(record, name, NAMES, one.columns)
    record.write()


if __name__ == "__main__":
    main()
