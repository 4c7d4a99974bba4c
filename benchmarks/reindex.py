"""Re-indexing: throughput, bookkeeping, memory, searches meanwhile, and a storm of kills.

    python benchmarks/reindex.py [PHOTOS] [--only jobs searches readers kills] [--model NAME]
                                 [--sizes 2000 20000] [--workers 2] [--device cpu]
                                 [--kills 100] [--storm 4000] [--faces] [--record NAME]

PHOTOS is a folder; its photos are linked under as many names as are needed. Without it, rendered
faces are used. The figures:

- throughput: photos a second of a whole job, and of each stage alone, before the job and after it,
  for a machine can be faster in one hour than in the next: decoding in the same worker processes
  with nothing behind them; detecting, aligning and embedding of photos that wait in memory. Where
  both need the same cores, no overlap can reach the slower of them; then compare with the stages
  one after the other.
- bookkeeping: share of the job's time that is spent neither waiting for photos nor in the network.
- memory: peak of the job's process and of its largest worker; each size in a process of its own.
- searches: p50 and p99 of one search at a time in the old gallery, in a process of its own, with no
  job and beside one.
- readers: processes that open the gallery, search, and close it, over and over, while it is
  switched and rolled back; which editions they saw, and how often one was a mixture.
- kills: a job killed at random moments, against an undisturbed one.

In the last two, pictures and models mean nothing, so that a hundred kills do not take a day; with
`--faces` they are killed over the photos, with the model.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from recording import NOTHING, Record
from reindex_disturbed import Job, drawn_gallery, readers, storm
from reindex_tables import TABLES

from matcher.decoding import Decoders, Decoding
from matcher.embedding import DEFAULT_MODEL, FACE, Extractor, load_extractor
from matcher.errors import PhotoError
from matcher.faces import load_detector
from matcher.gallery import Enrolment, Gallery, PhotoRecord, StoredFace, Subject
from matcher.gallery.editions import shadow_of
from matcher.heap import use_one_heap
from matcher.jobs.batches import Read, embed_batch
from matcher.jobs.executors import local_executor
from matcher.jobs.reindexing import reindex
from matcher.jobs.settings import JobSettings
from matcher.jobs.shadow import Shadow
from matcher.jobs.tasks import ReindexTask
from matcher.photos import find_photos, load_photo, sha256_of
from matcher.search import Searcher
from matcher.testing import FakeDetector, FakeEmbedder, random_unit_vectors

PARTS = ("jobs", "searches", "readers", "kills")
OLD = FakeEmbedder(128)
NOWHERE = (-9.0, -9.0, -1.0, -1.0)


def make_gallery(gallery: Path, links: Path, photos: list[Path], size: int) -> None:
    """Link photos under `size` names; make a gallery of them with vectors that mean nothing."""
    boxes = {path: box(path) for path in photos[:size]}
    hashes = {path: sha256_of(path) for path in boxes}
    used = list(boxes)
    vectors = random_unit_vectors(size, OLD.identity.dimension, seed=1)
    links.mkdir()
    with Gallery.create(gallery, model=OLD.identity) as made:
        for start in range(0, size, 1000):
            batch = []
            for number in range(start, min(size, start + 1000)):
                path = used[number % len(used)]
                link = links / f"{number:07d}{path.suffix}"
                link.symlink_to(path.resolve())
                photo = PhotoRecord(hashes[path], str(link))
                subject = Subject(f"subject-{number:07d}")
                batch.append(Enrolment(subject, photo, {FACE: vectors[number]}, boxes[path], 1.0))
            made.add(batch)


def box(path: Path) -> tuple[float, float, float, float]:
    """Return where the face of a photo is, so that the job finds it there."""
    try:
        (faces,) = load_detector().detect([load_photo(path)])
    except PhotoError:
        return NOWHERE
    left, top, right, bottom = faces[0].box.tolist() if faces else NOWHERE
    return left, top, right, bottom


def timed(spent: dict[str, float], name: str, work: Callable[..., Any]) -> Callable[..., Any]:
    """Return the same function, adding up the seconds spent in it."""

    def measured(*given: Any, **named: Any) -> Any:
        started = time.perf_counter()
        try:
            return work(*given, **named)
        finally:
            spent[name] = spent.get(name, 0.0) + time.perf_counter() - started

    return measured


def run_job(options: argparse.Namespace) -> dict[str, Any]:
    """Re-index once, as the command does, and say where the time went."""
    use_one_heap()
    extractor = load_extractor(options.model, device=options.device)
    list(extractor.extract_many([np.zeros((64, 64, 3), np.uint8)]))  # loads what is loaded once
    spent: dict[str, float] = {}
    local_executor.embed_batch = timed(spent, "network", embed_batch)  # type: ignore[attr-defined]
    Decoders._next = timed(spent, "waiting for photos", Decoders._next)  # type: ignore[method-assign]
    Shadow.commit = timed(spent, "commits", Shadow.commit)  # type: ignore[method-assign]
    peaks = watch_workers()
    settings = JobSettings(decoding=Decoding(options.workers))
    started = time.perf_counter()
    report = reindex(options.photos, extractor, settings=settings)
    seconds = time.perf_counter() - started
    busy = spent.get("network", 0.0) + spent.get("waiting for photos", 0.0)
    return {
        "photos": report.worked,
        "outcomes": dict(report.counts),
        "seconds": seconds,
        "photos_per_second": report.worked / seconds,
        "spent": spent,
        "bookkeeping": 1 - busy / seconds,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "worker_peak_mib": max(peaks, default=float("nan")),
    }


def watch_workers() -> list[float]:
    """Return a list that is given the peak memory of each worker, in MiB, when it is closed."""
    peaks: list[float] = []
    close = Decoders.__exit__

    def noting(decoders: Decoders, *given: Any) -> None:
        for worker in decoders._workers:
            if worker._process is not None:
                status = Path(f"/proc/{worker._process.pid}/status").read_text()
                peaks.append(int(status.partition("VmHWM:")[2].split()[0]) / 1024)
        close(decoders, *given)

    Decoders.__exit__ = noting  # type: ignore[method-assign]
    return peaks


def run_stages(options: argparse.Namespace) -> dict[str, float]:
    """Measure each stage alone, photos a second, on as many as 2,000 photos."""
    use_one_heap()
    extractor = load_extractor(options.model, device=options.device)
    settings = JobSettings(decoding=Decoding(options.workers))
    with Gallery.open(options.photos) as source:
        faces = list(source.faces(range(1, 2001)).values())
    paths = [Path(face.photo.reference) for face in faces]
    with Decoders(settings.decoding) as decoders:
        list(decoders.read_all(paths[:4], 4))
        started = time.perf_counter()
        for _ in decoders.read_all(paths, 2 * settings.batch):
            pass
        decoding = len(paths) / (time.perf_counter() - started)
    embedded, seconds = 0, 0.0
    for first in np.linspace(0, len(faces) - settings.batch, 41).astype(int).tolist():
        batch = [read(face) for face in faces[first : first + settings.batch]]
        started = time.perf_counter()
        embed_batch(extractor, batch)
        if first:  # in the first one is loaded what is loaded once
            embedded += len(batch)
            seconds += time.perf_counter() - started
    return {"decoding": decoding, "network": embedded / seconds}


def read(face: StoredFace) -> Read:
    """Return a task with its photo."""
    path = Path(face.photo.reference)
    task = ReindexTask(face.face_id, face.photo.sha256, str(path), face.box)
    return Read(task, path, None, None, load_photo(path))


def run_search(options: argparse.Namespace) -> dict[str, float]:
    """Search one probe after the other for some seconds; return quantiles in milliseconds."""
    probes = random_unit_vectors(512, OLD.identity.dimension, seed=2)
    spent: list[float] = []
    with Gallery.open(options.photos, model=OLD.identity) as gallery:
        searcher = Searcher(gallery, Extractor(FakeDetector(), OLD))
        searcher.search(probes[0])
        end = time.perf_counter() + options.seconds
        while time.perf_counter() < end:
            started = time.perf_counter()
            searcher.search(probes[len(spent) % len(probes)])
            spent.append(1000 * (time.perf_counter() - started))
            time.sleep(0.02)
    p50, p99 = np.percentile(spent, (50, 99))
    return {"searches": len(spent), "p50_ms": float(p50), "p99_ms": float(p99)}


STEPS: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "job": run_job,
    "stages": run_stages,
    "search": run_search,
}


def begin(name: str, gallery: Path, options: argparse.Namespace) -> subprocess.Popen[str]:
    """Start a step in a process of its own."""
    passed = ("model", "workers", "device", "seconds")
    words = [word for key in passed for word in (f"--{key}", str(getattr(options, key)))]
    command = [sys.executable, str(Path(__file__)), str(gallery), "--step", name, *words]
    command += ["--record", NOTHING]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def result(running: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for a step."""
    said, _ = running.communicate()
    if running.returncode:
        raise SystemExit("a step failed")
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    return found


