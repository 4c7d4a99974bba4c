"""A model is adapted from photos with ages, and works at once wherever a model is named."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import made_adaptation
import made_ages
import made_model
import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load
from typer.testing import CliRunner, Result

import matcher
from fairness import AuditError, Cohort, CohortError, read_cohort
from matcher.cli.commands import app
from matcher.embedding import get_record, load_model, verify_weights
from matcher.errors import InputError, ModelError, OutputError, UnknownModelError
from matcher.evaluation import AdaptedModel


@dataclass(frozen=True)
class Place:
    """A folder with a cohort, a base model and the vectors of the cohort."""

    folder: Path

    @property
    def cohort(self) -> Path:
        return self.folder / "cohort" / "ages.csv"

    @property
    def base(self) -> Path:
        return self.folder / "new-model.toml"

    @property
    def cache(self) -> Path:
        return self.folder / "vectors.sqlite"

    def adapt(self, out: Path, **choices: object) -> AdaptedModel:
        given = {"model": self.base, "cohort": self.cohort, "vector_cache": self.cache, **choices}
        return matcher.adapt(out=out, **given)  # type: ignore[arg-type]


def command(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The cohort has a photo without a face, one that is none, two without an age, and a copy."""
    here = Place(tmp_path_factory.mktemp("adapting"))
    (here.folder / "cohort").mkdir()
    made_ages.write(here.folder / "cohort")
    Image.new("RGB", (96, 96), "grey").save(here.cohort.parent / "wall.png")
    (here.cohort.parent / "broken.png").write_bytes(b"no picture")
    with here.cohort.open("a", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerows([["wall.png", "wall", 8], ["broken.png", "broken", 8]])
        rows.writerows([["ageless.png", "ageless", ""], ["other.png", "other", ""]])
        shutil.copy(here.cohort.parent / "p8-0.png", here.cohort.parent / "p8-0-copy.png")
        rows.writerow(["p8-0-copy.png", "p8-0.png", 8])
    made_model.write(here.folder)
    return here


@pytest.fixture(scope="module")
def adapted(place: Place) -> AdaptedModel:
    return place.adapt(place.folder / "adapted")


def test_the_folder_holds_record_map_and_card_and_nothing_else(adapted: AdaptedModel) -> None:
    folder = adapted.record.parent
    names = {path.name for path in folder.iterdir()}
    assert names == {"model.toml", "map.safetensors", "README.md"}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert not list(folder.parent.glob(".adapted*"))


def test_the_record_is_a_model(adapted: AdaptedModel, place: Place) -> None:
    model = load_model(adapted.record)
    assert model.record.name == "new-model-adapted"
    assert model.record.adaptation is not None
    assert verify_weights(str(adapted.record)).state == "present"
    crops = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), np.uint8)
    wanted = adapted.vector_map(load_model(place.base).embed(crops).astype(np.float64))
    np.testing.assert_allclose(model.embed(crops), wanted, atol=1e-6)
    assert "CC0-1.0" in model.record.licence


def test_what_took_no_part_is_counted_on_the_card_and_in_the_record(
    adapted: AdaptedModel, place: Place
) -> None:
    left_out = dict(adapted.cohort.left_out)
    assert left_out.pop("no known age") == 2
    assert left_out.pop("photo format") == 1
    assert left_out.pop("the same file as another") == 1
    assert left_out.pop("no face") >= 1
    assert not left_out
    assert adapted.cohort.photos + sum(adapted.cohort.left_out.values()) == len(
        read_cohort(place.cohort)
    )
    card = adapted.record.with_name("README.md").read_text()
    assert "| no known age | 2 |" in card
    assert '"no known age" = 2' in adapted.record.read_text()


def test_the_card_holds_what_identifies_base_map_and_cohort(
    adapted: AdaptedModel, place: Place
) -> None:
    card = adapted.record.with_name("README.md").read_text()
    base = load_model(place.base)
    adaptation = get_record(adapted.record).adaptation
    assert adaptation is not None
    for fact in (
        base.identity.weights_sha256,
        base.identity.preprocessing_sha256,
        adaptation.map.sha256,
        read_cohort(place.cohort).sha256,
        base.record.licence,
        "not enough data",
    ):
        assert fact in card
    assert card.count("strength ") == len(adapted.tried) == 4
    assert card.count("(chosen)") == 1


