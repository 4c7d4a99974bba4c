"""The benchmark of searches beside a re-index, in small."""

import importlib
from pathlib import Path

import pytest
from rendered_cohort import SUBJECTS

import matcher
from matcher.enrolment import read_manifest
from matcher.gallery import Gallery

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(BENCHMARKS)
    versions = importlib.import_module("reindex_versions")


@pytest.fixture
def photos(cohort):
    early = [photo.path for photo in read_manifest(cohort.manifest).photos]
    return [*early, *cohort.probes]


@pytest.mark.slow  # it starts commands that load the models
def test_every_search_is_answered_by_one_model(tmp_path, photos, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(matcher.__file__).parents[1]))
    found = versions.story(tmp_path, photos, "dlib-resnet", "youth-resnet", probes=3)
    assert found["faces"] == [2 * SUBJECTS] * 2
    beside = found["job beside searches"]
    assert {said.rpartition(": ")[2] for said in beside["lists"]} == {"right"}
    assert sum(beside["lists"].values()) == beside["searches during the job"] + versions.AFTER
    assert beside["searches during the job"] > 0
    assert beside["lists"]["youth-resnet 6: right"] == versions.AFTER
    assert beside["answered by the old model after the switch"] == 0


def test_a_list_that_is_not_of_the_model_alone_is_seen(tmp_path, photos, extractor):
    assert versions.enrolled(tmp_path / "gallery", extractor, photos[:4]) == 4
    with Gallery.open(tmp_path / "gallery") as opened:
        lists = [versions._search(opened, extractor, photo) for photo in photos[:2]]
    model = extractor.model
    right, wrong = (
        versions.Searches(photos[:2], {model: extractor}, {model: some})
        for some in (lists, lists[::-1])
    )
    for number in range(4):
        assert right.of(tmp_path / "gallery", number) == (model, "right")
        assert wrong.of(tmp_path / "gallery", number) == (model, "another list")
