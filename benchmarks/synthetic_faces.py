"""Measure the rendered faces: speed, detection by age and tone, likeness across ages.

    python benchmarks/synthetic_faces.py [--out results/synthetic-faces.json] [--record NAME]

Renders cohorts, finds faces with facenet-pytorch's MTCNN as it comes, aligns and embeds them with
the library's dlib network. After every arm the results so far are written to --out; what a file
there holds already, of as many people, is not measured again.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from recording import Record
from synthetic_faces_tables import show

from matcher.synthetic import CohortSpec, SkinTone, make_identity, render_photo
from matcher.synthetic.rendering import render

AGES = (4.0, 8.0, 12.0, 16.0, 25.0)
TONE_EDGES = (20.0, 40.0, 55.0, 70.0, 86.0)
"""L* between which the detection rate is counted."""
DARK, LIGHT = SkinTone(30.0, 54.0), SkinTone(78.0, 62.0)
CHUNK = 40
MINIMUM_PROBABILITY = 0.9


@dataclass(frozen=True, eq=False)
class Vectors:
    """One row for each photo of a cohort; `found` is False where no face was found."""

    subject: NDArray[np.int64]
    family: NDArray[np.int64]
    age: NDArray[np.float64]
    lightness: NDArray[np.float64]
    found: NDArray[np.bool_]
    vector: NDArray[np.float32]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run all arms that `--out` does not hold yet, and record the tables."""
    record = Record.begin(__file__, _parser(), arguments)
    options = record.options
    results = _earlier(options)
    if "seconds_per_image" not in results:
        _keep(results, options.out, "seconds_per_image", seconds_per_image())
    measured = arms(options)
    for name, spec in measured.items():
        if name not in results:
            _keep(results, options.out, name, summary(embed(spec, options.workers)))
    show(record, results["seconds_per_image"], {name: results[name] for name in measured})
    record.write()


def arms(options: argparse.Namespace) -> dict[str, CohortSpec]:
    """Describe every cohort that is measured."""
    natural = CohortSpec(options.subjects, ages=AGES)
    found = {f"natural, seed {k}": replace(natural, seed=k) for k in range(options.seeds)}
    found["colours fixed"] = replace(natural, colour="fixed")
    found["families of three"] = replace(natural, family_size=3)
    if options.sensitivity:
        found |= sensitivity_arms(options.sensitivity)
    return found


def seconds_per_image(count: int = 20) -> float:
    """Time rendering alone, one process, 256 pixels."""
    people = [make_identity(99, subject) for subject in range(count)]
    render(people[0], 8.0)
    start = time.process_time()
    for person in people:
        render(person, 8.0)
    return round((time.process_time() - start) / count, 3)


def sensitivity_arms(subjects: int) -> dict[str, CohortSpec]:
    """Describe the same people in dark and light skin, clean and degraded."""
    found = {}
    for exposure in ("physical", "equalised"):
        for steps in ("none", "jpeg:0.9", "downsample:0.4", "blur:0.4"):
            for name, tone in (("dark", DARK), ("light", LIGHT)):
                found[f"{exposure}/{steps}/{name}"] = CohortSpec(
                    subjects, ages=(4.0, 16.0), exposure=exposure, tones=(tone,), degradation=steps
                )
    return found


def embed(spec: CohortSpec, workers: int) -> Vectors:
    """Render, detect, align and embed a cohort."""
    from matcher.embedding import load_model

    model = load_model("dlib-resnet")
    keys = list(spec.keys())
    found = np.zeros(len(keys), bool)
    vectors = np.zeros((len(keys), model.record.dimension), np.float32)
    done = 0
    for pictures in _pictures(spec, keys, workers):
        crops, seen = _crops(pictures, model.record.crop)
        where = done + np.flatnonzero(seen)
        found[where] = True
        if len(where):
            vectors[where] = model.embed(crops)
        done += len(pictures)
        sys.stderr.write(f"\r{done}/{len(keys)} photos")
    sys.stderr.write("\n")
    people = [spec.identity(subject) for subject in range(spec.subjects)]
    subject = np.array([key[0] for key in keys])
    return Vectors(
        subject=subject,
        family=np.array([person.family for person in people])[subject],
        age=np.array([key[1] for key in keys]),
        lightness=np.array([person.tone.lightness for person in people])[subject],
        found=found,
        vector=vectors,
    )


def summary(v: Vectors) -> dict[str, Any]:
    """Reduce one cohort to the figures of the page."""
    scores = v.vector @ v.vector.T
    usable = v.found[:, None] & v.found[None] & np.triu(np.ones_like(scores, bool), 1)
    same = v.subject[:, None] == v.subject[None]
    kin = (v.family[:, None] == v.family[None]) & ~same
    apart = np.abs(v.age[:, None] - v.age[None]) >= 4
    mated = scores[usable & same & apart]
    strangers = scores[usable & ~same & ~kin]
    result: dict[str, Any] = {
        "detected": _detection(v),
        "same": _spread(mated),
        "different": _spread(strangers),
        "auc": round(_auc(mated, strangers), 4),
        "rank1": _rank1(v, scores),
    }
    if kin.any():
        result["relatives"] = _spread(scores[usable & kin])
        result["auc_relatives"] = round(_auc(mated, scores[usable & kin]), 4)
    return result


