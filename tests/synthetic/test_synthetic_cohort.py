"""Rendered photos and cohorts: repeatable, labelled, honest about what they are."""

from __future__ import annotations

import csv
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from matcher.errors import InputError
from matcher.synthetic import (
    SOURCE,
    CohortSpec,
    ManifestRow,
    SkinTone,
    contact_sheet,
    make_identity,
    render_photo,
    sample_photos,
    save_sheet,
    tone_of_pixels,
    with_fixed_colour,
    with_tone,
    write_cohort,
)
from matcher.synthetic.rendering import render
from matcher.synthetic.rendering.assembly import Material, assemble
from matcher.synthetic.rendering.raster import rasterise
from matcher.synthetic.rendering.scene import Light, scene_for

SMALL = CohortSpec(2, ages=(4, 16), size=64)


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("cohort")
    write_cohort(SMALL, out, workers=1)
    return out


def test_the_bytes_are_the_same_for_any_number_of_workers(written, tmp_path):
    write_cohort(SMALL, tmp_path / "two", workers=2)
    assert files_of(tmp_path / "two") == files_of(written)


def test_a_photo_does_not_depend_on_the_size_of_the_cohort(written, tmp_path):
    write_cohort(replace(SMALL, subjects=1, ages=(16,)), tmp_path / "one", workers=1)
    name = "photos/s00000-16.00-0.png"
    assert files_of(tmp_path / "one")[name] == files_of(written)[name]


def test_other_seeds_people_ages_and_shots_give_other_photos():
    first = render(make_identity(0, 0), 8, 0, size=64)
    others = [
        render(make_identity(1, 0), 8, 0, size=64),
        render(make_identity(0, 1), 8, 0, size=64),
        render(make_identity(0, 0), 9, 0, size=64),
        render(make_identity(0, 0), 8, 1, size=64),
    ]
    assert first.shape == (64, 64, 3)
    assert first.dtype == np.uint8
    assert all(not np.array_equal(first, other) for other in others)


def test_the_manifest_has_the_documented_columns_and_describes_each_photo(written):
    with (written / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [field.name for field in fields(ManifestRow)]
    assert len(rows) == 4
    for row in rows:
        assert (written / row["photo"]).is_file()
        born, taken = (date.fromisoformat(row[k]) for k in ("date_of_birth", "taken_on"))
        assert (taken - born).days / 365.25 == pytest.approx(float(row["age_at_capture"]), abs=0.01)
        assert row["sex"] in ("female", "male")
        assert 10 <= float(row["skin_tone_l"]) <= 96
        assert 1 <= int(row["skin_tone_monk"]) <= 10
        assert row["degradation"] == "none"
        assert row["source"] == "rendered, not a photograph"
    assert len({row["date_of_birth"] for row in rows if row["subject"] == "s00000"}) == 1
    assert len({row["family"] for row in rows}) == 2


def test_every_file_says_that_it_is_rendered(written):
    for path in (written / "photos").iterdir():
        with Image.open(path) as image:
            assert image.text["Description"] == SOURCE
            assert image.getexif()[0x010E] == SOURCE


def test_a_cohort_is_not_written_over_another(written):
    with pytest.raises(InputError, match="holds no manifest yet"):
        write_cohort(SMALL, written, workers=1)


def test_progress_counts_to_the_end(tmp_path):
    calls = []
    write_cohort(
        replace(SMALL, subjects=1),
        tmp_path,
        workers=1,
        on_progress=lambda *call: calls.append(call),
    )
    assert calls == [("render photos", done, 2) for done in range(3)]


def test_degradation_is_applied_and_recorded(tmp_path):
    spec = replace(SMALL, subjects=1, ages=(8,), degradation="noise:0.5;jpeg:0.5")
    manifest = write_cohort(spec, tmp_path, workers=1)
    clean = render_photo(replace(spec, degradation="none"), 0, 8).pixels
    worse = render_photo(spec, 0, 8).pixels
    assert not np.array_equal(clean, worse)
    assert np.array_equal(worse, render_photo(spec, 0, 8).pixels)
    assert "noise:0.5;jpeg:0.5" in manifest.read_text(encoding="utf-8")


def test_tones_go_round_over_the_subjects():
    spec = CohortSpec(4, tones=(SkinTone(30, 55), SkinTone(80, 65)))
    assert [spec.identity(k).tone.lightness for k in range(4)] == [30, 80, 30, 80]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("subjects", 0),
        ("ages", ()),
        ("ages", (1,)),
        ("ages", (4, 4)),
        ("shots", 0),
        ("seed", -1),
        ("size", 32),
        ("exposure", "bright"),
        ("colour", "blue"),
        ("family_size", 0),
        ("degradation", "smudge:1"),
    ],
)
def test_a_cohort_that_cannot_be_is_refused(field, value):
    with pytest.raises(InputError):
        CohortSpec(**{"subjects": 2, field: value})


def test_tone_changes_the_colours_and_not_where_the_skin_is():
    person = make_identity(0, 3)
    scene = scene_for(person, 10, 0)
    light = with_tone(person, SkinTone(80, 62))
    dark = with_tone(person, SkinTone(30, 55))
    meshes = [assemble(one, 10, scene) for one in (light, dark)]
    np.testing.assert_array_equal(meshes[0].vertices, meshes[1].vertices)
    pictures = [render(one, 10, size=96, scene=scene) for one in (light, dark)]
    assert pictures[0][40:60, 40:56].mean() > pictures[1][40:60, 40:56].mean() + 40


