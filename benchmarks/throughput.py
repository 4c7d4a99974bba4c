"""Photos per second of each stage and end to end, and peak memory, against face_recognition.

    python benchmarks/throughput.py PHOTOS [--limit 200] [--peer] [--out results/throughput.json]

PHOTOS is a folder; it is searched for pictures at any depth. With --peer the same photos go, in
the same run, through the `face_recognition` package with dlib-bin, in an environment of its own
that is made under results/peers (needs the package index once). Both sides take every face of a
photo. Stages run one after the other here, so that each can be timed; `Extractor.extract_many`
does the same work in the same order.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from matcher.embedding import DEFAULT_MODEL, load_model
from matcher.errors import PhotoError
from matcher.faces import align, load_detector
from matcher.heap import use_one_heap
from matcher.photos import find_photos, load_photo

BATCH = 16
STAGES = ("decode", "detect", "align", "embed")


@contextmanager
def timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    """Add the time of the block to a stage."""
    started = time.perf_counter()
    yield
    seconds[stage] += time.perf_counter() - started


def measure(paths: list[Path], model: str, device: str, precision: str) -> dict[str, object]:
    """Run all stages over the photos, a batch at a time."""
    detector = load_detector(device)
    embedder = load_model(model, device=device, precision=precision)  # type: ignore[arg-type]
    crop = embedder.record.crop
    embedder.embed_all(np.zeros((1, crop.size, crop.size, 3), np.uint8))  # warm up
    seconds = dict.fromkeys(STAGES, 0.0)
    faces_found = photos_with_face = unreadable = 0
    for start in range(0, len(paths), BATCH):
        photos = []
        with timed(seconds, "decode"):
            for path in paths[start : start + BATCH]:
                try:
                    photos.append(load_photo(path))
                except PhotoError:
                    unreadable += 1
        with timed(seconds, "detect"):
            detected = detector.detect(photos)
        with timed(seconds, "align"):
            faces = [face for found in detected for face in found]
            crops = [align(face.photo, face.landmarks, crop) for face in faces]
        with timed(seconds, "embed"):
            if crops:
                embedder.embed_all(np.stack(crops))
        faces_found += len(faces)
        photos_with_face += sum(1 for found in detected if found)
    return {
        "photos": len(paths),
        "unreadable": unreadable,
        "faces": faces_found,
        "photos_with_face": photos_with_face,
        "seconds": seconds,
        "peak_mib": peak_mib(),
    }


def peak_mib() -> float:
    """Return the highest resident memory of this process so far; NaN where there is no /proc."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if "VmHWM" in line), float("nan"))


def peer_python(folder: Path) -> Path:
    """Return the interpreter of the peer's environment; make it when it is not there."""
    python = folder / "bin" / "python"
    if not python.exists():
        print(f"making the peer's environment in {folder}", file=sys.stderr)
        venv.create(folder, with_pip=True)
        pip = [str(python), "-m", "pip", "install", "--quiet"]
        packages = ["dlib-bin", "face-recognition-models", "numpy", "pillow", "setuptools<81"]
        subprocess.run([*pip, *packages], check=True)
        subprocess.run([*pip, "--no-deps", "face-recognition==1.3.0"], check=True)
    return python


def measure_peer(paths: list[Path], folder: Path) -> dict[str, object]:
    """Run the peer over the same photos in its own process."""
    script = Path(__file__).parent / "peers" / "face_recognition_path.py"
    done = subprocess.run(
        [str(peer_python(folder)), str(script)],
        input="\n".join(map(str, paths)),
        capture_output=True,
        text=True,
        check=True,
    )
    report: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return report


def show(name: str, report: dict[str, object]) -> float:
    """Print one side; return its photos per second end to end."""
    seconds: dict[str, float] = report["seconds"]  # type: ignore[assignment]
    photos = int(report["photos"])  # type: ignore[call-overload]
    total = sum(seconds.values())
    print(
        f"\n{name}: {report['photos_with_face']} of {photos} photos with a face, "
        f"{report['faces']} faces, peak {report['peak_mib']:.0f} MiB"
    )
    for stage, spent in [*seconds.items(), ("end to end", total)]:
        print(f"  {stage:<10} {1000 * spent / photos:8.2f} ms/photo {photos / spent:9.1f} photos/s")
    return float(photos / total)


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path)
    parser.add_argument("--limit", type=int, default=200)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--peer", action="store_true")
    parser.add_argument("--peers-folder", type=Path, default=Path("results/peers"))
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    use_one_heap()  # as the command does
    paths = find_photos(options.photos)[: options.limit]
    if not paths:
        parser.error(f"no photos below {options.photos}")
    ours = measure(paths, options.model, options.device, options.precision)
    reports = {"matcher": ours}
    rate = show("matcher", ours)
    if options.peer:
        peer = measure_peer(paths, options.peers_folder / "face_recognition")
        reports["face_recognition"] = peer
        print(f"\nmatcher / face_recognition: {rate / show('face_recognition', peer):.2f} times")
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(reports, indent=1))


if __name__ == "__main__":
    main()