def test_nothing_of_a_person_is_in_the_folder(adapted: AdaptedModel, place: Place) -> None:
    texts = "".join(
        adapted.record.with_name(name).read_text() for name in ("README.md", "model.toml")
    )
    for sample in read_cohort(place.cohort).samples:
        assert sample.photo not in texts
    held = load(adapted.record.with_name("map.safetensors").read_bytes())
    shapes = {name: array.shape for name, array in held.items()}
    assert shapes == {"mean": (48,), "matrix": (48, 48)}


def test_the_same_inputs_give_the_same_bytes(
    adapted: AdaptedModel, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place.folder)
    again = place.adapt(Path("again"), model="new-model.toml", cohort=read_cohort(place.cohort))
    for name in ("model.toml", "map.safetensors", "README.md"):
        one = adapted.record.with_name(name).read_bytes()
        assert one == again.record.with_name(name).read_bytes(), name


def test_an_empty_folder_is_filled_and_the_cohort_may_be_without_infants(
    place: Place, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    made = place.adapt(tmp_path / "out", age_edges=(0, 13, 18), name="ours.2", seed=4)
    assert get_record(made.record).name == "ours.2"
    assert list(made.cohort.people)[:3] == ["00 to under 13", "13 to under 18", "18 and over"]


def test_the_label_of_origin_is_found_and_its_small_groups_are_left_out(
    place: Place, tmp_path: Path
) -> None:
    text = place.cohort.read_text().splitlines()
    rows = [f"{line},{'ab'[number % 2]}" for number, line in enumerate(text[1:])]
    rows[0] = f"{text[1]},rare"
    labelled = place.cohort.with_name("origins.csv")
    labelled.write_text("\n".join([f"{text[0]},race", *rows]))
    made = place.adapt(tmp_path / "a", cohort=labelled)
    assert made.cohort.origin == ("race", ("a", "b"))
    assert {one.fit.origin_directions for one in made.tried} == {0, 1}
    assert [rates.name for rates in made.rates_after][-2:] == ["under 18, a", "under 18, b"]
    labelled.write_text(labelled.read_text().replace(",race", ",where"))
    assert place.adapt(tmp_path / "b", cohort=labelled).cohort.origin is None
    assert place.adapt(tmp_path / "c", cohort=labelled, origin="where").cohort.origin is not None


def test_a_gallery_an_audit_and_a_job_take_the_record(
    adapted: AdaptedModel, place: Place, tmp_path: Path
) -> None:
    photos = place.cohort.parent / "rendered"
    probe = sorted((photos / "photos").iterdir())[0]
    model = ("--model", adapted.record)
    gallery = tmp_path / "gallery"
    assert command("enrol", gallery, photos / "manifest.csv", *model).exit_code == 0
    assert command("search", gallery, probe, *model).exit_code == 0
    refused = command("search", gallery, probe, "--model", place.base)
    assert (refused.exit_code, "made by" in refused.output or "model" in refused.output) == (
        5,
        True,
    )
    assert command("compare", probe, probe, *model).exit_code == 0
    report = ("--out", tmp_path / "report", "--fmr", 0.1, "--draws", 20)
    assert command("audit", photos / "manifest.csv", *model, *report).exit_code == 0
    base = tmp_path / "of the base"
    enrolled = command("enrol", base, photos / "manifest.csv", "--model", place.base)
    assert enrolled.exit_code == 0, enrolled.output
    assert command("search", base, probe, *model).exit_code == 5
    run = command("reindex", "run", base, *model, "--workers", 1)
    assert run.exit_code == 0, run.output
    out = tmp_path / "calibration.json"
    cache = ("--vector-cache", tmp_path / "v.sqlite")
    told = command("calibrate", photos / "manifest.csv", "--out", out, *model, *cache)
    assert "new-model-adapted" in out.read_text() if out.exists() else "calibrat" in told.output


def test_the_command_says_what_came_of_it(place: Place, tmp_path: Path) -> None:
    given = ("--model", place.base, "--cohort", place.cohort, "--out", tmp_path / "out")
    looked = command("adapt", *given, "--dry-run")
    assert looked.exit_code == 0
    assert "Would adapt new-model to" in looked.output
    assert not (tmp_path / "out").exists()
    done = command("adapt", *given, "--vector-cache", place.cache)
    assert done.exit_code in (0, 1), done.output
    assert (done.exit_code == 1) == ("Worse than the base" in done.output)
    assert "Left out: 2 photos: no known age." in done.output
    assert str(tmp_path / "out" / "model.toml") in done.output
    again = command("adapt", *given)
    assert again.exit_code == 3
    assert "a folder that holds something" in again.output


def test_a_full_disk_leaves_nothing_half_written(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OutputError, match="No space left"):
        place.adapt(tmp_path / "out")
    assert not list(tmp_path.iterdir())


@pytest.fixture
def unembedded(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The place, where no photo may be looked at."""

    def looked_at(*_: object, **__: object) -> None:
        raise AssertionError("a photo was looked at")

    monkeypatch.setattr("matcher.evaluation.adaptation.copies.embed_cached", looked_at)
    return place


def test_a_model_that_makes_several_vectors_is_refused(unembedded: Place, tmp_path: Path) -> None:
    for model in ("youth-resnet-low-resolution", "youth-resnet@5"):
        with pytest.raises(InputError, match="a gallery keeps face, low_resolution"):
            unembedded.adapt(tmp_path / "out", model=model)


def test_an_adapted_model_is_refused(
    unembedded: Place, adapted: AdaptedModel, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="not adapted yet"):
        unembedded.adapt(tmp_path / "out", model=adapted.record)
    registered = made_adaptation.write(tmp_path / "a", "dlib-resnet")
    with pytest.raises(InputError, match="not adapted yet"):
        unembedded.adapt(tmp_path / "out", model=registered)


def test_an_unknown_model_or_origin_or_name_is_refused(unembedded: Place, tmp_path: Path) -> None:
    with pytest.raises(UnknownModelError):
        unembedded.adapt(tmp_path / "out", model="nobody")
    with pytest.raises(CohortError, match="label of origin"):
        unembedded.adapt(tmp_path / "out", origin="race")
    for name in ("a b", "", "../x", '"'):
        with pytest.raises(InputError, match="word of letters"):
            unembedded.adapt(tmp_path / "out", name=name)


@pytest.mark.parametrize(
    ("choices", "rule"),
    [
        ({"seed": -1}, "must not be negative"),
        ({"seed": "1"}, "must be a whole number"),
        ({"age_edges": "0,4,18"}, "sequence of numbers"),
        ({"age_edges": (0, "4", 18)}, "sequence of numbers"),
        ({"model": 3}, "name of a model"),
        ({"cohort": 3}, "must be a"),
        ({"name": 3}, "must be a text"),
        ({"vector_cache": 3}, "must be a path"),
    ],
    ids=str,
)
def test_an_argument_of_another_kind_is_refused(
    unembedded: Place, tmp_path: Path, choices: dict[str, object], rule: str
) -> None:
    with pytest.raises((InputError, AuditError), match=rule):
        unembedded.adapt(tmp_path / "out", **choices)


def test_the_vectors_of_people_do_not_go_into_the_folder(unembedded: Place, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must lie outside the folder"):
        unembedded.adapt(tmp_path / "out", vector_cache=tmp_path / "out" / "cache" / "v.sqlite")
    assert not (tmp_path / "out").exists()


def test_a_model_that_tells_nobody_apart_is_refused(place: Place, tmp_path: Path) -> None:
    """Its network multiplies by zero and adds the same numbers to everybody's."""
    import hashlib

    import onnx
    from onnx import TensorProto, helper, numpy_helper

    (record := tmp_path / "new-model.toml").write_text(place.base.read_text())
    model = onnx.load(place.base.with_suffix(".onnx"))
    (matrix,) = model.graph.initializer
    matrix.CopyFrom(numpy_helper.from_array(0 * numpy_helper.to_array(matrix), "matrix"))
    one = helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0])
    model.graph.initializer.append(one)
    model.graph.node[-1].output[0] = "zeros"
    model.graph.node.append(helper.make_node("Add", ["zeros", "one"], ["vectors"]))
    data = model.SerializeToString()
    record.with_suffix(".onnx").write_bytes(data)
    lines = record.read_text().splitlines()
    sha256 = f'sha256 = "{hashlib.sha256(data).hexdigest()}"'
    record.write_text("\n".join(sha256 if "sha256" in line else line for line in lines))
    with pytest.raises(ModelError, match="one and the same for all faces"):
        place.adapt(tmp_path / "out", model=record)


