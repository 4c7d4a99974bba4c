"""The recipe of the project's own weights, run for a few steps on rendered people."""

import csv
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import drawn_sface
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from rendered_cohort import Cohort
from safetensors import safe_open
from safetensors.torch import load_file

from matcher.embedding import VectorMap, get_record, partial_whitening, without_groups
from matcher.embedding.networks.torch_network import dlib_resnet, youth_resnet
from matcher.embedding.networks.youth_network import whitened_resnet
from matcher.embedding.weights import cache_folder, read_weights, sha256_of
from training import __main__ as command
from training.__main__ import _origins, main
from training.fit import Faces, Recipe, fit
from training.sources import ADULT, fairface_training_part, lfw_training_part
from training.teacher import main_directions, mapped, said_of, whitened
from training.views import ALL_SIZES


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Sums of floats depend on how they are split among threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def fairface(tmp_path_factory: pytest.TempPathFactory, cohort: Cohort) -> Path:
    """Rendered people as FairFace is laid out: four that train, two that validate."""
    folder = tmp_path_factory.mktemp("fairface")
    bands = ("0-2", "3-9", "10-19", "20-29", "3-9", "3-9")
    with (folder / "labels.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file", "age", "gender", "race"])
        for number, (source, band) in enumerate(zip(cohort.probes, bands, strict=True)):
            name = f"{'train' if number < 4 else 'val'}/{number}{source.suffix}"
            (folder / name).parent.mkdir(exist_ok=True)
            shutil.copy(source, folder / name)
            table.writerow([name, band, "Female", "White"])
    return folder


@pytest.fixture(scope="module")
def lfw(tmp_path_factory: pytest.TempPathFactory, cohort: Cohort) -> Path:
    """Rendered people as LFW is laid out: A and B in the first fold, C and D in the last."""
    folder = tmp_path_factory.mktemp("lfw")
    for name, source in zip("ABCD", cohort.probes, strict=False):
        for shot in (1, 2):
            (folder / name).mkdir(exist_ok=True)
            shutil.copy(source, folder / name / f"{name}_{shot:04d}.jpg")
    first, last = ("A\t1\t2", "A\t1\tB\t1"), ("C\t1\t2", "C\t1\tD\t2")
    folds = [*[first] * 5, *[last] * 5]
    lines = [line for mated, other in folds for line in [mated] * 300 + [other] * 300]
    (folder / "pairs.txt").write_text("\n".join(["10\t300", *lines]) + "\n")
    return folder


def test_only_the_training_part_of_fairface_trains(fairface: Path) -> None:
    photos = fairface_training_part(fairface)
    assert [photo.path.parent.name for photo in photos] == ["train"] * 4
    assert [photo.band for photo in photos] == [0, 1, 2, ADULT]
    assert len({photo.subject for photo in photos}) == 4
    assert [photo.origin for photo in photos] == ["White"] * 4
    assert _origins(photos).tolist() == [0, 0, 0, -1]


def test_nobody_of_a_judging_fold_trains(lfw: Path) -> None:
    photos = lfw_training_part(lfw)
    assert {photo.subject for photo in photos} == {"lfw:A", "lfw:B"}
    assert {photo.band for photo in photos} == {ADULT}


def test_a_person_of_both_sides_of_the_folds_does_not_train(lfw: Path, tmp_path: Path) -> None:
    folder = tmp_path / "lfw"
    shutil.copytree(lfw, folder)
    text = (folder / "pairs.txt").read_text()
    (folder / "pairs.txt").write_text(text.replace("C\t1\tD\t2", "B\t1\tD\t2"))
    assert {photo.subject for photo in lfw_training_part(folder)} == {"lfw:A"}


