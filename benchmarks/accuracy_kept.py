"""Vectors of photos in files, so that a run that was ended goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from accuracy_rows import Codes, Mask

from matcher.embedding import Embedder, FaceVectors


@dataclass(frozen=True, eq=False)
class Batch:
    """Photos that are embedded together.

    Parameters
    ----------
    photos
        Their files.
    versions
        `CLEAN`, and the recipes that degrade the crops of their faces.
    cameras
        The cameras that take some of them.
    seeds
        What the recipes draw with, one seed for each photo.
    probes
        Whether the cameras take each photo.
    """

    photos: Sequence[Path]
    versions: Sequence[str]
    cameras: Sequence[str]
    seeds: Codes
    probes: Mask


@dataclass(frozen=True, eq=False)
class Seen:
    """What one model sees of some photos.

    Parameters
    ----------
    found
        For each photo, whether it has a face.
    again
        By camera: for each photo with a face, whether the camera's picture of it has one.
    vectors
        Vectors of the faces, by version of the photo or by camera.
    """

    found: Mask
    again: Mapping[str, Mask]
    vectors: Mapping[str, FaceVectors]

    @classmethod
    def joined(cls, parts: Sequence[Seen]) -> Seen:
        """Return one whole of batches, in their order."""
        return cls(
            np.concatenate([part.found for part in parts]),
            {name: np.concatenate([part.again[name] for part in parts]) for name in parts[0].again},
            {name: joined([part.vectors[name] for part in parts]) for name in parts[0].vectors},
        )


def joined(parts: Sequence[FaceVectors]) -> FaceVectors:
    """Return the vectors of all faces of all parts."""
    return FaceVectors(
        {name: np.concatenate([part.kept[name] for part in parts]) for name in parts[0].kept},
        np.concatenate([part.probes for part in parts]),
        tuple(name for part in parts for name in part.compared_with),
        tuple(one for part in parts for one in part.degraded),
    )


def file_of(folder: Path, model: Embedder, batch: Batch) -> Path:
    """Return the file for what a model sees of a batch; its name tells photos and model apart."""
    told = [
        model.identity.facts(),
        model.precision,
        list(batch.versions),
        list(batch.cameras),
        [hashlib.sha256(photo.read_bytes()).hexdigest() for photo in batch.photos],
        batch.seeds.tolist(),
        batch.probes.tolist(),
    ]
    key = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
    return folder / f"{model.identity.name}-{key[:32]}.npz"


def save(seen: Seen, file: Path) -> None:
    """Write a file, under its name only when it is whole."""
    arrays: dict[str, Any] = {"found": seen.found}
    arrays |= {f"again/{name}": mask for name, mask in seen.again.items()}
    for name, made in seen.vectors.items():
        arrays |= {f"{name}/kept/{kind}": vectors for kind, vectors in made.kept.items()}
        arrays[f"{name}/probes"] = made.probes
        arrays[f"{name}/compared_with"] = np.array(made.compared_with, np.str_)
        arrays[f"{name}/degraded"] = np.array([_CODES[one] for one in made.degraded], np.int8)
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part.npz")
    np.savez(part, **arrays)
    part.replace(file)


def load(file: Path) -> Seen:
    """Read a file that `save` wrote."""
    with np.load(file) as arrays:
        names = [key.removesuffix("/probes") for key in arrays if key.endswith("/probes")]
        cameras = [key.removeprefix("again/") for key in arrays if key.startswith("again/")]
        return Seen(
            arrays["found"],
            {name: arrays[f"again/{name}"] for name in cameras},
            {name: _vectors(arrays, name) for name in names},
        )


_CODES = {None: -1, False: 0, True: 1}
_MEANT = {code: meant for meant, code in _CODES.items()}


def _vectors(arrays: Mapping[str, np.ndarray], name: str) -> FaceVectors:
    start = f"{name}/kept/"
    return FaceVectors(
        {key.removeprefix(start): arrays[key] for key in arrays if key.startswith(start)},
        arrays[f"{name}/probes"],
        tuple(arrays[f"{name}/compared_with"].tolist()),
        tuple(_MEANT[code] for code in arrays[f"{name}/degraded"].tolist()),
    )
