"""Make the weights of `youth-resnet`.

    matcher models fetch sface
    python -m training --fairface FOLDER --lfw FOLDER --out weights.safetensors

The FOLDERs hold FairFace (margin 0.25; `train/` with its table of labels) and Labeled Faces in the
Wild (deep-funneled, with `pairs.txt`). Faces are cut once, and the crops are kept beside the result
(`.crops.npy`). There are two students, `resnet` and `mobile`. The running mean of each student's
weights is saved every 200 steps (`.resnet.safetensors`), and its losses are written to a table
(`.resnet.csv`). The students take about 50 and 25 minutes on two cores.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import TextIO

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from matcher.embedding import VectorMap, load_model, partial_whitening, without_groups
from matcher.embedding.models import YOUTH_CORNER, get_record
from matcher.embedding.networks.dlib_network import DIMENSION
from matcher.embedding.networks.quantised import State, packed
from matcher.embedding.networks.sface_network import MobileNet
from matcher.embedding.networks.torch_network import dlib_resnet, youth_resnet
from matcher.embedding.networks.youth_network import (
    Expert,
    WhitenedNetwork,
    YouthDlib,
    YouthResnet,
)
from matcher.embedding.vector_map import HALF_WAY
from matcher.embedding.weights import cache
from matcher.faces import load_detector
from matcher.heap import use_one_heap
from training.crops import cut_crops, has_face, inner_crops
from training.degradation_line import fit_degradation_line
from training.fit import Faces, Recipe, Step, fit
from training.sface import read_sface
from training.sources import ADULT, TrainingPhoto, fairface_training_part, lfw_training_part
from training.teacher import (
    Crops,
    Vectors,
    main_directions,
    mapped,
    said_of,
    whitened,
)
from training.views import ALL_SIZES, SMALL_SIZES, Sight

RESNET_SHARE = 0.5
"""Weight of the vectors of dlib's network against those of SFace. Chosen on FG-NET."""

SFACE_STRENGTH = 0.15
"""Strength of whitening of SFace's vectors, see `partial_whitening`. Chosen on FG-NET."""

_SAVED_EVERY = 200
_MEASURED = 4000  # faces that the line between degraded and undegraded ones is fitted to
_LEVELLED = 2  # directions in which young faces of several perceived races differ
_SFACE_LEVELLED = 3  # the same for SFace; chosen on halves of FairFace's training part, and FG-NET


def main(arguments: Sequence[str] | None = None) -> None:
    """Cut the faces, compute the teacher's vectors, train the students, save."""
    options = _parser().parse_args(arguments)
    use_one_heap()
    recipe = Recipe(**{field.name: getattr(options, field.name) for field in fields(Recipe)})
    photos = fairface_training_part(options.fairface) + lfw_training_part(options.lfw)
    crops = _kept_crops(photos, options.out.with_suffix(".crops.npy"))
    with_face = has_face(crops)
    _say(f"{len(photos)} photos, {int(with_face.sum())} with a face")

    shown = [photo for photo, ok in zip(photos, with_face, strict=True) if ok]
    _, subjects = np.unique([photo.subject for photo in shown], return_inverse=True)
    faces = Faces(crops[with_face], subjects, np.array([photo.band for photo in shown]))
    origins = _origins(shown)
    begun = youth_resnet(options.begin_with.read_bytes()) if options.begin_with else None
    inner = replace(faces, crops=inner_crops(faces.crops))
    network, alone = YouthResnet(YOUTH_CORNER), YouthDlib()
    clear, worn = network.clear, network.worn
    clear.resnet, worn.resnet = alone.clear, alone.worn = (
        (begun.clear.resnet, begun.worn.resnet)
        if begun
        else _resnets(inner, origins, recipe, options)
    )
    sface = _with_margin(begun.clear.mobile.body if begun else _published_sface())
    clear.mobile, worn.mobile = _mobiles(sface, faces, origins, recipe, options)
    worn.mobile.body.last = clear.mobile.body.last
    _join(clear, worn, faces, inner)
    for experts, seen in ((network, faces), (alone, inner)):
        wear = fit_degradation_line(
            experts.clear, experts.worn, seen.crops, faces=_MEASURED, seed=recipe.seed
        )
        experts.wear.load_state_dict(wear.state())
    save(network, options.out, recipe)
    save(alone, options.out.with_suffix(".dlib.safetensors"), recipe)


