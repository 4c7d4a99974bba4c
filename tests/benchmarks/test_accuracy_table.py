"""The accuracy benchmark as a program: folders in, table and JSON out, faults told."""

import importlib
import json
import math
import shutil
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fairness import CohortError, read_cohort
from matcher.degradation import CAMERAS
from matcher.embedding import FACE, LOW_RESOLUTION, FaceVectors, load_model
from matcher.synthetic import sample_photos
from matcher.testing import FakeEmbedder

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
RECIPES = 10
NO_DIFFERENCE = {"+0.0 (no interval)", "+0.00 (no interval)"}

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(BENCHMARKS)
    accuracy = importlib.import_module("accuracy")
    accuracy_kept = importlib.import_module("accuracy_kept")
    accuracy_vectors = importlib.import_module("accuracy_vectors")


def save(pixels, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, quality=95)


@pytest.fixture(scope="module")
def photos():
    return sample_photos(3, ages=(5.0, 20.0), shots=2, seed=3)


@pytest.fixture(scope="module")
def fgnet(photos, tmp_path_factory):
    """Three rendered people, four photos of each, and a photo of nothing."""
    folder = tmp_path_factory.mktemp("fgnet")
    for photo in photos:
        letter = "ab"[photo.shot]
        save(photo.pixels, folder / f"{photo.subject + 1:03d}A{photo.age:02.0f}{letter}.JPG")
    save(np.full((128, 128, 3), 90, np.uint8), folder / "001A09.JPG")
    return folder


@pytest.fixture(scope="module")
def lfw(photos, tmp_path_factory):
    """The adults in LFW's layout, the same two pairs in each of ten folds."""
    folder = tmp_path_factory.mktemp("lfw")
    for photo in photos:
        if photo.age == 20:
            name = f"Person_{'ABC'[photo.subject]}"
            save(photo.pixels, folder / name / f"{name}_{photo.shot + 1:04d}.jpg")
    lines = ["10\t1", *["Person_A\t1\t2", "Person_B\t1\tPerson_C\t2"] * 10]
    (folder / "pairs.txt").write_text("\n".join(lines) + "\n")
    return folder


def options(**given):
    return Namespace(
        **({"draws": 50, "seed": 1, "device": "cpu", "vectors": None, "leave_out": []} | given)
    )


def test_two_models_of_different_crops_are_judged_in_one_pass(fgnet, capsys):
    cohort = read_cohort(fgnet, "fgnet")
    models = [load_model("dlib-resnet"), FakeEmbedder()]
    found = accuracy.judge_fgnet(cohort, models, options())
    assert found.data == {"photos": 13, "photos without a face": 1, "people": 3}
    first, second = found.rows
    assert [row.name for row in first] == [row.name for row in second]
    of_photos, of_crops = 2 * (1 + len(CAMERAS)), 2 * (1 + RECIPES)
    assert len(first) == of_photos + of_crops + 2 * len(accuracy.JUDGED) + 3 + 3 + 2
    counts = {row.name: row.count for row in first}
    assert counts["rank-1, px32-q30"] == 12
    assert counts["rank-1, px32-q30, aged 5 or less"] == 6
    assert counts["TMR at FMR 1e-3"] == 18
    assert counts["TMR at FMR 1e-2, 10 years or more apart"] == 12
    assert counts["FMR under 18 where that of adults is 1e-3, times 1e-3"] == 12
    assert [row.value for row in first] != [row.value for row in second]
    assert "13/13 photos" in capsys.readouterr().err


def test_lfw_is_judged_over_the_pairs_whose_photos_have_a_face(lfw):
    cohort, pairs = read_cohort(lfw, "lfw"), accuracy.read_pairs(lfw / "pairs.txt")
    found = accuracy.judge_lfw(cohort, pairs, [load_model("dlib-resnet")], options())
    *of_photos, later, all_ten = found.rows[0]
    assert [row.name.split(", ")[1] for row in of_photos] == [
        f"photos {camera}" for camera in ("clean", *CAMERAS)
    ]
    assert {row.count for row in of_photos} == {1}  # Person_A has a second photo of the folds
    assert (later.count, all_ten.count) == (10, 20)
    assert later.value in (0.5, 1.0)  # the same two pairs in each fold
    assert (found.data["photos"], found.data["photos without a face"]) == (4, 0)
    assert (found.data["pairs"], found.data["pairs left out"]) == (20, 0)


