"""Re-indexing under kills and under readers; drawn pictures and a made-up model, unless told.

A part of `reindex.py`. By itself it is the process that is killed, or one that reads:

    python benchmarks/reindex_disturbed.py job GALLERY MODEL
    python benchmarks/reindex_disturbed.py reader GALLERY SECONDS
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from matcher.decoding import Decoding
from matcher.embedding import Extractor, LowResolutionView, load_extractor
from matcher.enrolment import PhotoOfSubject, enrol
from matcher.faces import POLICIES
from matcher.gallery import Gallery, StoredFace, Subject
from matcher.gallery.editions import shadow_of
from matcher.jobs.reindexing import reindex
from matcher.jobs.settings import JobSettings
from matcher.jobs.switching import rollback, switch
from matcher.search import Searcher
from matcher.testing import FakeDetector, FakeEmbedder

OLD = Extractor(FakeDetector(), FakeEmbedder(16))
NEW = Extractor(
    FakeDetector(),
    FakeEmbedder(24, "2", low_resolution_views=(LowResolutionView(16),), degraded_above=1.1),
)
SETTINGS = JobSettings(batch=8, decoding=Decoding(workers=1))


@dataclass(frozen=True)
class Job:
    """The job that is killed: of a gallery, with a model ("made up" for `NEW`)."""

    gallery: Path
    model: str = "made up"
    start: float = 1.0
    """Seconds that it takes to start."""
    batch: float = 0.1
    """Seconds that a batch takes."""

    @property
    def extractor(self) -> Extractor:
        """The new model."""
        return NEW if self.model == "made up" else load_extractor(self.model)


def storm(job: Job, kills: int) -> dict[str, Any]:
    """Kill a job again and again; compare what it made with an undisturbed one."""
    killed = job.gallery
    quiet = shutil.copytree(killed, killed.with_name("quiet"))
    with Gallery.open(killed) as opened:
        photos = len(opened)
    chance, landed = np.random.default_rng(7), 0
    for _ in range(kills):
        running = begin("job", killed, job.model)
        if chance.random() < 0.8:
            _let_go_on(running)
            time.sleep(chance.uniform(0, job.batch))
        else:
            time.sleep(chance.uniform(0, job.start))
        ended = running.poll() is not None
        running.kill()
        running.communicate()
        landed += not ended and stored(killed) < photos
    one, other = (finished(gallery, job.extractor) for gallery in (killed, quiet))
    pairs = list(zip(one.values(), other.values(), strict=True))
    apart = max((float(np.abs(vectors_of(a) - vectors_of(b)).max()) for a, b in pairs), default=0.0)
    return {
        "photos": photos,
        "kills": kills,
        "kills before the job was done": landed,
        "faces": len(pairs),
        "records equal": all(record(a) == record(b) for a, b in pairs),
        "largest difference of a vector": apart,
    }


def _let_go_on(running: subprocess.Popen[str]) -> None:
    """Wait until the job has stored a batch, and let it work on the next one."""
    if running.stdout is not None and running.stdin is not None and running.stdout.readline():
        running.stdin.write("\n")
        running.stdin.flush()


def stored(gallery: Path) -> int:
    """Return how many faces the shadow has."""
    edition = shadow_of(gallery)
    if edition is None:
        return 0
    with Gallery.open(gallery, edition=edition) as opened:
        return len(opened)


def finished(gallery: Path, extractor: Extractor = NEW) -> dict[int, StoredFace]:
    """Let the job end, and return the faces that it made."""
    settings = replace(SETTINGS, retry=True)
    report = reindex(gallery, extractor, settings=settings)
    with Gallery.open(gallery, edition=report.edition) as opened:
        held = opened.faces_of([subject.subject_id for subject in opened.subjects()])
    return {face.face_id: face for faces in held.values() for face in faces}


def record(face: StoredFace) -> dict[str, Any]:
    """Return all that is stored of a face but its vectors."""
    return {name: it for name, it in vars(face).items() if name != "vectors"}


def vectors_of(face: StoredFace) -> NDArray[np.float32]:
    """Return the vectors of a face, of shape (names, d)."""
    return np.stack([face.vectors[name] for name in sorted(face.vectors)])


def readers(folder: Path, seconds: float, count: int = 4) -> dict[str, Any]:
    """Switch to and fro under processes that read."""
    gallery = drawn_gallery(folder, 200)
    reindex(gallery, NEW, settings=SETTINGS)
    running = [begin("reader", gallery, seconds) for _ in range(count)]
    for reader in running:
        if reader.stdout is not None:
            reader.stdout.readline()
    switch(gallery)
    switches = 1
    while any(reader.poll() is None for reader in running):
        time.sleep(0.1)
        (rollback if switches % 2 else switch)(gallery)
        switches += 1
    said = {reader: reader.communicate() for reader in running}
    failed = [faults for reader, (_, faults) in said.items() if reader.returncode]
    found = [json.loads(text) for reader, (text, _) in said.items() if not reader.returncode]
    openings = sum((Counter(one["openings"]) for one in found), Counter())
    mixtures = sum(one["mixtures"] for one in found)
    return {
        "switches": switches,
        "readers": count,
        "readers that failed": failed,
        "openings": dict(openings),
        "mixtures": mixtures,
    }


def begin(step: str, gallery: Path, how: object) -> subprocess.Popen[str]:
    """Start the job, or a reader, in a process of its own."""
    command = [sys.executable, __file__, step, str(gallery), str(how)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def run_job(job: Job) -> None:
    """Run the job that is killed; it says when a batch is stored, and waits to be let go on.

    So it is never done before it is killed, however late that comes.
    """

    def tell(*_: object) -> None:
        sys.stdout.write("stored\n")
        sys.stdout.flush()
        sys.stdin.readline()

    reindex(job.gallery, job.extractor, settings=SETTINGS, on_progress=tell)


def read(gallery: Path, seconds: float) -> dict[str, Any]:
    """Read a gallery that is switched, for some seconds and until two editions were seen.

    Return how often each edition was opened, and how many openings saw a mixture.
    """
    seen: Counter[str] = Counter()
    mixtures = 0
    with Gallery.open(gallery) as kept:
        print("open", flush=True)
        end = time.perf_counter() + seconds
        while time.perf_counter() < end or len(seen) < 2:
            with Gallery.open(gallery) as fresh:
                mixtures += is_mixed(kept) + is_mixed(fresh)
                seen[fresh.edition] += 1
    return {"openings": dict(seen), "mixtures": mixtures}


def is_mixed(gallery: Gallery) -> bool:
    """Return whether a search finds anything that is not of the gallery's one model."""
    extractor = OLD if gallery.model == OLD.model else NEW
    probe = gallery.faces([1])[1]
    leads = Searcher(gallery, extractor, policy=POLICIES["off"]).search(probe.photo.reference)
    held = gallery.faces_of([lead.subject.subject_id for lead in leads.candidates]).values()
    first = leads.candidates[0]
    return (
        first.subject != probe.subject
        or abs(first.score - 1) > 1e-5
        or {len(face.vector) for faces in held for face in faces} != {gallery.model.dimension}
    )


def drawn_gallery(folder: Path, photos: int) -> Path:
    """Make a gallery of drawn pictures."""
    gallery = folder / "gallery"
    drawn = list(draw(folder / "photos", photos))
    with Gallery.create(gallery, model=OLD.model) as made:
        enrol(made, OLD, drawn, policy=POLICIES["off"])
    return gallery


def draw(folder: Path, count: int) -> Iterator[PhotoOfSubject]:
    """Draw small pictures, four for each subject."""
    folder.mkdir(parents=True)
    for number in range(count):
        cells = np.random.default_rng(number).integers(0, 256, (12, 12, 3), dtype=np.uint8)
        path = folder / f"{number}.png"
        Image.fromarray(cells).resize((72, 72), Image.Resampling.BICUBIC).save(path)
        yield PhotoOfSubject(path, Subject(f"subject-{number // 4}"))


def main() -> None:
    """Be the process that is killed, or one that reads."""
    step, gallery, how = sys.argv[1:]
    if step == "job":
        run_job(Job(Path(gallery), how))
    else:
        print(json.dumps(read(Path(gallery), float(how))))


if __name__ == "__main__":
    main()