def _a_file(out: Path) -> None:
    out.write_text("mine")


def _a_full_folder(out: Path) -> None:
    out.mkdir()
    (out / "mine.txt").write_text("mine")


def _a_link(out: Path) -> None:
    out.with_name("elsewhere").mkdir()
    out.symlink_to(out.with_name("elsewhere"))


def _in_a_file(out: Path) -> None:
    out.parent.rmdir()
    out.parent.write_text("mine")


@pytest.mark.parametrize("make", [_a_file, _a_full_folder, _a_link, _in_a_file])
def test_a_folder_that_is_not_free_is_refused_and_stays(
    unembedded: Place, tmp_path: Path, make: Callable[[Path], None]
) -> None:
    out = tmp_path / "in" / "out"
    out.parent.mkdir()
    make(out)
    before = sorted(map(str, tmp_path.rglob("*")))
    with pytest.raises(InputError, match="must be new, or empty and writable"):
        unembedded.adapt(out)
    assert sorted(map(str, tmp_path.rglob("*"))) == before


@pytest.mark.parametrize(
    ("people", "got"),
    [
        ({30.0: 260}, "00 to under 04: 0 of 50"),
        ({2.0: 90, 8.0: 90, 15.0: 90}, "18 and over: 0 of 250"),
        ({2.0: 90, 8.0: 90, 15.0: 90, 30.0: 249}, "18 and over: 249 of 250"),
        ({2.0: 90, 8.0: 20, 15.0: 160, 30.0: 260}, "04 to under 13: 20 of 50"),
        ({2.0: 60, 8.0: 60, 15.0: 60, 30.0: 260}, "all younger than 18: 180 of 250"),
        ({}, "00 to under 04: 0 of 50"),
    ],
    ids=["no young", "no adults", "too few adults", "a small band", "few young", "no ages"],
)
def test_a_cohort_that_cannot_carry_a_map_is_refused_before_the_first_photo(
    unembedded: Place, tmp_path: Path, people: dict[float, int], got: str
) -> None:
    rows = [f"{age}-{n}.png,{age}-{n},{age}" for age, count in people.items() for n in range(count)]
    manifest = tmp_path / "labels.csv"
    manifest.write_text("\n".join(["photo,subject,age_at_capture", *rows, "a.png,a,"]))
    with pytest.raises(CohortError, match="enough to fit a map") as caught:
        unembedded.adapt(tmp_path / "out", cohort=manifest)
    assert got in str(caught.value.got)
    assert "Add photos of these ages" in str(caught.value)