def test_pairs_of_photos_that_are_not_there_are_left_out_and_counted(lfw, photos, tmp_path):
    for photo in lfw.rglob("*.jpg"):
        if photo.stem != "Person_A_0002":
            save(np.array(Image.open(photo)), tmp_path / photo.relative_to(lfw))
    (tmp_path / "pairs.txt").write_text((lfw / "pairs.txt").read_text())
    cohort, pairs = read_cohort(tmp_path, "lfw"), accuracy.read_pairs(tmp_path / "pairs.txt")
    found = accuracy.judge_lfw(cohort, pairs, [FakeEmbedder()], options())
    assert found.data["pairs left out"] == 10
    assert found.rows[0][-1].count == 10


def test_nobody_is_searched_for_whose_enrolled_photo_has_no_face(lfw, tmp_path):
    shutil.copytree(lfw, tmp_path / "lfw")
    save(np.full((128, 128, 3), 90, np.uint8), tmp_path / "lfw" / "Person_A" / "Person_A_0001.jpg")
    cohort = read_cohort(tmp_path / "lfw", "lfw")
    pairs = accuracy.read_pairs(lfw / "pairs.txt")
    found = accuracy.judge_lfw(cohort, pairs, [FakeEmbedder()], options())
    *of_photos, _, _ = found.rows[0]
    assert {row.count for row in of_photos} == {0}
    assert (found.data["photos"], found.data["photos without a face"]) == (4, 1)
    assert (found.data["pairs"], found.data["pairs left out"]) == (20, 10)


def test_pairs_are_read_with_their_kind_and_fold(lfw):
    pairs = accuracy.read_pairs(lfw / "pairs.txt")
    assert pairs.left[:2] == ("Person_A/Person_A_0001.jpg", "Person_B/Person_B_0001.jpg")
    assert pairs.right[:2] == ("Person_A/Person_A_0002.jpg", "Person_C/Person_C_0002.jpg")
    assert pairs.same.tolist() == [True, False] * 10
    assert pairs.folds.tolist() == [fold for fold in range(10) for _ in range(2)]


@pytest.mark.parametrize("left_out", [["crops"], ["cameras"], ["cameras", "crops"]])
def test_what_is_left_out_changes_no_other_row(fgnet, left_out):
    cohort = read_cohort(fgnet, "fgnet")
    every = accuracy.judge_fgnet(cohort, [FakeEmbedder()], options()).rows[0]
    fewer = accuracy.judge_fgnet(cohort, [FakeEmbedder()], options(leave_out=left_out)).rows[0]
    names = {
        "crops": [f", {recipe}" for recipe in (*accuracy.LADDER, *accuracy.STORIES)],
        "cameras": [f"photos {camera}" for camera in CAMERAS],
    }
    absent = [name for kind in left_out for name in names[kind]]
    left = [row for row in every if not any(name in row.name for name in absent)]
    assert [row.name for row in fewer] == [row.name for row in left]
    for one, other in zip(fewer, left, strict=True):
        np.testing.assert_array_equal(one.values, other.values)


def test_photos_searched_for_without_cameras_leave_one_row(lfw):
    cohort, pairs = read_cohort(lfw, "lfw"), accuracy.read_pairs(lfw / "pairs.txt")
    found = accuracy.judge_lfw(cohort, pairs, [FakeEmbedder()], options(leave_out=["cameras"]))
    assert [row.name for row in found.rows[0]] == [
        "rank-1, photos clean, one photo each",
        "LFW View 2, folds 6-10",
        "LFW View 2, all ten folds",
    ]


class Counting(FakeEmbedder):
    """Counts the crops that it embeds."""

    crops = 0

    def embed_all(self, crops, *, purpose="gallery"):
        self.crops += len(crops)
        return super().embed_all(crops, purpose=purpose)


