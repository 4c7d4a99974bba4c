"""How good a model is at children, at bad photos and over years: one table, with intervals.

    python benchmarks/accuracy.py --fgnet FOLDER [--lfw FOLDER] [--model NAME] [--baseline NAME]
        [--out results/accuracy.json] [--draws 1000] [--seed 1]

FG-NET's folder holds photos named subject, "A", age (001A02.JPG); that of LFW holds
Name/Name_0001.jpg and pairs.txt. The largest face of a photo counts; photos without one are left
out, and counted. Searches compare as `matcher.search` does: a degraded probe with the
low-resolution vector of each photo, where the model has one. Pairs are compared by the photos
themselves, as in an audit.
The rows:

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
- LFW View 2: the share of pairs judged rightly, each fold at the best threshold of the other nine.
  Quote folds 6-10 for models that were trained on people of folds 1-5.

Intervals hold 95 % of the draws. Subjects are drawn with replacement; thresholds are found anew in
each draw (the vertex bootstrap, see `fairness.differentials`); searches keep the gallery as it is.
For LFW pairs are drawn within folds and thresholds stay; as people are in several pairs, those
intervals are somewhat too narrow. The difference to the baseline is of the same photos and the
same draws. "No interval" stands where all draws are the same, as they are without an error, or
more than one in twenty is undefined.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from accuracy_rows import (
    CLEAN,
    Codes,
    Mask,
    Row,
    rows_of_cohort,
    rows_of_folds,
    weights_of,
)
from numpy.typing import NDArray
from PIL import Image

import matcher
from fairness import AuditError, Cohort
from fairness.cohort import FoldPairs, read_fgnet, read_lfw, read_pairs
from matcher.degradation import RECIPES
from matcher.embedding import DEFAULT_MODEL, Embedder, FaceVectors, load_model
from matcher.errors import MatcherError, PhotoError
from matcher.faces import Detector, Face, align, load_detector
from matcher.heap import use_one_heap
from matcher.photos import load_photo

LADDER = ("px64-q50", "px48-q40", "px32-q30", "px24-q30", "px16-q30")
STORIES = ("phone", "cctv", "night", "old-print", "screenshot")
JUDGED = ("px48-q40", "px32-q30", "px24-q30")
BATCH = 16

Crops = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Embedded:
    """Which photos have a face, and each model's vectors of those, by version of the photo."""

    found: Mask
    vectors: tuple[dict[str, FaceVectors], ...]


def embed(
    cohort: Cohort,
    models: Sequence[Embedder],
    recipes: Sequence[str] = (),
    *,
    device: str = "cpu",
    seed: int = 0,
) -> Embedded:
    """Embed the largest face of each photo, as it is and degraded, with all models in one pass.

    The recipe of photo i draws with `seed` + i. Low-resolution vectors are made only if there are
    degraded photos to be compared with. Crops are made once for models of equal templates.
    """
    detector = load_detector(device)
    found = np.zeros(len(cohort), np.bool_)
    versions = (CLEAN, *recipes)
    parts: list[dict[str, list[FaceVectors]]] = [
        {version: [] for version in versions} for _ in models
    ]
    for places, faces in _faces(cohort, detector):
        found[places] = True
        for template in {model.record.crop for model in models}:
            crops = np.stack([align(face.photo, face.landmarks, template) for face in faces])
            for version in versions:
                shown = crops if version == CLEAN else degraded(crops, version, places + seed)
                for model, part in zip(models, parts, strict=True):
                    if model.record.crop == template:
                        kept = bool(recipes) and version == CLEAN
                        part[version].append(model.embed_all(shown, for_gallery=kept))
    joined = ({version: _joined(part[version]) for version in part} for part in parts)
    return Embedded(found, tuple(joined))


def _joined(parts: Sequence[FaceVectors]) -> FaceVectors:
    names = parts[0].kept if parts else ()
    return FaceVectors(
        {name: np.concatenate([part.kept[name] for part in parts]) for name in names},
        np.concatenate([part.probes for part in parts]),
        tuple(name for part in parts for name in part.compared_with),
    )


