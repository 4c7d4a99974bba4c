"""The sides of `beside_peers.py` at work: each takes photos, and its outcomes are kept."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from accuracy_photos import largest_faces, photographed
from beside_peers_rows import CAMERAS, Looked
from peer_environments import PEERS, Missing, Side, files_of, python_of
from peer_process import Outcome, PeerProcess
from PIL import Image
from recording import ROOT

from matcher.faces import load_detector
from matcher.photos import load_photo

BATCH = 16


@dataclass
class Ready:
    """A side that can be measured: its process, its files, and where its outcomes are kept."""

    side: Side
    python: Path
    files: Mapping[str, str]
    process: PeerProcess
    kept: Path
    outcomes: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)

    @property
    def measure(self) -> str:
        """By what its vectors are compared."""
        return str(self.process.hello["measure"])

    def take(self, name: str, photos: Mapping[str, Path], purpose: str) -> None:
        """Take photos, unless it has been done in an earlier run."""
        done = self.outcomes.setdefault(name, self._read(name))
        with (self.kept / f"{name}.jsonl").open("a", encoding="utf-8") as file:
            for key, path in photos.items():
                if key not in done:
                    done[key] = self.process.ask(path, purpose)
                    file.write(json.dumps({"photo": key, "outcome": done[key]}) + "\n")
                    file.flush()

    def _read(self, name: str) -> dict[str, dict[str, Any]]:
        """Return what is kept of a pass; a last line that was not written whole is cut off."""
        file = self.kept / f"{name}.jsonl"
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        whole = text[: text.rfind("\n") + 1]
        if whole != text:
            file.write_text(whole, encoding="utf-8")
        rows = map(json.loads, whole.splitlines())
        return {row["photo"]: row["outcome"] for row in rows}

    def looked(self, name: str, keys: Sequence[str]) -> Looked:
        """Return what it found in the photos of a pass; what was not taken has no face."""
        none: dict[str, Any] = {}
        seen = [Outcome.of(self.outcomes[name].get(key, none)) for key in keys]
        found = np.array([one.vector is not None for one in seen], np.bool_)
        width = max((len(one.vector) for one in seen if one.vector is not None), default=1)
        vectors = np.zeros((len(keys), width), np.float32)
        for row, one in enumerate(seen):
            if one.vector is not None:
                vectors[row] = one.vector
        return Looked(found, vectors)


def prepare(
    side: Side, options: argparse.Namespace, given: Mapping[str, Path], stack: ExitStack
) -> Ready:
    """Make what a side needs, and start it.

    Raises
    ------
    Missing
        If something cannot be had.
    """
    files = files_of(side, given, options.environments)
    python = python_of(side.environment, options.environments)
    scratch = (options.environments / "scratch" / side.name).absolute()
    scratch.mkdir(parents=True, exist_ok=True)
    process = PeerProcess(python, side.script, {**side.options, "files": files}, scratch)
    stack.enter_context(process)
    try:
        hello = process.start()
    except Missing as error:
        raise Missing(str(error).replace(str(scratch), "FOLDER")) from error
    kept = options.keep / f"{side.name}-{digest_of(side, files, hello['versions'])}"
    kept.mkdir(parents=True, exist_ok=True)
    return Ready(side, python, files, process, kept)


def digest_of(side: Side, files: Mapping[str, str], versions: Mapping[str, str]) -> str:
    """Return what tells the outcomes of a side from those of other versions, weights and code."""
    known = [
        versions,
        dict(side.options),
        _digest(PEERS / side.script),
        {key: _digest(Path(path)) for key, path in files.items()},
        _digest(ROOT / "matcher") if side.environment.startswith("matcher") else "",
    ]
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:12]


def _digest(one: Path) -> str:
    """Return what tells a file, or the code and the weights of a folder, from others."""
    kinds = (".py", ".toml", ".safetensors", ".onnx", ".h5", ".pth", ".dat", ".bin")
    files = [one] if one.is_file() else sorted(one.rglob("*"))
    files = [file for file in files if file == one or file.suffix in kinds]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def take_turns(ready: Sequence[Ready], name: str, photos: Mapping[str, Path], purpose: str) -> None:
    """Have all sides take each batch, another one first each time."""
    keys = list(photos)
    for turn, start in enumerate(range(0, len(keys), BATCH)):
        first = turn % max(1, len(ready))
        batch = {key: photos[key] for key in keys[start : start + BATCH]}
        for one in (*ready[first:], *ready[:first]):
            one.take(name, batch, purpose)
        sys.stderr.write(f"\r{name}: {min(start + BATCH, len(keys))}/{len(keys)} photos")
    sys.stderr.write("\n")


def pictures(photos: Mapping[str, Path], folder: Path) -> dict[str, dict[str, Path]]:
    """Return by camera the files of the pictures that it takes; those that lack are made.

    A picture is written as PNG, so nothing is lost after the camera has saved it.
    """
    made = {
        camera: {key: folder / camera / f"{Path(key).stem}.png" for key in photos}
        for camera in CAMERAS
    }
    for camera in CAMERAS:
        (folder / camera).mkdir(parents=True, exist_ok=True)
    wanted = [key for key in photos if not all(made[camera][key].exists() for camera in CAMERAS)]
    detector = load_detector("cpu") if wanted else None
    for start in range(0, len(wanted), BATCH):
        keys = wanted[start : start + BATCH]
        assert detector is not None  # noqa: S101 - something is wanted
        found = largest_faces(detector, [load_photo(photos[key]) for key in keys])
        for place, face in found:
            for camera in CAMERAS:
                (picture,) = photographed([face], camera)
                Image.fromarray(picture.pixels).save(made[camera][keys[place]])
    return {
        camera: {key: path for key, path in each.items() if path.exists()}
        for camera, each in made.items()
    }