def test_kept_vectors_give_the_same_rows_without_embedding_again(fgnet, tmp_path):
    cohort, kept = read_cohort(fgnet, "fgnet"), tmp_path / "kept"
    first, again = Counting(), Counting()
    without = accuracy.judge_fgnet(cohort, [FakeEmbedder()], options())
    made = accuracy.judge_fgnet(cohort, [first], options(vectors=kept))
    read = accuracy.judge_fgnet(cohort, [again], options(vectors=kept))
    assert (first.crops > 0, again.crops) == (True, 0)
    for one, other, third in zip(without.rows[0], made.rows[0], read.rows[0], strict=True):
        np.testing.assert_array_equal(one.values, other.values)
        np.testing.assert_array_equal(one.values, third.values)


def test_a_run_that_was_ended_embeds_only_what_is_new(fgnet, tmp_path, monkeypatch):
    monkeypatch.setattr(accuracy_vectors, "BATCH", 4)
    cohort, whole, rest = read_cohort(fgnet, "fgnet"), Counting(), Counting()
    accuracy_vectors.embed(cohort, [whole], keep=tmp_path)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 4  # 13 photos
    files[0].unlink()
    files[1].rename(files[1].with_suffix(".part.npz"))  # as it lies while it is being written
    made = accuracy_vectors.embed(cohort, [whole, rest], keep=tmp_path)
    assert 0 < rest.crops < whole.crops
    assert len(made.vectors[0]["clean"].probes) == 12


def test_kept_vectors_of_other_photos_or_another_seed_are_not_used(fgnet, tmp_path):
    cohort, model = read_cohort(fgnet, "fgnet"), FakeEmbedder()
    accuracy_vectors.embed(cohort, [model], ("cctv",), keep=tmp_path)
    before = len(list(tmp_path.iterdir()))
    accuracy_vectors.embed(cohort, [model], ("cctv",), seed=1, keep=tmp_path)
    accuracy_vectors.embed(cohort.without({"001A05a.JPG"}, "left out"), [model], keep=tmp_path)
    assert len(list(tmp_path.iterdir())) == 3 * before


def test_every_vector_and_judgement_survives_being_kept(tmp_path):
    kept = {FACE: np.eye(2, dtype=np.float32), LOW_RESOLUTION: np.ones((2, 2), np.float32)}
    vectors = FaceVectors(kept, kept[FACE][::-1], (FACE, LOW_RESOLUTION), (None, True))
    nothing = FaceVectors.of_one_kind(np.empty((0, 2), np.float32))
    found, again = np.array([True, False, True]), np.array([False, False])
    seen = accuracy_kept.Seen(found, {"24px": again}, {"clean": vectors, "24px": nothing})
    accuracy_kept.save(seen, tmp_path / "new" / "one.npz")
    read = accuracy_kept.load(tmp_path / "new" / "one.npz")
    np.testing.assert_array_equal(read.found, found)
    np.testing.assert_array_equal(read.again["24px"], again)
    assert set(read.vectors) == {"clean", "24px"}
    assert read.vectors["24px"].probes.shape == (0, 2)
    clean = read.vectors["clean"]
    assert (clean.compared_with, clean.degraded) == (vectors.compared_with, vectors.degraded)
    np.testing.assert_array_equal(clean.probes, vectors.probes)
    for name, one in kept.items():
        np.testing.assert_array_equal(clean.kept[name], one)


@pytest.mark.parametrize("text", ["", "9\t1\n" + "A\t1\t2\n" * 18, "10\t1\nA\t1\t2\n"])
def test_a_list_that_is_not_ten_folds_is_refused(tmp_path, text):
    path = tmp_path / "pairs.txt"
    path.write_text(text)
    with pytest.raises(CohortError, match="ten folds"):
        accuracy.read_pairs(path)


def test_degraded_crops_keep_their_size_and_follow_their_seeds(photos):
    crops = np.stack([photo.pixels for photo in photos[:2]])
    first = accuracy_vectors.degraded(crops, "cctv", np.array([1, 2]))
    assert first.shape == crops.shape
    assert np.array_equal(first, accuracy_vectors.degraded(crops, "cctv", np.array([1, 2])))
    other = accuracy_vectors.degraded(crops, "cctv", np.array([1, 3]))
    assert np.array_equal(first[0], other[0])
    assert not np.array_equal(first[1], other[1])


def test_fewer_pixels_lose_more(photos):
    crops = np.stack([photo.pixels for photo in photos])

    def lost(recipe):
        made = accuracy_vectors.degraded(crops, recipe, np.arange(len(crops)))
        return np.square(made.astype(float) - crops).mean()

    losses = [lost(recipe) for recipe in accuracy.LADDER]
    assert losses == sorted(losses)