def _faces(cohort: Cohort, detector: Detector) -> Iterator[tuple[Codes, list[Face]]]:
    """Yield the places of photos with a face, and the largest face of each, batch by batch."""
    folder = cohort.folder or Path()
    for start in range(0, len(cohort), BATCH):
        photos = []
        for place, sample in enumerate(cohort.samples[start : start + BATCH], start):
            try:
                photos.append((place, load_photo(folder / sample.photo)))
            except PhotoError:
                continue  # counted as one without a face
        found = detector.detect([photo for _, photo in photos])
        with_face = [
            (place, faces[0]) for (place, _), faces in zip(photos, found, strict=True) if faces
        ]
        if with_face:
            yield np.array([place for place, _ in with_face]), [face for _, face in with_face]
        done = min(start + BATCH, len(cohort))
        sys.stderr.write(f"\r{cohort.samples[0].source}: {done}/{len(cohort)} photos")
    sys.stderr.write("\n")


def degraded(crops: Crops, recipe: str, seeds: Codes) -> Crops:
    """Return crops of the same size, degraded, each with its own seed."""
    size = crops.shape[1]
    made = np.empty_like(crops)
    for row, (crop, seed) in enumerate(zip(crops, seeds, strict=True)):
        small = Image.fromarray(RECIPES[recipe].apply(crop, seed=int(seed)))
        made[row] = np.asarray(small.resize((size, size), Image.Resampling.BICUBIC))
    return made


@dataclass(frozen=True, eq=False)
class Findings:
    """Rows of each model, and what photos they are from."""

    name: str
    rows: tuple[list[Row], ...]
    data: dict[str, Any]
    note: str


def judge_fgnet(
    cohort: Cohort, models: Sequence[Embedder], options: argparse.Namespace
) -> Findings:
    """Embed FG-NET, and work out its rows."""
    made = embed(cohort, models, LADDER + STORIES, device=options.device, seed=options.seed)
    missing = {
        sample.photo for sample, face in zip(cohort.samples, made.found, strict=True) if not face
    }
    seen = cohort.without(missing, "no face") if missing else cohort
    weights = weights_of(len(seen.subjects), options.draws, options.seed)
    return Findings(
        "FG-NET",
        tuple(rows_of_cohort(seen, versions, weights, JUDGED) for versions in made.vectors),
        {**_counts(cohort, made.found), "subjects": len(seen.subjects)},
        f"{len(missing)} of {len(cohort)} photos without a face",
    )


def judge_lfw(
    cohort: Cohort, pairs: FoldPairs, models: Sequence[Embedder], options: argparse.Namespace
) -> Findings:
    """Embed the photos of LFW's pairs, and work out its rows."""
    made = embed(cohort, models, device=options.device)
    keys = ["/".join(sample.photo.split("/")[-2:]) for sample in cohort.samples]
    place = {key: row for row, key in enumerate(np.array(keys)[made.found])}
    sides = [np.array([place.get(key, -1) for key in side]) for side in (pairs.left, pairs.right)]
    made_of = (sides[0] >= 0) & (sides[1] >= 0)
    left, right = (side[made_of] for side in sides)
    same, folds = pairs.same[made_of], pairs.folds[made_of]
    weights = weights_of(len(folds), options.draws, options.seed, folds)
    rows = []
    for versions in made.vectors:
        vectors = versions[CLEAN].vectors
        scores = np.einsum("pd,pd->p", vectors[left], vectors[right])
        rows.append(rows_of_folds(scores, same, folds, weights))
    missing, lost = int((~made.found).sum()), int((~made_of).sum())
    return Findings(
        "LFW",
        tuple(rows),
        {**_counts(cohort, made.found), "pairs": len(made_of), "pairs_left_out": lost},
        f"{missing} of {len(cohort)} photos without a face; "
        f"{lost} of {len(made_of)} pairs left out",
    )


def _counts(cohort: Cohort, found: Mask) -> dict[str, Any]:
    return {
        "photos": len(cohort),
        "photos_without_a_face": int((~found).sum()),
        "set_aside": len(cohort.set_aside),
        "labels_sha256": cohort.sha256,
    }