def test_longer_vectors_need_more_people(tmp_path: Path) -> None:
    rows = [f"{age}-{n}.png,s{age}-{n},{age}" for age in (2, 8, 15, 30) for n in range(200)]
    manifest = tmp_path / "labels.csv"
    manifest.write_text("\n".join(["photo,subject,age_at_capture", *rows]))
    with pytest.raises(CohortError, match="00 to under 04: 184") as caught:
        matcher.adapt("facenet-vggface2", manifest, tmp_path / "out")
    assert caught.value.got == "18 and over: 200 of 250"


def test_people_without_a_face_do_not_carry_a_map(place: Place, tmp_path: Path) -> None:
    text = place.cohort.read_text().splitlines()
    few = [
        line for line in text if not line.startswith("p30-") or int(line[4:].split(".")[0]) < 249
    ]
    (tmp_path / "cohort").mkdir()
    walls = [f"wall{n}.png,wall{n},30" for n in range(2)]
    for n in range(2):
        Image.new("RGB", (96, 96), (n, 90, 90)).save(tmp_path / "cohort" / f"wall{n}.png")
    manifest = tmp_path / "cohort" / "labels.csv"
    manifest.write_text("\n".join([*few, *walls]) + "\n")
    for line in few[1:]:
        source = place.cohort.parent / line.split(",")[0]
        if source.is_file():
            shutil.copy(source, manifest.parent)
    with pytest.raises(CohortError, match="an age and a face") as caught:
        place.adapt(tmp_path / "out", cohort=manifest)
    assert caught.value.got == "18 and over: 249 of 250"


def test_a_photo_that_is_not_there_is_refused(place: Place, tmp_path: Path) -> None:
    manifest = place.cohort.with_name("absent.csv")
    manifest.write_text(place.cohort.read_text() + "absent.png,absent,8\n")
    with pytest.raises(CohortError, match=r"absent\.png"):
        place.adapt(tmp_path / "out", cohort=manifest)


def test_hostile_names_and_labels_stay_texts(place: Place, tmp_path: Path) -> None:
    hostile = 'a"b\\\x7f]|`*\n# x \U0001f600\u202e'
    people = read_cohort(place.cohort)

    samples = [replace(one, labels={"o|r": "=1|2<b>"}, licence=hostile) for one in people.samples]
    made = Cohort.of(samples, name=hostile, folder=people.folder)
    model = place.adapt(tmp_path / "out", cohort=made, origin="o|r")
    assert get_record(model.record).name == "new-model-adapted"
    card = model.record.with_name("README.md").read_text()
    assert "=1\\|2\\<b\\>" in card
    assert "\x7f" not in card + model.record.read_text()
    assert "\u202e" not in card