def row(*values, **given):
    return accuracy.Row("r", 1234, "pairs", np.array(values), **given)


def test_a_cell_tells_value_interval_and_what_is_not_known():
    drawn = np.linspace(0.8, 0.9, 1001)
    assert accuracy.cell(row(0.894, *drawn)) == "89.4 (80.2 to 89.8)"
    assert accuracy.cell(row(65.5, *drawn, factor=1.0)) == "65.5 (0.8 to 0.9)"
    assert accuracy.cell(row(0.02, *-drawn), sign="+") == "+2.0 (-89.8 to -80.2)"
    assert accuracy.cell(row(1.0, 1.0, 1.0)) == "100.0 (no interval)"
    assert accuracy.cell(row(math.nan, math.nan)) == "- (no interval)"


def test_the_table_has_the_differences_to_all_other_models():
    one, other, third = [row(0.9, 0.8, 1.0)], [row(0.85, 0.8, 0.9)], [row(0.95, 0.8, 0.9)]
    names = ["first", "second", "third"]
    record = accuracy.Record("made", Namespace(), "python made.py")
    accuracy.table(record, "three", names, [one, other, third])
    accuracy.table(record, "alone", names[:1], [one])
    kept = record.tables["three"]
    assert kept["columns"][-2:] == ["difference to second", "difference to third"]
    ((measure, on, value, *_, to_second, to_third),) = kept["rows"]
    assert (measure, on, value[:6]) == ("r, %", "1,234 pairs", "90.0 (")
    assert to_second.startswith("+5.0 (+0.")
    assert to_third.startswith("-5.0 (+0.")
    assert record.tables["alone"]["columns"] == ["measure", "on", "first"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--fgnet", "{empty}"], "no photo named like 001A02.JPG"),
        (["--fgnet", "{empty}/nowhere"], "no folder"),
        (["--fgnet", "{fgnet}", "--lfw", "{fgnet}"], "no photo named like Name/Name_0001.jpg"),
        (["--fgnet", "{fgnet}", "--model", "no-such-model"], "no-such-model"),
        (["--fgnet", "{fgnet}", "--draws", "0"], "--draws of at least 1"),
        (["--fgnet", "{fgnet}", "--vectors", "{fgnet}/001A09.JPG"], "cannot make the folder"),
        (["--fgnet", "{fgnet}", "--leave-out", "lists"], "invalid choice"),
        (["--fgnet", "{fgnet}", "--baseline", "dlib-resnet", "--baseline", "no-such"], "no-such"),
    ],
)
def test_what_cannot_be_used_ends_with_a_message_and_code_2(
    fgnet, tmp_path, capsys, arguments, told
):
    given = [text.format(empty=tmp_path, fgnet=fgnet) for text in arguments]
    with pytest.raises(SystemExit) as ended:
        accuracy.main(given)
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


@pytest.mark.slow
def test_a_whole_run_prints_the_tables_and_saves_what_it_printed(fgnet, lfw, results, capsys):
    folders = ["--fgnet", str(fgnet), "--lfw", str(lfw), "--draws", "40"]
    models = ["--model", "dlib-resnet", *["--baseline", "dlib-resnet"] * 2]
    accuracy.main([*folders, *models])
    printed = capsys.readouterr().out
    saved = json.loads((results / "accuracy.json").read_text())["tables"]
    assert list(saved) == [
        "photos",
        "FG-NET, searches from the photo",
        "FG-NET, crops and pairs",
        "LFW, searches from the photo",
        "LFW, crops and pairs",
    ]
    assert saved["photos"]["rows"][0] == ["FG-NET", 13, 1, 3, "", ""]
    for name, kept in saved.items():
        assert f"| {' | '.join(kept['columns'])} |" in printed
        for row in kept["rows"] if name != "photos" else ():
            measure, _, first, *others = row
            assert f"| {measure} | " in printed
            assert others[:2] == [first] * 2, measure
            same = {"- (no interval)"} if first[0] == "-" else NO_DIFFERENCE
            assert set(others[2:]) <= same, measure
    clean = saved["FG-NET, crops and pairs"]["rows"][0]
    assert float(clean[2].split(" ")[0]) > 50