def searches(home: Path, photos: list[Path], options: argparse.Namespace) -> dict[str, Any]:
    """Search the old gallery with no job and beside one."""
    gallery = home / "searched"
    make_gallery(gallery, home / "searched-photos", photos, options.sizes[-1])
    with Gallery.open(gallery) as opened:
        opened.rebuild()
    idle = result(begin("search", gallery, options))
    running = begin("job", gallery, options)
    while shadow_of(gallery) is None and running.poll() is None:
        time.sleep(0.05)
    beside = result(begin("search", gallery, options))
    still = running.poll() is None
    running.kill()
    running.communicate()
    return {"idle": idle, "beside a job": beside, "job ran throughout": still}


def jobs(home: Path, photos: list[Path], options: argparse.Namespace) -> dict[str, Any]:
    """Measure a job of each size, and the stages alone before and after it."""
    found: dict[str, Any] = {}
    for size in options.sizes:
        gallery = home / f"gallery-{size}"
        make_gallery(gallery, home / f"photos-{size}", photos, size)
        before, one, after = (
            result(begin(step, gallery, options)) for step in ("stages", "job", "stages")
        )
        found[f"{size:,} photos"] = one | {"before": before, "after": after}
        print(f"{size} photos: {one['photos_per_second']:.1f} a second", file=sys.stderr)
    return found