Pair = tuple[WhitenedNetwork, WhitenedNetwork]
"""A network of the expert for clear photos, and its student for degraded photos."""


def _resnets(
    faces: Faces, origins: NDArray[np.int64], recipe: Recipe, options: argparse.Namespace
) -> Pair:
    """Return dlib's network after partial whitening, and its student."""
    body = _dlib()
    vectors = load_model("dlib-resnet").embed(faces.crops).astype(np.float64)
    whitening = partial_whitening(vectors, faces.bands)
    wanted = whitening(vectors)
    student = _taught(
        whitened(body, whitening), wanted, faces, recipe, ALL_SIZES, "resnet", options
    )
    level = without_groups(wanted, origins, _LEVELLED)
    student.load_state_dict(mapped(student.state_dict(), level))
    return whitened(body, whitening.then(level)), student


def _published_sface() -> MobileNet:
    return read_sface(cache.read_weights(get_record("sface"), cache.cache_folder()).data)


def _with_margin(sface: torch.nn.Module) -> MobileNet:
    """Return the network for crops that show all of what it was trained with."""
    network = MobileNet(YOUTH_CORNER)
    network.load_state_dict(sface.state_dict())
    return network


def _mobiles(
    body: MobileNet,
    faces: Faces,
    origins: NDArray[np.int64],
    recipe: Recipe,
    options: argparse.Namespace,
) -> Pair:
    """Return SFace's network after partial whitening, and its student with the same last layer."""
    vectors = said_of(body, faces.crops)

    def fitted(strength: float, levelled: int) -> VectorMap:
        whitening = partial_whitening(vectors, faces.bands, strength)
        return whitening.then(without_groups(whitening(vectors), origins, levelled))

    taught, kept = fitted(HALF_WAY, _LEVELLED), fitted(SFACE_STRENGTH, _SFACE_LEVELLED)
    begun = whitened(body, taught)
    begun.requires_grad_(True)
    begun.body.last.requires_grad_(False)
    fewer = replace(recipe, steps=recipe.mobile_steps)
    student = _taught(begun, taught(vectors), faces, fewer, SMALL_SIZES, "mobile", options)
    student.load_state_dict(
        mapped(student.state_dict(), np.linalg.pinv(taught.matrix) @ kept.matrix)
    )
    return whitened(body, kept), student


def _taught(
    student: WhitenedNetwork,
    wanted: Vectors,
    faces: Faces,
    recipe: Recipe,
    sight: Sight,
    name: str,
    options: argparse.Namespace,
) -> WhitenedNetwork:
    """Train the student, and return it with the running mean of its weights."""
    with options.out.with_suffix(f".{name}.csv").open("w", newline="", encoding="utf-8") as table:
        mean = fit(
            student,
            faces,
            wanted.astype(np.float32),
            recipe,
            sight=sight,
            workers=options.workers,
            on_report=_reporter(table, options.out.with_suffix(f".{name}.safetensors")),
        )
    student.load_state_dict(mean)
    return student


def _join(clear: Expert, worn: Expert, faces: Faces, inner: Faces) -> None:
    """Fit the fusion layer from both networks' vectors to one: where faces differ most."""
    seen = ((clear.resnet, inner.crops), (clear.mobile, faces.crops))
    vectors = np.hstack([said_of(network, crops) for network, crops in seen])
    weights = np.repeat([RESNET_SHARE, 1.0], DIMENSION)
    directions = main_directions(vectors * weights, faces.bands, DIMENSION)
    for expert in (clear, worn):
        expert.joint.weight.data = torch.from_numpy(directions.T * weights).float()


def save(network: YouthResnet | YouthDlib, path: Path, recipe: Recipe) -> None:
    """Write packed weights, those of the bodies as int8, with the recipe in the header."""
    facts = {name: str(value) for name, value in asdict(recipe).items()}
    weights = {name: value.detach() for name, value in network.named_parameters()}  # shared: once
    with cache.written_whole(path) as part:
        save_file(packed(weights, coarse=lambda name: ".body." in name), part, metadata=facts)


def _origins(photos: Sequence[TrainingPhoto]) -> NDArray[np.int64]:
    """Return the group of each young face by perceived race; -1 for adults and unknown race."""
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
    return dlib_resnet(cache.read_weights(record, cache.cache_folder()).data)


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
    parser.add_argument(
        "--begin-with",
        type=Path,
        help="weights of version 5: take both of dlib's networks and SFace's body from there",
    )
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