def _detection(v: Vectors) -> dict[str, Any]:
    bin_of = np.digitize(v.lightness, TONE_EDGES) - 1
    table = {}
    for age in np.unique(v.age):
        for k in np.unique(bin_of):
            cell = (v.age == age) & (bin_of == k)
            if cell.any():
                label = f"age {age:g}, L* {TONE_EDGES[k]:g} to {TONE_EDGES[k + 1]:g}"
                table[label] = f"{int(v.found[cell].sum())}/{int(cell.sum())}"
    return {"all": f"{int(v.found.sum())}/{len(v.found)}", "by_age_and_tone": table}


def _rank1(v: Vectors, scores: NDArray[np.float32]) -> dict[str, float]:
    """Rank-1 of probes of one age in a gallery of another, one photo each, by pair and mean."""
    shares = {}
    for gallery_age in np.unique(v.age):
        for probe_age in np.unique(v.age):
            gallery = np.flatnonzero((v.age == gallery_age) & v.found)
            probes = np.flatnonzero((v.age == probe_age) & np.isin(v.subject, v.subject[gallery]))
            probes = probes[v.found[probes]]
            if gallery_age != probe_age and len(probes):
                best = gallery[scores[np.ix_(probes, gallery)].argmax(axis=1)]
                hit = float((v.subject[best] == v.subject[probes]).mean())
                shares[f"{gallery_age:g}->{probe_age:g}"] = round(hit, 3)
    return {"mean": round(float(np.mean(list(shares.values()))), 3), **shares}


def _auc(higher: NDArray[np.float32], lower: NDArray[np.float32]) -> float:
    """Share of pairs in which the first is larger, ties counted half."""
    ordered = np.sort(lower)
    below = np.searchsorted(ordered, higher, "left") + np.searchsorted(ordered, higher, "right")
    return float(below.mean() / (2 * len(lower)))


def _spread(scores: NDArray[np.float32]) -> dict[str, Any]:
    low, high = np.percentile(scores, (5, 95))
    return {
        "mean": round(float(scores.mean()), 4),
        "p5": round(float(low), 4),
        "p95": round(float(high), 4),
        "pairs": len(scores),
    }


def _pictures(
    spec: CohortSpec, keys: list[tuple[int, float, int]], workers: int
) -> Iterator[list[NDArray[np.uint8]]]:
    jobs = [(spec, key) for key in keys]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        drawn = pool.map(_render_one, jobs, chunksize=4)
        for start in range(0, len(jobs), CHUNK):
            yield [next(drawn) for _ in jobs[start : start + CHUNK]]


def _render_one(job: tuple[CohortSpec, tuple[int, float, int]]) -> NDArray[np.uint8]:
    spec, key = job
    return render_photo(spec, *key).pixels


def _crops(pictures: list[NDArray[np.uint8]], crop: Any) -> tuple[NDArray[np.uint8], list[bool]]:
    """Align the likeliest face of each picture; tell in which pictures there is one."""
    from matcher.faces import align
    from matcher.photos import load_photo

    boxes, probabilities, landmarks = _mtcnn().detect(np.stack(pictures), landmarks=True)
    crops, seen = [], []
    for picture, box, probability, points in zip(
        pictures, boxes, probabilities, landmarks, strict=True
    ):
        is_there = box is not None and float(np.max(probability)) >= MINIMUM_PROBABILITY
        seen.append(is_there)
        if is_there:
            best = int(np.argmax(probability))
            crops.append(align(load_photo(picture), points[best], crop))
    return np.array(crops), seen


_detector: list[Any] = []


def _mtcnn() -> Any:
    if not _detector:
        from facenet_pytorch import MTCNN

        _detector.append(MTCNN(keep_all=True, post_process=False))
    return _detector[0]


def _earlier(options: argparse.Namespace) -> dict[str, Any]:
    """Return what an interrupted run of the same size has left in `--out`."""
    size = {"subjects": options.subjects, "sensitivity_subjects": options.sensitivity}
    if options.out is not None and options.out.exists():
        results: dict[str, Any] = json.loads(options.out.read_text(encoding="utf-8"))
        if size.items() <= results.items():
            return results
    return {**size, "ages": list(AGES)}


def _keep(results: dict[str, Any], out: Path | None, name: str, measured: Any) -> None:
    results[name] = measured
    print(json.dumps({name: measured}), file=sys.stderr, flush=True)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subjects", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--sensitivity", type=int, default=60, help="subjects; 0 leaves it out")
    parser.add_argument("--out", type=Path, help="JSON file to go on from")
    return parser


if __name__ == "__main__":
    main()
