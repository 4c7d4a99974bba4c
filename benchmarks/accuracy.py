"""How good a model is at children, at bad photos and over years: tables with intervals.

    python benchmarks/accuracy.py [--fgnet FOLDER] [--lfw FOLDER] [--across MANIFEST]
        [--model NAME] [--baseline NAME ...] [--leave-out cameras crops]
        [--vectors FOLDER] [--draws 1000] [--seed 1]

FG-NET's folder holds photos named subject, "A", age (001A02.JPG); that of LFW holds
Name/Name_0001.jpg and pairs.txt. The manifest is a CSV file with the columns photo, subject and
stage: `child` or `grown`. The largest face of a photo counts; photos without one are left out, and
counted. Searches compare as `matcher.search` does: a degraded probe with the low-resolution vector
of each photo, where the model has one. Pairs are compared by the photos themselves, as in an audit.
`--vectors` names a folder in which vectors are kept: a run that was ended goes on from there, and
later runs embed only what is new. Vectors made by other code go to another folder. The rows:

- rank-1, photos clean, photos 48px-q40 and so on: from photo to list. A camera of
  `matcher.degradation` takes the probe's photo; the face is found and aligned again. A face that is
  not found counts as a probe without its mate. With FG-NET the mates are near in age, or not; with
  the manifest a child's photo is searched among photos of the same people grown up; with LFW the
  second photo of each person of folds 6-10 is searched among everybody's first.

- rank-1, clean: each photo is searched among all others; the share whose nearest other photo is of
  the same subject, among those whose subject has another.
- rank-1, px32-q30 and so on: the probe's aligned crop is degraded by that recipe of
  `matcher.degradation` and scaled back; the gallery stays clean, the probe's own photo is left
  out. Faces were found in the clean photo, so faces no longer found are not part of it. The
  number of pixels is that of the crop: templates that show more or less of the head leave the face
  itself fewer or more of them.
- TMR and FMR, px32-q30 and so on: what becomes of such probes at the threshold that clear photos
  have an FMR of 1e-3 at.
- TMR at FMR: the share of pairs of photos of one subject at or above the lowest threshold that at
  most such a share of all pairs of different subjects reaches; relatives, if labelled, left out.
- FMR under 18: among pairs where both are under 18, at the threshold that gives pairs where both
  are adult an FMR of 1e-3, in multiples of 1e-3.
- rank-1, one, two and three probe photos: the photos from before the age of ten are enrolled; of
  three later photos of a person, drawn at random, one, two and all are fused into one probe; the
  mean of 20 such draws.
- accuracy, child and adult: the share of pairs of a child of 12 or less and an adult that are
  judged rightly, half of them mated; see `accuracy_pairs`.
- LFW View 2: the share of pairs judged rightly, each fold at the best threshold of the other nine.
  Quote folds 6-10 for models that were trained on people of folds 1-5.

Intervals hold 95 % of the draws. Subjects are drawn with replacement; thresholds are found anew in
each draw (the vertex bootstrap, see `fairness.differentials`); searches keep the gallery as it is.
For pairs of a child and an adult thresholds stay. For LFW they stay too, and pairs are drawn within
folds; as people are in several pairs, those intervals are somewhat too narrow. Differences to
baselines are of the same photos and the same draws. "No interval" stands where all draws are the
same, as they are without an error, or more than one in twenty is undefined.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from accuracy_pairs import child_adult_rows
from accuracy_photos import (
    Searched,
    photo_rows,
    searches_across,
    searches_by_gap,
    searches_one_each,
)
from accuracy_rows import (
    CLEAN,
    PERCENT,
    Mask,
    Row,
    people_with_threes,
    rows_of_cohort,
    rows_of_folds,
    several_rows,
    weights_of,
)
from accuracy_vectors import Embedded, embed
from numpy.typing import NDArray
from recording import Record

from fairness import AuditError, Cohort
from fairness.cohort import FoldPairs, read_fgnet, read_lfw, read_manifest, read_pairs
from matcher.degradation import CAMERAS
from matcher.embedding import DEFAULT_MODEL, Embedder, load_model
from matcher.errors import MatcherError
from matcher.heap import use_one_heap

LADDER = ("px64-q50", "px48-q40", "px32-q30", "px24-q30", "px16-q30")
STORIES = ("phone", "cctv", "night", "old-print", "screenshot")
JUDGED = ("px48-q40", "px32-q30", "px24-q30")
FROM_PHOTO = "rank-1, photos "
KINDS = {"searches from the photo": True, "crops and pairs": False}
"""The tables of a set, and whether their rows are of searches from the photo to the list."""

COUNTED = ("photos", "photos without a face", "people", "pairs", "pairs left out")
JUDGING_FOLDS = range(5, 10)  # folds 6 to 10 of LFW, whose people trained no model of ours


@dataclass(frozen=True, eq=False)
class Findings:
    """Rows of each model, and of how many photos, people and pairs they are, see `COUNTED`.

    `with_threes` is the number of people with photos enough for the searches with three.
    """

    name: str
    rows: tuple[list[Row], ...]
    data: dict[str, int]
    with_threes: int = 0


def judge_fgnet(
    cohort: Cohort, models: Sequence[Embedder], options: argparse.Namespace
) -> Findings:
    """Embed FG-NET, and work out its rows."""
    everybody = np.ones(len(cohort), np.bool_)
    recipes, judged = ((), ()) if "crops" in options.leave_out else (LADDER + STORIES, JUDGED)
    made = embed(
        cohort,
        models,
        recipes,
        cameras=_cameras(options),
        probes=everybody,
        device=options.device,
        seed=options.seed,
        keep=options.vectors,
    )
    seen = _with_a_face(cohort, made.found)
    weights = weights_of(len(seen.subjects), options.draws, options.seed)
    crops = (
        [
            *rows_of_cohort(seen, versions, weights, judged),
            *several_rows(seen, versions[CLEAN].vectors, weights, options.seed),
            *child_adult_rows(seen, versions[CLEAN].vectors, weights, options.seed),
        ]
        for versions in made.vectors
    )
    photos = _photo_rows(seen, made, searches_by_gap(seen), weights)
    return Findings(
        "FG-NET",
        tuple([*of_photos, *of_crops] for of_photos, of_crops in zip(photos, crops, strict=True)),
        _counts(cohort, seen),
        people_with_threes(seen),
    )


def judge_across(
    cohort: Cohort, models: Sequence[Embedder], options: argparse.Namespace
) -> Findings:
    """Embed photos of people as children and grown, and work out their rows."""
    child = np.array([sample.labels.get("stage") == "child" for sample in cohort.samples])
    made = embed(
        cohort,
        models,
        cameras=_cameras(options),
        probes=child,
        device=options.device,
        keep=options.vectors,
    )
    seen = _with_a_face(cohort, made.found)
    weights = weights_of(len(seen.subjects), options.draws, options.seed)
    return Findings(
        "child and grown",
        _photo_rows(seen, made, searches_across(seen), weights),
        _counts(cohort, seen),
    )


def _cameras(options: argparse.Namespace) -> Sequence[str]:
    return () if "cameras" in options.leave_out else tuple(CAMERAS)


def _photo_rows(
    seen: Cohort, made: Embedded, searches: Sequence[Searched], weights: NDArray[np.float64]
) -> tuple[list[Row], ...]:
    return tuple(
        photo_rows(seen, versions[CLEAN], cameras, searches, weights)
        for versions, cameras in zip(made.vectors, made.cameras, strict=True)
    )


def _with_a_face(cohort: Cohort, found: Mask) -> Cohort:
    """Return the photos with a face."""
    missing = {sample.photo for sample, face in zip(cohort.samples, found, strict=True) if not face}
    return cohort.without(missing, "no face") if missing else cohort


def _counts(cohort: Cohort, seen: Cohort) -> dict[str, int]:
    return {
        "photos": len(cohort),
        "photos without a face": len(cohort) - len(seen),
        "people": len(seen.subjects),
    }


def judge_lfw(
    cohort: Cohort, pairs: FoldPairs, models: Sequence[Embedder], options: argparse.Namespace
) -> Findings:
    """Embed the photos of LFW's pairs, and work out its rows."""
    names = pairs.people(JUDGING_FOLDS)
    people = np.array([sample.subject in names for sample in cohort.samples], np.bool_)
    search = searches_one_each(cohort, people)
    made = embed(
        cohort,
        models,
        cameras=_cameras(options),
        probes=search.probes,
        device=options.device,
        keep=options.vectors,
    )
    keys = ["/".join(sample.photo.split("/")[-2:]) for sample in cohort.samples]
    place = {key: row for row, key in enumerate(np.array(keys)[made.found])}
    sides = [np.array([place.get(key, -1) for key in side]) for side in (pairs.left, pairs.right)]
    made_of = (sides[0] >= 0) & (sides[1] >= 0)
    left, right = (side[made_of] for side in sides)
    same, folds = pairs.same[made_of], pairs.folds[made_of]
    weights = weights_of(len(folds), options.draws, options.seed, folds)
    seen = _with_a_face(cohort, made.found)
    subjects = weights_of(len(seen.subjects), options.draws, options.seed)
    rows = []
    for versions, photos in zip(
        made.vectors, _photo_rows(seen, made, [search.among(made.found)], subjects), strict=True
    ):
        vectors = versions[CLEAN].vectors
        scores = np.einsum("pd,pd->p", vectors[left], vectors[right])
        rows.append([*photos, *rows_of_folds(scores, same, folds, weights)])
    lost = int((~made_of).sum())
    counts = {**_counts(cohort, seen), "pairs": len(made_of), "pairs left out": lost}
    return Findings("LFW", tuple(rows), counts)