def killed(home: Path, photos: list[Path], options: argparse.Namespace) -> Job:
    """Return the job that is to be killed."""
    if not options.faces:
        return Job(drawn_gallery(home, options.storm))
    home.mkdir()
    make_gallery(home / "gallery", home / "photos", photos, options.storm)
    return Job(home / "gallery", options.model, start=8.0, batch=2.0)


def main() -> None:
    """Measure and record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path, nargs="?")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--sizes", type=int, nargs="+", default=[2000, 20_000])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--storm", type=int, default=4000, help="Photos in the storm of kills.")
    parser.add_argument("--faces", action="store_true", help="Kill a job over photos of faces.")
    parser.add_argument("--seconds", type=float, default=30.0, help="Of searching.")
    parser.add_argument("--folder", type=Path, help="Where to work; the system's if unset.")
    parser.add_argument("--step", choices=sorted(STEPS), help=argparse.SUPPRESS)
    record = Record.begin(__file__, parser)
    options = record.options
    if options.step:
        print(json.dumps(STEPS[options.step](options)))
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        home = Path(folder)
        measures: dict[str, Callable[[list[Path]], dict[str, Any]]] = {
            "jobs": lambda photos: jobs(home, photos, options),
            "searches": lambda photos: searches(home, photos, options),
            "readers": lambda _: readers(home / "readers", options.seconds),
            "kills": lambda photos: storm(killed(home / "kills", photos, options), options.kills),
        }
        photos = find_photos(options.photos or rendered(home / "rendered"))
        for name in options.only:
            found = measures[name](photos)
            print(f"{name}: {json.dumps(found)}", file=sys.stderr, flush=True)
            TABLES[name](record, found)
    record.write()


def rendered(folder: Path) -> Path:
    """Render 100 faces."""
    from matcher.synthetic import CohortSpec, write_cohort

    write_cohort(CohortSpec(100, ages=(9,), seed=3, size=256), folder)
    return folder


if __name__ == "__main__":
    main()