@pytest.mark.parametrize("tone", [SkinTone(32, 54), SkinTone(55, 60), SkinTone(80, 60)])
def test_under_even_white_light_the_rendered_skin_has_the_tone_it_was_given(tone):
    person = with_tone(with_fixed_colour(make_identity(0, 3)), tone)
    scene = scene_for(person, 10, 0)
    even = Light((0, 0, 1), key=(0, 0, 0), sky=(1, 1, 1), ground=(1, 1, 1), softness=0.1)
    straight = replace(
        scene.camera, yaw=0, pitch=0, roll=0, centre=(0.5, 0.5), gain=1, contrast=1, noise=0
    )
    scene = replace(scene, light=even, camera=straight, expression={}, glasses=None)
    pixels = render(person, 10, size=128, scene=scene)
    head = 128 / straight.field
    row, column = round(64 + 0.19 * head), round(64 + 0.14 * head)
    lightness, hue, _ = tone_of_pixels(pixels[row - 2 : row + 3, column - 2 : column + 3])
    assert lightness == pytest.approx(tone.lightness, abs=5)
    assert hue == pytest.approx(tone.hue, abs=14)


def test_equalised_exposure_brings_skins_of_all_tones_closer():
    person = make_identity(0, 3)
    scene = scene_for(person, 10, 0)

    def gap(exposure) -> float:
        light, dark = (
            render(with_tone(person, SkinTone(*tone)), 10, size=96, scene=scene, exposure=exposure)
            for tone in ((80, 62), (32, 55))
        )
        return float(light[40:60, 40:56].mean()) - float(dark[40:60, 40:56].mean())

    assert gap("equalised") < 0.35 * gap("physical")


def test_a_garment_covers_everything_below_the_neck():
    mesh = assemble(make_identity(0, 1), 25, scene_for(make_identity(0, 1), 25, 0))
    skin = np.unique(mesh.faces[mesh.material == Material.SKIN])
    cloth = np.unique(mesh.faces[mesh.material == Material.CLOTH])
    assert mesh.vertices[cloth, 1].min() < mesh.vertices[skin, 1].min()
    assert mesh.vertices[cloth, 1].max() > mesh.vertices[skin, 1].min()


def test_samples_come_in_order():
    photos = sample_photos(2, (6.0, 7.0), size=64)
    assert [(p.subject, p.age, p.shot) for p in photos] == [
        (0, 6, 0),
        (0, 7, 0),
        (1, 6, 0),
        (1, 7, 0),
    ]


def test_a_contact_sheet_says_what_it_shows(tmp_path):
    sheet = contact_sheet(replace(SMALL, subjects=1), thumbnail=64)
    heading = np.asarray(sheet.convert("L"))[:34]
    assert (heading < 100).sum() > 200
    save_sheet(sheet, tmp_path / "sheet.webp")
    with Image.open(tmp_path / "sheet.webp") as image:
        assert image.getexif()[0x010E] == SOURCE


def test_the_nearer_triangle_wins_and_the_alpha_test_makes_holes():
    square = np.array([[0, 0, 2], [9, 0, 2], [0, 9, 2], [0, 0, 1], [4, 0, 1], [0, 4, 1]], float)
    faces = np.array([[0, 1, 2], [3, 4, 5]])
    whole = rasterise(square, faces, 10)
    assert whole.triangle[0, 0] == 1
    assert whole.triangle[5, 3] == 0
    assert whole.triangle[9, 9] == -1
    assert whole.depth[0, 0] == pytest.approx(1)
    assert whole.weights[0, 0] == pytest.approx([1, 0, 0])
    holed = rasterise(square, faces, 10, alpha_test=lambda triangle, _: triangle == 0)
    assert holed.triangle[0, 0] == 0
    behind = rasterise(square, faces, 10, nearer_than=np.full((10, 10), 1.5, np.float32))
    assert set(np.unique(behind.triangle)) == {-1, 1}


@given(corners=st.lists(st.tuples(*[st.floats(-5, 25)] * 3), min_size=9, max_size=9))
def test_weights_are_shares_and_depth_lies_within_the_triangle(corners):
    points = np.array(corners)
    found = rasterise(points, np.arange(9).reshape(3, 3), 16)
    hit = found.triangle >= 0
    weights, depth = found.weights[hit], found.depth[hit]
    assert weights.min(initial=0) >= 0
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-5)
    ends = points[:, 2].reshape(3, 3)[found.triangle[hit]]
    assert np.all(depth >= ends.min(axis=1) - 1e-3)
    assert np.all(depth <= ends.max(axis=1) + 1e-3)


@pytest.mark.slow
def test_the_detector_finds_children_of_every_age_and_tone():
    from facenet_pytorch import MTCNN

    finder = MTCNN(keep_all=True, post_process=False)
    spec = CohortSpec(12, tones=(SkinTone(26, 54), SkinTone(50, 58), SkinTone(84, 62)), seed=11)
    photos = [render_photo(spec, *key).pixels for key in spec.keys()]  # noqa: SIM118
    _, probabilities = finder.detect(np.stack(photos))
    found = [p[0] is not None and max(p) >= 0.9 for p in probabilities]
    assert np.mean(found) >= 0.98