def keep_drawn_sface(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a network that means nothing where the recipe looks for the fetched one."""
    data = drawn_sface.drawn()
    record = get_record("sface")
    drawn = replace(record, weights=replace(record.weights, sha256=sha256_of(data)))
    known = {"sface": drawn, "dlib-resnet": get_record("dlib-resnet")}
    monkeypatch.setattr(command, "get_record", known.__getitem__)
    monkeypatch.setenv("MATCHER_CACHE", str(cache))
    (cache / "weights").mkdir(parents=True)
    (cache / "weights" / drawn.weights.filename).write_bytes(data)


@pytest.mark.slow
def test_the_recipe_makes_weights_that_load(
    fairface: Path, lfw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "weights.safetensors"
    keep_drawn_sface(tmp_path / "cache", monkeypatch)
    folders = {"fairface": fairface, "lfw": lfw, "out": out}
    arguments = [word for name, path in folders.items() for word in (f"--{name}", str(path))]
    steps = ["--steps", "3", "--mobile-steps", "2", "--batch", "4", "--workers", "0"]
    main([*arguments, *steps])
    network = youth_resnet(out.read_bytes())
    vectors = network(torch.zeros(2, 3, 150, 150))
    assert vectors.shape == (2, 257)
    assert torch.isfinite(vectors).all()
    held = load_file(out)
    assert held["worn.resnet.spread.weight"].dtype == torch.float16
    assert held["worn.mobile.body.first.across.weight"].dtype == torch.int8
    own = dlib_resnet(read_weights(get_record("dlib-resnet"), cache_folder()).data)
    for name, weights in network.clear.resnet.body.state_dict().items():
        largest = own.state_dict()[name].abs().max()
        assert (weights - own.state_dict()[name]).abs().max() < largest / 254 * 1.01
    assert "worn.mobile.body.last.weight" not in held
    assert network.worn.mobile.body.last is network.clear.mobile.body.last
    with safe_open(out, "pt") as file:
        assert file.metadata()["steps"] == "3"
    for student, last in (("resnet", "3"), ("mobile", "2")):
        with out.with_suffix(f".{student}.csv").open() as table:
            assert [row["number"] for row in csv.DictReader(table)] == [last]


def some_vectors(count: int = 8) -> NDArray[np.float32]:
    vectors = np.random.default_rng(1).normal(size=(count, 128))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def some_faces(count: int = 8) -> Faces:
    rng = np.random.default_rng(1)
    crops = rng.integers(0, 256, (count, 150, 150, 3), dtype=np.uint8)
    bands = np.arange(count) % (ADULT + 1)
    return Faces(crops, np.arange(count) // 2, bands)


def trained(recipe: Recipe, *, workers=0, every=50, on_report=lambda *_: None):
    return fit(
        whitened_resnet(),
        some_faces(),
        some_vectors(),
        recipe,
        sight=ALL_SIZES,
        workers=workers,
        every=every,
        on_report=on_report,
    )


@pytest.mark.slow
def test_training_brings_the_student_closer_to_the_teacher(one_thread: None) -> None:
    torch.manual_seed(0)
    seen = []
    recipe = Recipe(steps=30, batch=8, rate=2e-2)
    trained(recipe, every=10, on_report=lambda step, _: seen.append(step.distance))
    assert len(seen) == 3
    assert seen[-1] < seen[0]


@pytest.mark.slow
def test_the_number_of_workers_changes_nothing(one_thread: None) -> None:
    states = []
    for workers in (0, 2):
        torch.manual_seed(0)
        recipe = Recipe(steps=2, batch=4)
        states.append(trained(recipe, workers=workers))
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())


def test_the_spread_centres_the_bands_and_takes_out_what_differs_between_them() -> None:
    rng = np.random.default_rng(2)
    bands = np.repeat([0, 1, 2, 3], [50, 400, 100, 200])
    vectors = rng.normal(size=(750, 12)) * 0.3 + rng.normal(size=(4, 12))[bands]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    spread = partial_whitening(vectors, bands)
    mapped = (vectors - spread.mean) @ spread.matrix
    means = np.array([mapped[bands == band].mean(axis=0) for band in range(4)])
    before = np.array([vectors[bands == band].mean(axis=0) for band in range(4)])
    assert np.linalg.matrix_rank(spread.matrix) == 9
    assert np.ptp(means, axis=0).max() < 0.3 * np.ptp(before, axis=0).max()
    assert np.allclose(np.linalg.norm(spread(vectors), axis=1), 1.0)


def test_a_projection_brings_the_means_of_groups_together() -> None:
    rng = np.random.default_rng(4)
    groups = np.repeat([-1, 0, 1, 2], 100)
    vectors = rng.normal(size=(400, 10)) + 3 * rng.normal(size=(4, 10))[groups]
    projection = without_groups(vectors, groups, 2)
    means = np.array([(vectors @ projection)[groups == group].mean(axis=0) for group in range(3)])
    assert np.allclose(means, means[0])
    assert np.linalg.matrix_rank(projection) == 8
    assert np.allclose(projection @ projection, projection)


def test_mapped_weights_say_the_projection_of_what_they_said() -> None:
    torch.manual_seed(0)
    network, changed = whitened_resnet(), whitened_resnet()
    vectors = np.random.default_rng(5).normal(size=(30, 128))
    projection = without_groups(vectors, np.arange(30) % 3, 2)
    changed.load_state_dict(mapped(network.state_dict(), projection))
    crops = torch.rand(2, 3, 150, 150)
    with torch.inference_mode():
        wanted = network(crops).double().numpy() @ projection
        said = changed(crops).double().numpy()
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    assert np.allclose(said, wanted, atol=1e-5)


def test_the_main_directions_keep_what_differs_most_in_each_band() -> None:
    rng = np.random.default_rng(6)
    bands = np.repeat([0, 1], [1000, 10])
    lengths = np.where(bands[:, None] == 0, [3.0, 0.1, 0.1, 1.0], [0.1, 9.0, 0.1, 0.1])
    vectors = rng.normal(size=(1010, 4)) * lengths
    directions = main_directions(vectors, bands, 2)
    assert np.allclose(directions.T @ directions, np.eye(2))
    assert set(np.abs(directions).argmax(axis=0)) == {0, 1}
    assert main_directions(vectors, bands, 4).shape == (4, 4)


def test_what_is_said_of_a_face_is_said_of_its_mirror_image() -> None:
    torch.manual_seed(0)
    network, crops = whitened_resnet(), some_faces(3).crops
    said = said_of(network, crops)
    assert np.allclose(said, said_of(network, crops[:, :, ::-1]), atol=1e-6)
    assert np.allclose(np.linalg.norm(said, axis=1), 1.0)


def test_a_map_then_a_matrix_is_one_map() -> None:
    rng = np.random.default_rng(7)
    spread, matrix = (
        VectorMap(rng.normal(size=6), rng.normal(size=(6, 6))),
        rng.normal(size=(6, 3)),
    )
    vectors = rng.normal(size=(5, 6))
    wanted = (vectors - spread.mean) @ spread.matrix @ matrix
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    assert np.allclose(spread.then(matrix)(vectors), wanted)


def test_the_student_starts_as_the_teacher_spread_apart() -> None:
    torch.manual_seed(0)
    body = whitened_resnet().body
    spread = VectorMap(np.full(128, 0.01), np.random.default_rng(0).normal(size=(128, 128)))
    crops = torch.rand(3, 3, 150, 150)
    with torch.inference_mode():
        said = body(crops).double().numpy()
        started = whitened(body, spread)(crops).double().numpy()
    said /= np.linalg.norm(said, axis=1, keepdims=True)
    assert np.allclose(started, spread(said), atol=1e-4)