def cell(row: Row, *, sign: str = "") -> str:
    """Write a value and its interval."""

    def number(value: float) -> str:
        return "-" if math.isnan(value) else f"{row.factor * value:{sign}.{row.digits}f}"

    limits = "no interval" if row.limits is None else " to ".join(map(number, row.limits))
    return f"{number(row.value)} ({limits})"


def table(
    record: Record, name: str, models: Sequence[str], columns: Sequence[Sequence[Row]]
) -> None:
    """Keep a table: a column of rows for each model, then the first's differences to the others."""
    heads = ("measure", "on", *models, *(f"difference to {other}" for other in models[1:]))
    cells = [
        (
            f"{model.name}, %" if model.factor == PERCENT else model.name,
            f"{model.count:,} {model.of}",
            *map(cell, (model, *baselines)),
            *(cell(model.less(row), sign="+") for row in baselines),
        )
        for model, *baselines in zip(*columns, strict=True)
    ]
    record.table(name, heads, cells)


def write_tables(record: Record, models: Sequence[str], findings: Sequence[Findings]) -> None:
    """Print and keep which photos the rows are of, and the rows of each set."""
    counts = [(part.name, *(part.data.get(what, "") for what in COUNTED)) for part in findings]
    record.table("photos", ("set", *COUNTED), counts)
    for part in findings:
        for kind, from_photo in KINDS.items():
            chosen = [
                [row for row in rows if row.name.startswith(FROM_PHOTO) is from_photo]
                for rows in part.rows
            ]
            if chosen[0]:
                table(record, f"{part.name}, {kind}", models, chosen)
        if part.with_threes:
            gains = [_gain(rows) for rows in part.rows]
            on = f"{gains[0].count:,} probes of {part.with_threes} people"
            record.table(
                f"{part.name}, three probe photos less one",
                ("measure", "on", *models),
                [(f"{gains[0].name}, points", on, *(cell(row, sign="+") for row in gains))],
            )