def cell(row: Row, *, sign: str = "") -> str:
    """Write a value and its interval."""

    def number(value: float) -> str:
        return "-" if math.isnan(value) else f"{row.factor * value:{sign}.{row.digits}f}"

    limits = "no interval" if row.limits is None else " to ".join(map(number, row.limits))
    return f"{number(row.value)} ({limits})"


def table(names: Sequence[str], columns: Sequence[Sequence[Row]]) -> str:
    """Return the table as text: a column for each model, and the difference if there are two."""
    lines = [["", "on", *names, *(["difference"] if len(columns) == 2 else [])]]
    for rows in zip(*columns, strict=True):
        cells = [cell(row) for row in rows]
        if len(rows) == 2:
            cells.append(cell(rows[0].less(rows[1]), sign="+"))
        lines.append([rows[0].name, f"{rows[0].count:,} {rows[0].of}", *cells])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def record(
    models: Sequence[Embedder], findings: Sequence[Findings], options: argparse.Namespace
) -> dict[str, Any]:
    """Return all that is known of the run as JSON's types; undefined values are null."""
    names = ("model", "baseline")[: len(models)]
    rows = []
    for compared in zip(*_columns(findings), strict=True):
        entry: dict[str, Any] = {
            "name": compared[0].name,
            "count": compared[0].count,
            "of": compared[0].of,
        }
        entry |= {name: _numbers(row) for name, row in zip(names, compared, strict=True)}
        if len(compared) == 2:
            entry["difference"] = _numbers(compared[0].less(compared[1]))
        rows.append(entry)
    return {
        "models": {name: model.identity.facts() for name, model in zip(names, models, strict=True)},
        "data": {part.name: part.data for part in findings},
        "draws": options.draws,
        "seed": options.seed,
        "level": 0.95,
        "versions": _versions(),
        "rows": rows,
    }


def _columns(findings: Sequence[Findings]) -> list[list[Row]]:
    by_model = zip(*(part.rows for part in findings), strict=True)
    return [[row for rows in parts for row in rows] for parts in by_model]


def _numbers(row: Row) -> dict[str, Any]:
    value = None if math.isnan(row.value) else row.value
    return {"value": value, "interval": row.limits}


def _versions() -> dict[str, str]:
    import PIL
    import torch

    return {
        "matcher": matcher.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "pillow": PIL.__version__,
        "torch": torch.__version__,
    }


def _options(arguments: Sequence[str] | None) -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fgnet", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--lfw", type=Path, metavar="FOLDER", help="with pairs.txt in it")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="name, or a TOML record")
    parser.add_argument("--baseline", metavar="NAME", help="a second model to compare with")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(arguments)
    if options.draws < 1 or options.seed < 0:
        parser.error("need --draws of at least 1 and a --seed that is not negative")
    return parser, options


def main(arguments: Sequence[str] | None = None) -> None:
    """Read, embed, print, save."""
    use_one_heap()
    parser, options = _options(arguments)
    try:
        fgnet = read_fgnet(options.fgnet)
        lfw = read_lfw(options.lfw) if options.lfw else None
        pairs = read_pairs(options.lfw / "pairs.txt") if options.lfw else None
        names = [options.model, *([options.baseline] if options.baseline else [])]
        models = [load_model(name, device=options.device) for name in names]
        findings = [judge_fgnet(fgnet, models, options)]
        if lfw and pairs:
            findings.append(judge_lfw(lfw, pairs, models, options))
    except (AuditError, MatcherError) as error:
        parser.error(str(error))
    for part in findings:
        print(f"{part.name}: {part.note}")
    crops = [model.record.crop for model in models]
    if crops[0] != crops[-1]:
        print(
            f"the crops differ ({crops[0].name}, {crops[-1].name}): so do faces of px rows in size"
        )
    print(table([model.identity.name for model in models], _columns(findings)))
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(record(models, findings, options), indent=1))
        print(f"results: {options.out}", file=sys.stderr)


if __name__ == "__main__":
    main()
