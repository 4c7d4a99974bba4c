"""What a job would do, and what it would change, said before it is done."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from job_builders import NEW, OLD, SETTINGS, add, draw, listed, made

from matcher.embedding import Extractor
from matcher.errors import JobError
from matcher.gallery import Gallery
from matcher.gallery.editions import names
from matcher.jobs.drift import SavedProbe, compare, rank
from matcher.jobs.planning import plan
from matcher.jobs.reindexing import reindex
from matcher.testing import FakeDetector, FakeEmbedder


def test_a_plan_counts_what_the_job_then_does(tmp_path: Path) -> None:
    gallery = made(tmp_path, 20)
    (tmp_path / "photos" / "3.png").unlink()
    before = plan(gallery, NEW, settings=SETTINGS, sample=4)
    assert (before.faces, before.done, before.to_do, before.missing) == (20, 0, 20, 1)
    assert before.sampled == 4
    assert before.precision == "float32"
    assert before.seconds == pytest.approx(19 * before.seconds_per_photo)
    assert 0 < before.bytes_needed < before.bytes_free
    assert names(gallery) == ["first"], "a plan changes nothing"
    assert reindex(gallery, NEW, settings=SETTINGS).counts == {"done": 19, "missing": 1}
    add(gallery, listed(tmp_path / "photos", [20]))
    after = plan(gallery, NEW, settings=SETTINGS)
    assert (after.faces, after.done, after.to_do, after.missing) == (21, 19, 2, 1)
    draw(tmp_path / "photos" / "3.png", 3)
    assert plan(gallery, NEW, settings=SETTINGS).missing == 0


def test_a_plan_knows_folders_that_moved(tmp_path: Path) -> None:
    gallery = made(tmp_path, 8)
    (tmp_path / "photos").rename(tmp_path / "archive")
    assert plan(gallery, NEW, settings=SETTINGS).missing == 8
    moved = replace(SETTINGS, moved=((tmp_path / "photos", tmp_path / "archive"),))
    assert plan(gallery, NEW, settings=moved).missing == 0


def test_nothing_to_do_takes_no_time(tmp_path: Path) -> None:
    gallery = made(tmp_path, 4)
    same = plan(gallery, OLD, settings=SETTINGS)
    assert (same.copied, same.to_do, same.seconds) == (4, 0, 0)
    assert math.isnan(same.seconds_per_photo)
    reindex(gallery, NEW, settings=SETTINGS)
    assert plan(gallery, NEW, settings=SETTINGS).seconds == 0


def test_the_room_asked_for_is_about_what_the_job_takes(tmp_path: Path) -> None:
    gallery = made(tmp_path, 400)
    asked = plan(gallery, NEW, settings=SETTINGS, sample=1).bytes_needed
    edition = reindex(gallery, NEW, settings=replace(SETTINGS, batch=32)).edition
    with Gallery.open(gallery, edition=edition) as opened:
        opened.rebuild()
        taken = opened.info()
    assert asked / 2 < taken.store_bytes + taken.index_bytes < asked


def test_the_same_vectors_drift_nowhere(tmp_path: Path) -> None:
    """Another model by name, with the same vectors: every figure is the same for both."""
    gallery = made(tmp_path, 40)

    class Renamed(FakeEmbedder):
        @property
        def identity(self):
            return replace(super().identity, name="renamed")

    reindex(gallery, Extractor(FakeDetector(), Renamed(16)), settings=SETTINGS)
    drift = compare(gallery)
    assert (drift.old.name, drift.new.name) == ("fake", "renamed")
    assert (drift.faces_both, drift.lost, drift.gained) == (40, 0, 0)
    assert drift.mated_old == drift.mated_new
    assert drift.non_mated_old == drift.non_mated_new
    assert drift.mated_old.pairs == 30, "each face but one of a subject of four, with its neighbour"
    assert drift.ranks.same == drift.ranks.probes == 30


def test_drift_counts_what_is_lost_and_why(tmp_path: Path) -> None:
    gallery = made(tmp_path, 12)
    (tmp_path / "photos" / "1.png").unlink()
    (tmp_path / "photos" / "2.png").write_text("not a picture")
    reindex(gallery, NEW, settings=SETTINGS)
    drift = compare(gallery)
    assert (drift.faces_old, drift.faces_new, drift.lost) == (12, 10, 2)
    assert drift.outcomes == {"done": 10, "photo_not_found": 1, "photo_format": 1}
    assert json.loads(drift.to_json())["lost"] == 2
    assert {"what", "old", "new"} == set(drift.rows()[0])


def test_scores_and_separation_are_those_of_the_vectors(tmp_path: Path) -> None:
    gallery = made(tmp_path, 8)
    reindex(gallery, NEW, settings=SETTINGS)
    drift = compare(gallery, pairs=10_000)
    with Gallery.open(gallery) as opened:
        faces = opened.faces(range(1, 9))
    vectors = np.stack([face.vector for face in faces.values()]).astype(np.float64)
    scores = vectors[:4] @ vectors[4:].T
    assert drift.non_mated_old.mean == pytest.approx(scores.mean(), abs=0.02)
    assert drift.non_mated_old.deviation == pytest.approx(scores.std(), abs=0.02)
    mated, non_mated = drift.mated_new, drift.non_mated_new
    spread = math.sqrt((mated.deviation**2 + non_mated.deviation**2) / 2)
    assert drift.separation_new == pytest.approx((mated.mean - non_mated.mean) / spread)


def test_a_separation_without_pairs_of_one_kind_is_said_in_words(tmp_path: Path) -> None:
    gallery = made(tmp_path, 4)  # one subject: nobody else to compare with
    reindex(gallery, NEW, settings=SETTINGS)
    drift = compare(gallery)
    assert math.isnan(drift.separation_old)
    told = {row["what"]: (row["old"], row["new"]) for row in drift.rows()}
    assert told["separation of mated from non-mated"] == ("not enough data", "not enough data")


def test_a_rank_leaves_out_the_probe_itself_and_counts_subjects(tmp_path: Path) -> None:
    gallery = made(tmp_path, 12)
    with Gallery.open(gallery) as opened:
        faces = opened.faces(range(1, 13))
        vector = faces[6].vector
        by_score = sorted(faces.values(), key=lambda face: -float(face.vector @ vector))
        subjects = [face.subject.subject_id for face in by_score if face.face_id != 6]
        expected = 1 + list(dict.fromkeys(subjects)).index("subject-001")
        assert rank(opened, vector, SavedProbe("subject-001", vector, vector, 6)) == expected
        assert rank(opened, vector, SavedProbe("subject-001", vector, vector)) == 1
        assert rank(opened, vector, SavedProbe("nobody", vector, vector)) is None


def test_saved_probes_are_not_replaced_by_others_when_none_is_left(tmp_path: Path) -> None:
    gallery = made(tmp_path, 8)
    reindex(gallery, NEW, settings=SETTINGS)
    assert compare(gallery).ranks.probes == 6
    assert compare(gallery, saved=[]).ranks.probes == 0


def test_without_a_shadow_there_is_nothing_to_compare(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="no shadow"):
        compare(made(tmp_path, 4))
