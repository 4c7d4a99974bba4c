"""What is gained where ageing is taken out of a model's vectors, on people left out of the fit.

    python benchmarks/ageing.py --fgnet FOLDER [--across MANIFEST] [--model NAME]
        [--people 10 20 ...] [--vectors FOLDER] [--out results/ageing.json] [--draws 1000]
        [--seed 5]

The people of FG-NET are dealt into two halves. `matcher.evaluation.adaptation.ageing.less_ageing`,
the fit of `matcher adapt`, is fitted to each half and judged on the other. The form of the fit was
chosen on the first half of the default seed, with the default model: where that half is judged, the
rows are too good. Fits to so many people of the first half as `--people` says are judged on the
second half too. With a manifest of children and the same people grown (see `accuracy.py`), the fit
to all of FG-NET is judged on these. No age of theirs is used. Rows and intervals are those of
`accuracy.py`; the intervals are over the people who are judged, for this one fit.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from accuracy import make_before_work, table
from accuracy_photos import photo_rows, searches_across, searches_by_gap
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

from fairness import AuditError, Cohort
from fairness.cohort import read_fgnet, read_manifest
from fairness.verification import Pairs
from matcher.embedding import DEFAULT_MODEL, Embedder, FaceVectors, VectorMap, load_model
from matcher.errors import MatcherError
from matcher.evaluation.adaptation.ageing import less_ageing

NAMES = ("ageing taken out", "as it is")


def embedded(
    cohort: Cohort, model: Embedder, probes: Mask, keep: Path | None
) -> tuple[Cohort, FaceVectors]:
    """Return the photos with a face, and their vectors."""
    made = embed(cohort, [model], cameras=(), probes=probes, keep=keep)
    lost = {s.photo for s, found in zip(cohort.samples, made.found, strict=True) if not found}
    return cohort.without(lost, "no face") if lost else cohort, made.vectors[0][CLEAN]


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


def rows_of_half(cohort: Cohort, vectors: FaceVectors, draws: int, seed: int) -> list[Row]:
    """Return the rows of photos with ages."""
    weights = weights_of(len(cohort.subjects), draws, seed)
    return [
        *photo_rows(cohort, vectors, {}, searches_by_gap(cohort), weights),
        *rows_of_cohort(cohort, {CLEAN: vectors}, weights),
    ]


def judged(options: argparse.Namespace, model: Embedder) -> dict[str, tuple[list[Row], list[Row]]]:
    """Return the rows with and without, by who was judged."""
    everybody = read_fgnet(options.fgnet)
    cohort, vectors = embedded(everybody, model, np.ones(len(everybody), np.bool_), options.vectors)
    halves = np.random.default_rng(options.seed).permutation(len(cohort.subjects)) % 2
    of_photos = halves[cohort.subject_codes]
    found = {}
    for half, name in ((1, "fitted to the first half"), (0, "fitted to the second half")):
        inside = of_photos == half
        fitted = fitted_to(cohort, vectors.vectors, ~inside)
        seen, own = cohort.where(inside), some_of(vectors, inside)
        found[f"FG-NET, {name}, judged on the other"] = (
            rows_of_half(seen, mapped(own, fitted), options.draws, options.seed),
            rows_of_half(seen, own, options.draws, options.seed),
        )
    drawn = np.random.default_rng(options.seed).permutation(np.flatnonzero(halves == 0))
    inside = of_photos == 1
    seen, own = cohort.where(inside), some_of(vectors, inside)
    for count in options.people:
        chosen = np.isin(cohort.subject_codes, drawn[:count])
        fitted = fitted_to(cohort, vectors.vectors, chosen)
        found[f"FG-NET, fitted to {count} people of the first half, judged on the other"] = (
            rows_of_half(seen, mapped(own, fitted), options.draws, options.seed),
            rows_of_half(seen, own, options.draws, options.seed),
        )
    if options.across is not None:
        fitted = fitted_to(cohort, vectors.vectors, np.ones(len(cohort), np.bool_))
        found["across, fitted to all of FG-NET"] = _across(options, model, fitted)
    return found


def _across(
    options: argparse.Namespace, model: Embedder, fitted: VectorMap
) -> tuple[list[Row], list[Row]]:
    people = read_manifest(options.across)
    child = np.array([sample.labels.get("stage") == "child" for sample in people.samples])
    seen, own = embedded(people, model, child, options.vectors)
    weights = weights_of(len(seen.subjects), options.draws, options.seed)
    with_map, without = (
        [
            *photo_rows(seen, vectors, {}, searches_across(seen), weights),
            pairs_across(seen, vectors.vectors, weights),
        ]
        for vectors in (mapped(own, fitted), own)
    )
    return with_map, without


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


def record(
    model: Embedder, found: dict[str, tuple[list[Row], list[Row]]], options: argparse.Namespace
) -> dict[str, Any]:
    """Return all that was found as JSON's types."""
    return {
        "model": model.identity.facts(),
        "draws": options.draws,
        "seed": options.seed,
        "rows": {
            name: [
                {
                    "name": one.name,
                    "count": one.count,
                    "values": [one.value, other.value],
                    "difference": one.less(other).value,
                    "interval": one.less(other).limits,
                }
                for one, other in zip(*columns, strict=True)
            ]
            for name, columns in found.items()
        },
    }


def _options(arguments: Sequence[str] | None) -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fgnet", type=Path, metavar="FOLDER", required=True)
    parser.add_argument("--across", type=Path, metavar="MANIFEST", help="photo, subject, stage")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="name, or a TOML record")
    parser.add_argument("--people", type=int, nargs="+", default=[], help="sizes of smaller fits")
    parser.add_argument("--vectors", type=Path, metavar="FOLDER", help="read and keep vectors here")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(arguments)
    if options.draws < 1 or options.seed < 0:
        parser.error("need --draws of at least 1 and a --seed that is not negative")
    for folder in (options.vectors, options.out and options.out.parent):
        make_before_work(parser, folder)
    return parser, options


def main(arguments: Sequence[str] | None = None) -> None:
    """Embed, fit, judge, print, save."""
    parser, options = _options(arguments)
    try:
        model = load_model(options.model)
        found = judged(options, model)
    except (AuditError, MatcherError) as error:
        parser.error(str(error))
    for name, columns in found.items():
        print(f"{model.identity.name} {model.identity.version}; {name}")
        print(table(NAMES, columns))
    if options.out:
        options.out.write_text(json.dumps(record(model, found, options), indent=1))
        print(f"results: {options.out}", file=sys.stderr)


if __name__ == "__main__":
    main()
