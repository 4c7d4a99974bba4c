"""Ageing is taken out of a model where a cohort has people at several ages and it helps them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import made_ageing
import made_ages
import made_model
import pytest
from safetensors.numpy import load

import matcher
from fairness import CohortError
from matcher.embedding import load_model
from matcher.embedding.networks import NETWORKS
from matcher.evaluation import AdaptedModel
from matcher.evaluation.adaptation import pipeline
from matcher.evaluation.adaptation.ageing import FEWEST_PEOPLE


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a cohort, a base model, and later the vectors of the cohort."""
    folder = tmp_path_factory.mktemp("ageing")
    manifest = made_ages.write(folder, {2.0: 72, 8.0: 72, 15.0: 72, 30.0: 262})
    made_ageing.add(manifest)
    made_model.write(folder)
    return folder


def adapt(place: Path, out: Path) -> AdaptedModel:
    return matcher.adapt(
        place / "new-model.toml", place / "ages.csv", out, vector_cache=place / "vectors.sqlite"
    )


@pytest.fixture(scope="module")
def adapted(place: Path) -> AdaptedModel:
    return adapt(place, place / "adapted")


def test_ageing_is_taken_out_and_card_and_record_say_so(adapted: AdaptedModel) -> None:
    gain = adapted.ageing
    assert gain is not None
    assert gain.beyond_chance
    assert adapted.after.fit.ageing
    assert FEWEST_PEOPLE <= gain.people == adapted.cohort.years_apart <= made_ageing.PEOPLE
    card = adapted.record.with_name("README.md").read_text()
    assert "It is taken out. No date is needed" in card
    assert str(gain) in card
    assert card.count("(chosen)") == 1
    assert "ageing taken out **(chosen)**" in card
    record = adapted.record.read_text()
    assert 'ageing = "taken out"' in record
    assert f"people_years_apart = {gain.people}" in record


def test_the_photos_of_people_years_apart_take_part(adapted: AdaptedModel) -> None:
    assert adapted.cohort.left_out.get("a further photo of a person in one age band", 0) == 0


def test_nothing_of_a_person_is_in_the_folder(adapted: AdaptedModel) -> None:
    folder = adapted.record.parent
    assert {path.name for path in folder.iterdir()} == {
        "model.toml",
        "map.safetensors",
        "README.md",
    }
    held = load((folder / "map.safetensors").read_bytes())
    shapes = {name: array.shape for name, array in held.items()}
    assert shapes == {"mean": (48,), "matrix": (48, 48)}
    assert "grown" not in (folder / "model.toml").read_text()


def test_with_too_few_people_ageing_is_left_in_and_the_card_says_how_many_it_takes(
    adapted: AdaptedModel, place: Path, tmp_path: Path
) -> None:
    """Nobody says which photos show one person: each counts as a person of its own."""
    header, *rows = (place / "ages.csv").read_text().splitlines()
    photos = [(row.split(",")[0], row.split(",")[2]) for row in rows]
    manifest = place / "strangers.csv"
    manifest.write_text("\n".join([header, *(f"{name},{name},{age}" for name, age in photos)]))
    made = matcher.adapt(
        place / "new-model.toml", manifest, tmp_path / "out", vector_cache=place / "vectors.sqlite"
    )
    assert made.ageing is None
    assert not made.after.fit.ageing
    card = made.record.with_name("README.md").read_text()
    assert "Not tried. 0 people have photos" in card
    assert f"it takes {FEWEST_PEOPLE}" in card


@pytest.fixture
def fitted_to_children(monkeypatch: pytest.MonkeyPatch) -> None:
    """The base counts as a model that is fitted to children already, as the default one is."""
    kinds = dict(NETWORKS) | {"onnx": replace(NETWORKS["onnx"], of_probes=True)}
    monkeypatch.setattr(pipeline, "NETWORKS", MappingProxyType(kinds))


@pytest.mark.usefixtures("fitted_to_children")
def test_a_model_that_is_fitted_to_children_loses_ageing_alone(
    adapted: AdaptedModel, place: Path, tmp_path: Path
) -> None:
    made = adapt(place, tmp_path / "out")
    assert [one.fit.strength for one in made.tried] == [None, None]
    assert made.after.fit.ageing
    assert not made.vector_map.mean.any()
    card = made.record.with_name("README.md").read_text()
    assert "the vectors as they are, ageing taken out **(chosen)**" in card
    assert "strength" not in made.record.read_text()
    assert load_model(made.record).identity.dimension == made_model.DIMENSION


@pytest.mark.usefixtures("fitted_to_children")
def test_without_a_gain_nothing_is_written(
    adapted: AdaptedModel, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert adapted.ageing is not None
    none = replace(adapted.ageing, low=-0.01)
    monkeypatch.setattr(pipeline, "ageing_gain", lambda *_: none)
    with pytest.raises(CohortError, match="a gain beyond chance"):
        adapt(place, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_default_model_needs_people_years_apart(tmp_path: Path) -> None:
    """It is refused before the first photo: there is none at these paths."""
    rows = [f"{age}-{n}.png,s{age}-{n},{age}" for age in (2, 8, 15, 30) for n in range(260)]
    manifest = tmp_path / "labels.csv"
    manifest.write_text("\n".join(["photo,subject,age_at_capture", *rows]))
    for model in ("youth-resnet", "youth-dlib"):
        with pytest.raises(CohortError, match="fitted to children already") as caught:
            matcher.adapt(model, manifest, tmp_path / "out")
        assert caught.value.got == "0"