def _gain(rows: Sequence[Row]) -> Row:
    """Return by how much three probe photos find more first than one of them."""
    (one,) = (row for row in rows if row.name.startswith("rank-1, one probe photo"))
    (three,) = (row for row in rows if row.name.startswith("rank-1, three probe photos"))
    return three.less(one)


def _options(arguments: Sequence[str] | None) -> tuple[argparse.ArgumentParser, Record]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fgnet", type=Path, metavar="FOLDER")
    parser.add_argument("--across", type=Path, metavar="MANIFEST", help="photo, subject, stage")
    parser.add_argument("--lfw", type=Path, metavar="FOLDER", help="with pairs.txt in it")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="name, or a TOML record")
    parser.add_argument(
        "--baseline",
        metavar="NAME",
        action="append",
        default=[],
        help="a model to compare with; may be repeated",
    )
    parser.add_argument(
        "--leave-out",
        nargs="+",
        default=[],
        choices=("cameras", "crops"),
        help="photos of poor cameras; crops that are degraded: less to embed, and fewer rows",
    )
    parser.add_argument("--vectors", type=Path, metavar="FOLDER", help="read and keep vectors here")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    record = Record.begin(__file__, parser, arguments)
    options = record.options
    if not (options.fgnet or options.across or options.lfw):
        parser.error("name photos: --fgnet, --across or --lfw")
    if options.draws < 1 or options.seed < 0:
        parser.error("need --draws of at least 1 and a --seed that is not negative")
    make_before_work(parser, options.vectors)
    return parser, record


def make_before_work(parser: argparse.ArgumentParser, folder: Path | None) -> None:
    """Make a folder, or end with a message before anything is worked out."""
    try:
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"cannot make the folder {folder}: {error.strerror}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Read, embed, print, save."""
    use_one_heap()
    parser, record = _options(arguments)
    options = record.options
    try:
        fgnet = read_fgnet(options.fgnet) if options.fgnet else None
        across = read_manifest(options.across) if options.across else None
        lfw = read_lfw(options.lfw) if options.lfw else None
        pairs = read_pairs(options.lfw / "pairs.txt") if options.lfw else None
        models = [
            load_model(name, device=options.device) for name in (options.model, *options.baseline)
        ]
        findings = [judge_fgnet(fgnet, models, options)] if fgnet else []
        if across:
            findings.append(judge_across(across, models, options))
        if lfw and pairs:
            findings.append(judge_lfw(lfw, pairs, models, options))
    except (AuditError, MatcherError) as error:
        parser.error(str(error))
    crops = list(dict.fromkeys(model.record.crop.name for model in models))
    if len(crops) > 1:
        told = f"the crops differ ({', '.join(crops)}): so do faces of px rows in size"
        print(told, file=sys.stderr)
    names = [f"{model.identity.name} {model.identity.version}" for model in models]
    write_tables(record, names, findings)
    record.write()


if __name__ == "__main__":
    main()
