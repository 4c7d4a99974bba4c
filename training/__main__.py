"""Make the weights of `youth-resnet`.

    python -m training --fairface FOLDER --lfw FOLDER --out youth-resnet.safetensors

FOLDERs hold FairFace (margin 0.25; `train/` with its table of labels) and Labeled Faces in the
Wild (deep-funneled, with `pairs.txt`). Faces are cut once and kept beside the result
(`.crops.npy`); the running mean of the weights is saved every 200 steps (`.part.safetensors`) and
the losses go to a table (`.steps.csv`). 2,800 steps take about 50 minutes on two cores.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TextIO

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from matcher.embedding import cache, load_model
from matcher.embedding.registry import get_record
from matcher.embedding.torch_network import dlib_resnet
from matcher.faces import load_detector
from training.crops import cut_crops, has_face
from training.fit import Faces, Recipe, State, Step, fit
from training.sources import ADULT, TrainingPhoto, fairface_training_part, lfw_training_part
from training.teacher import Crops, Spread, projected, without_groups
from training.wear import fit_wear

_SAVED_EVERY = 200
_GAUGED = 4000  # faces that say how worn ones differ
_LEVELLED = 2  # directions in which young faces of several perceived races differ


def main(arguments: Sequence[str] | None = None) -> None:
    """Cut, ask the teacher, train, save."""
    options = _parser().parse_args(arguments)
    recipe = Recipe(**{field.name: getattr(options, field.name) for field in fields(Recipe)})
    photos = fairface_training_part(options.fairface) + lfw_training_part(options.lfw)
    crops = _kept_crops(photos, options.out.with_suffix(".crops.npy"))
    found = has_face(crops)
    _say(f"{len(photos)} photos, {int(found.sum())} with a face")

    body = _dlib()
    vectors = load_model("dlib-resnet").embed(crops[found]).astype(np.float64)
    shown = [photo for photo, ok in zip(photos, found, strict=True) if ok]
    bands = np.array([photo.band for photo in shown])
    _, subjects = np.unique([photo.subject for photo in shown], return_inverse=True)
    spread = Spread.fitted(vectors, bands)
    faces = Faces(crops[found], subjects, bands, spread(vectors).astype(np.float32))
    with options.out.with_suffix(".steps.csv").open("w", newline="", encoding="utf-8") as table:
        worn = fit(
            spread.after(body),
            faces,
            recipe,
            workers=options.workers,
            on_report=_reporter(table, options.out.with_suffix(".part.safetensors")),
        )
    level = without_groups(faces.wanted.astype(np.float64), _origins(shown), _LEVELLED)
    clear, worn = (projected(state, level) for state in (spread.after(body).state_dict(), worn))
    wear = fit_wear(clear, worn, faces.crops, faces=_GAUGED, seed=recipe.seed)
    save({"clear": clear, "worn": worn, "wear": wear.state()}, options.out, recipe)


def save(parts: Mapping[str, State], path: Path, recipe: Recipe) -> None:
    """Write the weights of `YouthResnet` in half precision, with the recipe in the header.

    Parameters
    ----------
    parts
        The weights of `clear`, `worn` and `wear`.
    """
    halves = {
        f"{part}.{name}": value.to(torch.float16).contiguous()
        for part, state in parts.items()
        for name, value in state.items()
    }
    facts = {name: str(value) for name, value in asdict(recipe).items()}
    with cache.written_whole(path) as part:
        save_file(halves, part, metadata=facts)


def _origins(photos: Sequence[TrainingPhoto]) -> NDArray[np.int64]:
    """Return the group of each young face by perceived race; -1 for adults and where unknown."""
    names = [photo.origin if photo.band < ADULT else None for photo in photos]
    known = sorted({name for name in names if name})
    return np.array([known.index(name) if name else -1 for name in names])


def _kept_crops(photos: Sequence[TrainingPhoto], kept: Path) -> Crops:
    if not kept.is_file():
        cut = cut_crops(photos, load_detector(), _progress)
        with cache.written_whole(kept) as part, part.open("wb") as file:
            np.save(file, cut)
    crops: Crops = np.load(kept, allow_pickle=False)
    if len(crops) != len(photos):
        raise SystemExit(f"{kept} is of other photos: remove it, and they are cut anew.")
    return crops


def _dlib() -> torch.nn.Module:
    record = get_record("dlib-resnet")
    folder = cache.cache_folder()
    return dlib_resnet(*cache.read_weights(record, folder), folder)


def _reporter(table: TextIO, part: Path) -> Callable[[Step, State], None]:
    writer = csv.writer(table)
    writer.writerow([field.name for field in fields(Step)])

    def report(step: Step, state: State) -> None:
        writer.writerow([step.number, round(step.apart, 5), round(step.distance, 5)])
        table.flush()
        _say(f"step {step.number}: apart {step.apart:.3f}, distance {step.distance:.3f}")
        if step.number % _SAVED_EVERY == 0:
            save_file({name: value.contiguous() for name, value in state.items()}, part)

    return report


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__.split("\n")[0])
    parser.add_argument("--fairface", type=Path, required=True)
    parser.add_argument("--lfw", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=1, help="processes that make views")
    for field in fields(Recipe):
        parser.add_argument(
            f"--{field.name.replace('_', '-')}", type=type(field.default), default=field.default
        )
    return parser


def _progress(step: str, done: int, total: int | None) -> None:
    if done % 100 == 0 or done == total:
        _say(f"{step}: {done} of {total}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
