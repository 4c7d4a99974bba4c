"""Several photos of one person as one probe, and one face of several by its number."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import group_photos
import made_calibration
import numpy as np
import pytest
from PIL import Image
from rendered_cohort import Cohort
from typer.testing import CliRunner

from matcher.cli.commands import app
from matcher.embedding import Extractor, fuse
from matcher.enrolment import read_manifest
from matcher.errors import InputError, NoFaceError
from matcher.gallery import Gallery
from matcher.photos import DecodeLimits
from matcher.search import Calibration, Probe, Searcher


def early_of(cohort: Cohort) -> Path:
    """Return the enrolled photo of the person of the first probe."""
    return read_manifest(cohort.manifest).photos[0].path


@pytest.fixture
def searcher(gallery: Gallery, extractor: Extractor) -> Searcher:
    return Searcher(gallery, extractor)


def test_the_probe_is_the_template_of_the_photos(
    searcher: Searcher, extractor: Extractor, cohort: Cohort
) -> None:
    photos = [cohort.probes[0], early_of(cohort)]
    found = searcher.search_person(photos, top=3)
    vectors = [extractor.extract(one, purpose="search")[0].probe for one in photos]
    wanted = searcher.search(fuse(np.stack(vectors), [1, 1]), top=3)
    assert [one.subject for one in found] == [one.subject for one in wanted]
    assert [one.score for one in found] == pytest.approx([one.score for one in wanted])
    hashes = [extractor.extract(one)[0].face.photo.sha256 for one in photos]
    assert found.probe.fused == tuple(hashes)
    assert "Searched with 2 photos, fused into one probe." in str(found)
    assert json.loads(found.to_json())["probe"]["fused"] == hashes


def test_one_photo_is_searched_for_as_ever(searcher: Searcher, cohort: Cohort) -> None:
    alone, of_one = searcher.search(cohort.probes[1]), searcher.search_person([cohort.probes[1]])
    assert alone.candidates == of_one.candidates
    assert alone.probe == of_one.probe


def test_what_cannot_be_used_is_left_out_and_named(
    searcher: Searcher, cohort: Cohort, tmp_path: Path
) -> None:
    blank, text = tmp_path / "blank.png", tmp_path / "notes.jpg"
    Image.new("RGB", (160, 160), "grey").save(blank)
    text.write_text("no picture")
    found = searcher.search_person([blank, cohort.probes[0], text, tmp_path / "gone.png"])
    assert found.candidates == searcher.search(cohort.probes[0]).candidates
    assert [note.split(":")[0] for note in found.probe.notes] == [
        "photo 1 (blank.png)",
        "photo 3 (notes.jpg)",
        "photo 4 (gone.png)",
    ]
    nothing = searcher.search_person([blank, text])
    assert nothing.outcome == "probe not good enough"
    assert len(nothing.reasons) == 2


def test_a_photo_that_may_show_somebody_else_is_set_aside(
    searcher: Searcher, extractor: Extractor, cohort: Cohort
) -> None:
    own = extractor.extract(cohort.probes[0], purpose="search")[0].probe
    generator = np.random.default_rng(2)
    near = [own + 0.01 * generator.standard_normal(len(own)).astype(np.float32) for _ in range(4)]
    unit = [one / np.linalg.norm(one) for one in near]
    found = searcher.search_person([*unit[:2], -unit[0], *unit[2:]])
    assert [note for note in found.probe.notes if note.startswith("photo 3: set aside")]
    assert len(found.probe.fused) == 4


def test_only_common_facts_count_and_no_calibration_has_figures(
    gallery: Gallery, extractor: Extractor, cohort: Cohort, tmp_path: Path
) -> None:
    record = made_calibration.write(tmp_path / "calibration.json", extractor.model)
    searcher = Searcher(gallery, extractor, calibration=Calibration.load(record))
    one = Probe(cohort.probes[0], date(2020, 5, 1), 6.0)
    same = searcher.search_person([one, replace(one, source=early_of(cohort))])
    assert (same.probe.taken_on, same.probe.age_at_capture) == (date(2020, 5, 1), 6.0)
    other = searcher.search_person([one, replace(one, age_at_capture=7.0, taken_on=None)])
    assert (other.probe.taken_on, other.probe.age_at_capture) == (None, None)
    for found in (same, other):
        assert found.calibration is not None
        assert not found.calibration.covered
        assert "none for probes of several photos" in str(found)
        assert all(lead.expected_false_leads is None for lead in found)


def test_no_photo_and_a_single_one_are_refused(searcher: Searcher, cohort: Cohort) -> None:
    with pytest.raises(InputError, match="at least one photo"):
        searcher.search_person([])
    with pytest.raises(InputError, match="several probes"):
        searcher.search_person(cohort.probes[0])  # type: ignore[arg-type]


def test_a_face_is_chosen_by_its_number(searcher: Searcher, cohort: Cohort, tmp_path: Path) -> None:
    group = group_photos.write(tmp_path / "group.png", cohort.probes[:3], (1, 0.9, 0.8))
    lists = searcher.search_faces(group)
    for number, wanted in enumerate(lists, start=1):
        found = searcher.search(group, choose=number)
        assert [one.subject for one in found] == [one.subject for one in wanted]
        assert found.candidates[0].score == pytest.approx(wanted.candidates[0].score, abs=1e-5)
        assert str(found.probe.face) == f"face {number} of 3"
    assert searcher.search(group, choose=4).outcome == "probe not good enough"
    with pytest.raises(NoFaceError, match="shows 4 faces"):
        searcher._extractor.extract(group, choose=4)
    for bad in (0, -1, True, 1.0, "2"):
        with pytest.raises(InputError, match="choice of faces"):
            searcher.search(group, choose=bad)  # type: ignore[arg-type]


def test_the_command_takes_a_folder_as_one_person_and_a_number_as_a_face(
    gallery: Gallery, cohort: Cohort, tmp_path: Path
) -> None:
    folder = tmp_path / "case"
    folder.mkdir()
    for number, path in enumerate((cohort.probes[0], early_of(cohort)), start=1):
        (folder / f"{number}.png").write_bytes(path.read_bytes())
    (folder / "0.jpg").write_text("no picture")
    group = group_photos.write(tmp_path / "group.png", cohort.probes[:2], (1, 0.9))

    def run(*words: object, code: int = 0) -> tuple[str, str]:
        done = CliRunner().invoke(app, ["search", str(gallery.path), *map(str, words)])
        assert done.exit_code == code, done.output
        return done.stdout, done.stderr

    sheet = tmp_path / "sheet.html"
    out, talk = run(folder, "--same-person", "--format", "jsonl", "--sheet", sheet)
    (line,) = out.splitlines()
    assert json.loads(line)["candidates"][0]["subject"]["subject_id"] == cohort.subjects[0]
    assert Path(json.loads(line)["probe_path"]).name == "1.png"
    assert json.loads(line)["probe"]["notes"][0].startswith("photo 1 (0.jpg): left out")
    assert "Searching with 3 photos of one person." in talk
    assert "photo 1 (0.jpg): left out" in run(folder, "--same-person")[1]
    assert sheet.exists()
    each = run(group, "--face", "all", "--format", "jsonl")[0].splitlines()
    second = run(group, "--face", 2, "--format", "jsonl")[0]
    assert json.loads(second)["probe"]["box"] == json.loads(each[1])["probe"]["box"]
    assert "needs one face" in run(folder, "--same-person", "--face", "all", code=3)[1]
    (tmp_path / "empty").mkdir()
    assert "folder without any" in run(tmp_path / "empty", "--same-person", code=3)[1]
    assert "one of 'one', 'largest', 'all'" in " ".join(
        run(group, "--face", "0", code=2)[1].split()
    )


def test_a_file_that_is_too_large_is_left_out_wherever_it_stands(
    gallery: Gallery, cohort: Cohort, tmp_path: Path
) -> None:
    folder = tmp_path / "case"
    folder.mkdir()
    with (folder / "0.jpg").open("wb") as file:
        file.truncate(DecodeLimits().max_bytes + 1)
    (folder / "1.png").write_bytes(cohort.probes[0].read_bytes())
    words = ["search", str(gallery.path), str(folder), "--same-person", "--format", "jsonl"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert Path(found["probe_path"]).name == "1.png"
    assert found["probe"]["notes"][0].startswith("photo 1 (0.jpg): left out")
