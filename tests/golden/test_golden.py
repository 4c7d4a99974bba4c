"""Files of every format ever written, made by the code of their time, are opened for ever."""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import made_calibration
import make_golden
import make_golden_index
import numpy as np
import pytest
from made_report import small_report

from fairness import Bound, read_bounds
from matcher.embedding import FACE, LOW_RESOLUTION
from matcher.gallery import Gallery
from matcher.gallery.index import read_header, read_index
from matcher.gallery.store import FORMAT_VERSION
from matcher.jobs import outcomes, reindex
from matcher.search import Calibration

FORMATS = sorted(Path(__file__).parent.glob("format-*"))
INDEXES = sorted(Path(__file__).parent.glob("index-*"))


@pytest.fixture(params=FORMATS, ids=lambda folder: folder.name)
def golden(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of all files of one format."""
    copy = Path(shutil.copytree(request.param, tmp_path / "golden"))
    assert f"format-{version_of(copy)}" == request.param.name
    return copy


def version_of(golden: Path) -> int:
    with closing(sqlite3.connect(golden / "gallery" / "store.sqlite3")) as store:
        return int(store.execute("PRAGMA user_version").fetchone()[0])


def expected(golden: Path) -> dict[str, Any]:
    return dict(json.loads((golden / "gallery.expected.json").read_text()))


def assert_finds(found: tuple[Any, Any], wanted: dict[str, Any]) -> None:
    np.testing.assert_array_equal(found[1], wanted["face_ids"])
    np.testing.assert_allclose(found[0], np.array(wanted["scores"]), atol=1e-6)


def assert_same_vectors(one: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray]) -> None:
    assert set(one) == set(other) == {FACE, LOW_RESOLUTION}
    for name in one:
        np.testing.assert_allclose(one[name], other[name], atol=1e-6)


def test_there_are_files_of_every_format() -> None:
    numbers = range(1, FORMAT_VERSION + 1)
    assert [folder.name for folder in FORMATS] == [f"format-{number}" for number in numbers]


def test_a_gallery_opens_whole_with_the_records_that_were_written(golden: Path) -> None:
    version = version_of(golden)
    with Gallery.open(golden / "gallery", model=make_golden.TWO_VECTORS.identity) as gallery:
        assert gallery.info().format_version == version
        assert gallery.verify().faults == ()
        ids = expected(golden)["subjects"]
        assert [one.subject_id for one in gallery.subjects()] == ids
        assert "subject-5" not in ids
        for subject_id in ids:
            assert gallery.subject(subject_id) == make_golden.subject(int(subject_id[8:]), version)
        held = {face.face_id: face for faces in gallery.faces_of(ids).values() for face in faces}
    assert len(held) == 36
    vectors = make_golden.face_vectors()
    for face_id, face in held.items():
        twin = make_golden.enrolment(face_id - 1, vectors, version)
        assert (face.photo, face.box, face.quality) == (twin.photo, twin.box, twin.quality)
        assert_same_vectors(face.vectors, twin.vectors)


def test_a_gallery_gives_the_search_results_that_it_gave(golden: Path) -> None:
    wanted = expected(golden)
    queries = np.array(wanted["queries"], np.float32)
    with Gallery.open(golden / "gallery") as gallery:
        assert_finds(gallery.nearest(queries, 5), wanted["nearest"])
        found = gallery.nearest(queries, 5, name=LOW_RESOLUTION)
        assert_finds(found, wanted["nearest_low_resolution"])


def test_the_history_of_corrections_is_read(golden: Path) -> None:
    with Gallery.open(golden / "gallery") as gallery:
        kinds = [change.kind for change in gallery.changes()]
    corrected = ["subject edited", "taken back", "subjects merged", "taken back"]
    assert kinds == (corrected if version_of(golden) >= 3 else [])


def test_the_index_file_of_format_1_is_built_anew_once(
    golden: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Gallery.open(golden / "gallery") as gallery:
        assert "another version" in gallery.verify().notes[0]
        gallery.nearest(make_golden.QUERIES, 5)
        gallery.nearest(make_golden.QUERIES, 5, name=LOW_RESOLUTION)
    assert read_header(golden / "gallery", make_golden.TWO_VECTORS.identity).format_version == 2
    caplog.set_level(logging.INFO, logger="matcher")
    with Gallery.open(golden / "gallery") as gallery:
        gallery.nearest(make_golden.QUERIES, 5)
        assert gallery.verify().notes == ()
    assert "buil" not in caplog.text


@pytest.mark.parametrize("folder", INDEXES, ids=lambda folder: folder.name)
@pytest.mark.parametrize("kind", ["exact", "coded"])
def test_an_index_file_is_searched_as_it_is(folder: Path, kind: str, tmp_path: Path) -> None:
    shutil.copy(folder / f"{kind}.bin", tmp_path / "index.bin")
    wanted = json.loads((folder / "expected.json").read_text())
    index, header = read_index(tmp_path, make_golden_index.MODEL)
    assert (header.kind, header.rows, header.codes) == (kind, 1200, kind == "coded")
    queries = np.array(wanted["queries"], np.float32)
    assert_finds(index.search(queries, 5), wanted["nearest"])


def test_a_gallery_can_be_written_to(golden: Path) -> None:
    added = make_golden.enrolment(41, make_golden.random_unit_vectors(84, 16, seed=4))
    with Gallery.open(golden / "gallery", model=make_golden.TWO_VECTORS.identity) as gallery:
        (outcome,) = gallery.add([added])
        assert outcome.face_id == 41  # numbers of removed faces are not used again
        gallery.remove_subject("subject-2")
    with Gallery.open(golden / "gallery") as gallery:
        assert gallery.verify().faults == ()
        assert gallery.faces([41])[41].photo == added.photo
        assert len(gallery) == 33


def moved_photos(golden: Path) -> tuple[tuple[Path, Path], ...]:
    """Return where the photos of the job were, if they were named from the root, and are now."""
    with Gallery.open(golden / "job" / "gallery") as gallery:
        (reference, *_) = {face.photo.reference for face in gallery.faces([1]).values()}
    folder = Path(reference).parent
    return ((folder, golden / "job" / "photos"),) if folder.is_absolute() else ()


def test_a_job_goes_on_where_it_stopped(golden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(golden / "job")
    left = make_golden.PHOTOS - make_golden.COMMITTED - make_golden.IN_SHARD
    settings = replace(make_golden.SETTINGS, moved=moved_photos(golden))
    report = reindex("gallery", make_golden.NEW, settings=settings)
    assert (report.counts, report.worked) == ({"done": make_golden.PHOTOS}, left)
    assert {outcome.status for outcome in outcomes("gallery")} == {"done"}
    with Gallery.open("gallery", edition=report.edition) as gallery:
        assert gallery.verify().faults == ()
        for face in gallery.faces(range(1, make_golden.PHOTOS + 1)).values():
            (alone,) = make_golden.NEW.extract(Path("photos") / Path(face.photo.reference).name)
            assert_same_vectors(face.vectors, alone.vectors)


def test_a_calibration_means_what_it_meant(golden: Path, tmp_path: Path) -> None:
    model = make_golden.TWO_VECTORS.identity
    then = Calibration.load(golden / "calibration.json")
    then.require_model(model)
    now = Calibration.load(made_calibration.write(tmp_path / "now.json", model))
    assert (then.cohort, then.made_on) == (now.cohort, now.made_on)
    for age in made_calibration.AGES:
        one, other = (each.threshold(0.1, faces=10, age=age) for each in (then, now))
        assert one == pytest.approx(other, abs=1e-6)


def test_bounds_ask_for_what_they_asked_for(golden: Path) -> None:
    assert read_bounds(golden / "bounds.toml") == (
        Bound(
            "missed pairs in any age band",
            "rates",
            {"factor": ("age",), "metric": ("FNMR",)},
            0.3,
        ),
        Bound(
            "false alarms of women and men",
            "rates",
            {"factor": ("sex",), "metric": ("FMR",), "group": ("female", "male")},
            0.05,
        ),
    )


def test_a_report_is_known_as_one_and_gives_way_to_a_new_one(golden: Path) -> None:
    record = json.loads((golden / "audit/run.json").read_text())
    assert record["format"] == "fairness audit report 1"
    assert {"tables/rates.csv", "tables/acceptance.csv"} <= set(record["files"])
    small_report().write(golden / "audit")
    assert json.loads((golden / "audit/run.json").read_text())["title"] == "Error rates by sex"


def test_what_this_version_writes_opens_as_well(tmp_path: Path) -> None:
    make_golden.main(tmp_path / "format-now")
    fresh, first = (
        {file.relative_to(folder).parts[0] for file in folder.rglob("*") if file.is_file()}
        for folder in (tmp_path / "format-now", FORMATS[-1])
    )
    assert fresh == first
    with Gallery.open(tmp_path / "format-now" / "gallery") as gallery:
        wanted = expected(tmp_path / "format-now")
        assert_finds(gallery.nearest(make_golden.QUERIES, 5), wanted["nearest"])
        assert wanted["nearest"]["face_ids"] == expected(FORMATS[0])["nearest"]["face_ids"]
