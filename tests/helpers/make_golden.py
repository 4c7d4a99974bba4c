"""Write one file of every format that this version writes; run once for each version of a format.

    PYTHONPATH=tests/helpers python tests/helpers/make_golden.py FOLDER

The tests open what stands under `format-*` for ever. A new version of a format gets a folder of its
own, made by the code that first writes it; an existing folder is never made again.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path

import made_calibration
import numpy as np
from job_builders import draw

from fairness import AuditSettings, audit, read_bounds, read_cohort, read_scores
from matcher.embedding import FACE, LOW_RESOLUTION, Extractor, LowResolutionView
from matcher.enrolment import PhotoOfSubject, enrol
from matcher.faces import POLICIES
from matcher.gallery import Enrolment, Gallery, PhotoRecord, Subject
from matcher.gallery.editions import directory_of, shadow_of
from matcher.gallery.shard_folders import make_shard_folder
from matcher.gallery.store import FORMAT_VERSION
from matcher.jobs import Decoding, JobSettings, reindex
from matcher.jobs.executors.shards import write_shard
from matcher.jobs.tasks import ReindexResult
from matcher.testing import FakeDetector, FakeEmbedder, random_unit_vectors

TWO_VECTORS = FakeEmbedder(16, low_resolution_views=(LowResolutionView(16),))
OLD = Extractor(FakeDetector(), FakeEmbedder(16))
NEW = Extractor(
    FakeDetector(), FakeEmbedder(24, version="2", low_resolution_views=(LowResolutionView(16),))
)
QUERIES = random_unit_vectors(4, 16, seed=7)
PHOTOS, COMMITTED, IN_SHARD = 12, 4, 2
SETTINGS = JobSettings(batch=COMMITTED, decoding=Decoding(workers=1))


def subject(number: int, version: int = FORMAT_VERSION) -> Subject:
    """Return a record with every field of a format filled, or with none."""
    if number % 3 == 0:
        return Subject(f"subject-{number}")
    later = {"case_reference": f"case {number}", "note": "Tall;\n'left-handed'"}
    if version >= 4 and number % 2:
        later["hidden_because"] = "the investigator herself"
    return Subject(
        f"subject-{number}",
        date_of_birth=date(2010 + number % 5, 3, 14),
        recorded_sex=("female", "male", "other")[number % 3],
        region=f"region {number % 2}",
        tags=("brown eyes", "scar"),
        source="case file",
        **(later if version >= 2 else {}),
    )


def enrolment(number: int, vectors: np.ndarray, version: int = FORMAT_VERSION) -> Enrolment:
    """Return face `number`: four to a subject."""
    facts = {} if number % 2 else {"taken_on": date(2020, 5, 1), "age_at_capture": 7.5}
    if number % 4 == 1 and version >= 2:
        facts["captured_with"] = "phone"
    if number % 4 == 0 and version >= 4:
        facts["dated_by"] = "the photo: the camera's clock"
        facts["md5"] = hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()
        facts["sha1"] = hashlib.sha1(str(number).encode(), usedforsecurity=False).hexdigest()
    return Enrolment(
        subject=subject(number // 4, version),
        photo=PhotoRecord(
            hashlib.sha256(str(number).encode()).hexdigest(),
            f"photos/{number}.jpg",
            source="school" if number % 2 else None,
            **facts,
        ),
        vectors={FACE: vectors[2 * number], LOW_RESOLUTION: vectors[2 * number + 1]},
        box=(1.0, 2.0, 30.0 + number, 40.5),
        probability=0.98,
        quality={"sharpness": number / 40},
        weight=0.75,
    )


def face_vectors() -> np.ndarray:
    """Return two vectors for each of forty faces, float32 of shape (80, 16)."""
    return random_unit_vectors(80, 16, seed=3)


def write_gallery(folder: Path) -> None:
    """Write a gallery of ten subjects with four faces each, of which one subject was removed."""
    vectors = face_vectors()
    with Gallery.create(folder / "gallery", model=TWO_VECTORS.identity) as gallery:
        gallery.add([enrolment(number, vectors) for number in range(40)])
        gallery.remove_subject("subject-5")
        correct_and_take_back(gallery)
        gallery.rebuild()
        expected = {
            "subjects": ids_of(gallery),
            "queries": QUERIES.tolist(),
            "nearest": found(gallery.nearest(QUERIES, 5)),
            "nearest_low_resolution": found(gallery.nearest(QUERIES, 5, name=LOW_RESOLUTION)),
        }
    write_json(folder / "gallery.expected.json", expected)


def correct_and_take_back(gallery: Gallery) -> None:
    """Leave a history of corrections, and the records as they were."""
    gallery.update_subject(replace(gallery.subject("subject-1"), region="elsewhere"))
    gallery.undo()
    gallery.merge_subjects("subject-9", into="subject-0")
    gallery.undo()


def ids_of(gallery: Gallery) -> list[str]:
    """Return the identifiers of all subjects."""
    return [one.subject_id for one in gallery.subjects()]


def found(result: tuple[np.ndarray, np.ndarray]) -> dict[str, list]:
    """Return scores and face ids as JSON holds them."""
    return {"scores": result[0].tolist(), "face_ids": result[1].tolist()}


def write_job(folder: Path) -> None:
    """Write a gallery whose re-indexing stopped after one batch, with a file of results left."""
    job = folder / "job"
    job.mkdir()
    before = Path.cwd()
    os.chdir(job)  # references are relative to the folder of the job
    try:
        photos = [
            PhotoOfSubject(
                draw(Path(f"photos/{number}.png"), number, side=20), subject(number // 4)
            )
            for number in range(PHOTOS)
        ]
        with Gallery.create("gallery", model=OLD.model) as gallery:
            enrol(gallery, OLD, photos, policy=POLICIES["off"])
        with suppress(InterruptedError):
            reindex("gallery", NEW, settings=SETTINGS, on_progress=stop)
        leave_results(Path("gallery"), photos)
    finally:
        os.chdir(before)


def stop(phase: str, done: int, total: int | None) -> None:
    """End a job after its first batch."""
    if phase == "re-index":
        raise InterruptedError


def leave_results(gallery: Path, photos: list[PhotoOfSubject]) -> None:
    """Leave the results of two photos in a file, as a worker does whose job died."""
    edition = directory_of(gallery, shadow_of(gallery))
    results = []
    for face_id in range(COMMITTED + 1, COMMITTED + 1 + IN_SHARD):
        path = photos[face_id - 1].path
        (face,) = NEW.extract(path)
        stat = path.stat()
        results.append(
            ReindexResult(
                face_id,
                "done",
                reference=str(path),
                sha256=face.face.photo.sha256,
                bytes=stat.st_size,
                mtime_ns=stat.st_mtime_ns,
                vectors=face.vectors,
                box=tuple(float(side) for side in face.face.box),
                probability=1.0,
                quality={"sharpness": 0.5},
                weight=1.0,
            )
        )
    write_shard(make_shard_folder(edition) / "0001.shard", results)


def write_audit(folder: Path) -> None:
    """Write an audit of made-up scores, and the bounds it was held to; without page and plots."""
    cohort, scores = folder / "cohort.csv", folder / "scores.csv"
    chance = np.random.default_rng(5)
    people = [(f"person-{n:02d}", ("female", "male")[n % 2], 6 + 8 * (n % 3)) for n in range(60)]
    with cohort.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("photo", "subject", "sex", "age_at_capture"))
        for name, sex, age in people:
            rows.writerows((f"{name}-{photo}.png", name, sex, age) for photo in range(2))
    samples = [f"{name}-{photo}.png" for name, _, _ in people for photo in range(2)]
    with scores.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("probe", "reference", "score"))
        for place, probe in enumerate(samples):
            for reference in samples[:place]:
                mated = probe.rpartition("-")[0] == reference.rpartition("-")[0]
                score = chance.normal(0.6 if mated else 0.1, 0.15)
                rows.writerow((probe, reference, round(score, 4)))
    (folder / "bounds.toml").write_text(BOUNDS)
    cohort_read = read_cohort(cohort)
    report = audit(
        read_scores(scores, cohort_read),
        AuditSettings(factors=("age", "sex"), fmr=0.01, draws=200),
        matcher={"scores": "made up"},
        bounds=read_bounds(folder / "bounds.toml"),
    )
    report.write(folder / "audit")
    (folder / "audit/report.html").unlink()
    shutil.rmtree(folder / "audit/plots")
    scores.unlink()
    cohort.unlink()


BOUNDS = """\
[[bound]]
name = "missed pairs in any age band"
table = "rates"
where = { factor = "age", metric = "FNMR" }
at_most = 0.3

[[bound]]
name = "false alarms of women and men"
table = "rates"
where = { factor = "sex", metric = ["FMR"], group = ["female", "male"] }
at_most = 0.05
"""


def write_json(file: Path, content: object) -> None:
    """Write one line of JSON."""
    file.write_text(json.dumps(content) + "\n")


def main(folder: Path) -> None:
    """Write the whole set."""
    folder.mkdir()
    write_gallery(folder)
    write_job(folder)
    made_calibration.write(folder / "calibration.json", TWO_VECTORS.identity)
    write_audit(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
