"""Photos per second of each stage and end to end, and peak memory, of models and a peer.

    python benchmarks/throughput.py PHOTOS [--limit 200] [--beside dlib-resnet] [--peer]
        [--precision auto] [--record NAME]

PHOTOS is a folder; it is searched for pictures at any depth. With --beside other models, and with
--peer the `face_recognition` package with dlib-bin, work on the same photos in the same run. All
take turns after every 16 photos, and begin in turn, so that whatever else the machine does meets
them alike. The peer has an environment of its own, which is made under results/peers (needs the
package index once). All sides take every face of a photo. Stages run one after the other here, so
that each can be timed; `Extractor.extract_many` does the same work in the same order. The peak of
memory is that of the process, which all models share.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from peer_environments import FOLDER, Missing, python_of, sides
from peer_process import Outcome, PeerProcess
from recording import Record

from matcher.embedding import DEFAULT_MODEL, load_model
from matcher.errors import PhotoError
from matcher.faces import align, load_detector
from matcher.heap import use_one_heap
from matcher.photos import find_photos, load_photo

BATCH = 16
STAGES = ("decode", "detect", "align", "embed")


@dataclass
class Report:
    """What a side did so far; `seconds` by stage."""

    precision: str = ""
    photos: int = 0
    unreadable: int = 0
    faces: int = 0
    photos_with_face: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    peak_mib: float = float("nan")

    @property
    def rate(self) -> float:
        """Photos per second, end to end."""
        return self.photos / sum(self.seconds.values())


class Side(Protocol):
    """One of those that are compared."""

    name: str
    report: Report

    def work(self, paths: Sequence[Path]) -> None:
        """Take all faces of a few photos, and add to the report."""
        ...


@contextmanager
def timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    """Add the time of the block to a stage."""
    started = time.perf_counter()
    yield
    seconds[stage] += time.perf_counter() - started


class Model:
    """A model of the library, with its detector; a `Side`."""

    def __init__(self, name: str, device: str, precision: str) -> None:
        self._detector = load_detector(device)
        self._embedder = load_model(name, device=device, precision=precision)  # type: ignore[arg-type]
        self._crop = self._embedder.record.crop
        self._embedder.embed_all(np.zeros((1, self._crop.size, self._crop.size, 3), np.uint8))
        self.name = name
        self.report = Report(self._embedder.precision, seconds=dict.fromkeys(STAGES, 0.0))

    def work(self, paths: Sequence[Path]) -> None:
        """Run all stages over a batch."""
        report, seconds = self.report, self.report.seconds
        photos = []
        with timed(seconds, "decode"):
            for path in paths:
                try:
                    photos.append(load_photo(path))
                except PhotoError:
                    report.unreadable += 1
        with timed(seconds, "detect"):
            detected = self._detector.detect(photos)
        with timed(seconds, "align"):
            faces = [face for found in detected for face in found]
            crops = [align(face.photo, face.landmarks, self._crop) for face in faces]
        with timed(seconds, "embed"):
            if crops:
                self._embedder.embed_all(np.stack(crops))
        report.photos += len(paths)
        report.faces += len(faces)
        report.photos_with_face += sum(1 for found in detected if found)
        report.peak_mib = peak_mib()


class Peer:
    """The `face_recognition` package in a process of its own; a `Side`."""

    name = "face_recognition"

    def __init__(self, folder: Path) -> None:
        (side,) = (one for one in sides() if one.name == self.name)
        scratch = (folder / "scratch" / self.name).absolute()
        scratch.mkdir(parents=True, exist_ok=True)
        try:
            python = python_of(side.environment, folder)
            self._process = PeerProcess(python, side.script, {}, scratch, bound=False)
            self._process.start()
        except Missing as error:
            sys.exit(f"{self.name}: {error}")
        self.report = Report("float32")

    def work(self, paths: Sequence[Path]) -> None:
        """Have the process take each photo, and add to the report."""
        report = self.report
        for path in paths:
            outcome = Outcome.of(self._process.ask(path.absolute()))
            report.photos += 1
            report.unreadable += bool(outcome.error or outcome.ended)
            report.faces += len(outcome.boxes)
            report.photos_with_face += bool(outcome.boxes)
            report.peak_mib = outcome.peak_mib
            for stage, spent in outcome.seconds.items():
                report.seconds[stage] = report.seconds.get(stage, 0.0) + spent


def take_turns(sides: Sequence[Side], paths: Sequence[Path]) -> None:
    """Have all sides do each batch, another one first each time."""
    for turn, start in enumerate(range(0, len(paths), BATCH)):
        first = turn % len(sides)
        for side in (*sides[first:], *sides[:first]):
            side.work(paths[start : start + BATCH])


def ratios(sides: Sequence[Side]) -> dict[str, float]:
    """Return how many times as many photos a second the first side does as each other one."""
    first, *others = sides
    return {
        f"{first.name} / {other.name}": first.report.rate / other.report.rate for other in others
    }


def peak_mib() -> float:
    """Return the highest resident memory of this process so far; NaN where there is no /proc."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if "VmHWM" in line), float("nan"))


def show(record: Record, sides: Sequence[Side]) -> None:
    """Add what each side did, its stages, and the ratios."""
    done, stages = [], []
    for side in sides:
        report = side.report
        named = (side.name, report.precision)
        faces = f"{report.photos_with_face:,} of {report.photos:,}"
        peak = f"{report.peak_mib:,.0f} MiB"
        done.append((*named, faces, report.faces, report.unreadable, f"{report.rate:.1f}", peak))
        spent = {**report.seconds, "end to end": sum(report.seconds.values())}
        for stage, seconds in spent.items():
            each, rate = 1000 * seconds / report.photos, report.photos / seconds
            stages.append((*named, stage, f"{each:.2f} ms", f"{rate:.1f}"))
    columns = ("photos with a face", "faces", "unreadable photos", "photos a second", "peak memory")
    record.table("photos", ("model", "precision", *columns), done)
    record.table("stages", ("model", "precision", "stage", "one photo", "photos a second"), stages)
    if len(sides) > 1:
        rows = [(name, f"{ratio:.2f}") for name, ratio in ratios(sides).items()]
        record.table("ratios", ("photos a second", "ratio"), rows)
    threads = [("threads of the networks", torch.get_num_threads())]
    record.table("machine", ("what", "count"), threads)


def main() -> None:
    """Measure and record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path)
    parser.add_argument("--limit", type=int, default=200)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--beside", nargs="+", default=[], metavar="MODEL")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="float32", choices=["auto", "float32", "bfloat16"])
    parser.add_argument("--peer", action="store_true")
    parser.add_argument("--peers-folder", type=Path, default=FOLDER)
    record = Record.begin(__file__, parser)
    options = record.options
    use_one_heap()  # as the command does
    paths = find_photos(options.photos)[: options.limit]
    if not paths:
        parser.error(f"no photos below {options.photos}")
    compared: list[Side] = [
        Model(name, options.device, options.precision) for name in (options.model, *options.beside)
    ]
    if options.peer:
        compared.append(Peer(options.peers_folder))
    take_turns(compared, paths)
    show(record, compared)
    record.write()


if __name__ == "__main__":
    main()
