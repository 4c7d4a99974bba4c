"""A cohort seen through a camera: photos to enrol, probes of them, and why some have no vector."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rendered_ages

from fairness import AuditReport, AuditSettings, Cohort, audit
from matcher.degradation import CAMERAS, Camera
from matcher.embedding import Extractor, LowResolutionView
from matcher.errors import ModelError
from matcher.evaluation import CohortVectors, embed_cohort, embedded_scores
from matcher.faces import POLICIES, Face
from matcher.photos import Photo
from matcher.testing import FakeDetector, FakeEmbedder

NOTHING = Camera("as it is", 10_000)
SMALL = CAMERAS["24px-q30"]
PEOPLE = 20
SETTINGS = AuditSettings(factors=("capture_type",), fmr=0.1, draws=20)


class Blind(FakeDetector):
    """Finds no face in a small, dark picture."""

    def detect(self, photos: Sequence[Photo]) -> list[list[Face]]:
        return [
            [] if max(photo.size) < 30 and photo.pixels.mean() < 100 else faces
            for photo, faces in zip(photos, super().detect(photos), strict=True)
        ]


EXTRACTOR = Extractor(Blind(), FakeEmbedder(16))


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """Twenty rendered people at two ages, one of whose photos cannot be read."""
    return rendered_ages.with_a_bad_photo(tmp_path_factory.mktemp("people"), PEOPLE)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache") / "vectors.sqlite"


@pytest.fixture(scope="module")
def clear(people: Cohort, cache: Path) -> CohortVectors:
    return embed_cohort(people, EXTRACTOR, cache)


@pytest.fixture(scope="module")
def seen(people: Cohort, cache: Path) -> CohortVectors:
    return embed_cohort(people, EXTRACTOR, cache, camera=SMALL)


def audited(people: Cohort, cache: Path, camera: Camera | None) -> AuditReport:
    made = embedded_scores(people, EXTRACTOR, cache, camera=camera)
    return audit(made.scores, SETTINGS, matcher=made.matcher, facts=made.facts)


def test_photos_labels_and_measures_are_those_of_the_photos_as_they_are(
    clear: CohortVectors, seen: CohortVectors
) -> None:
    assert clear.probes is None
    np.testing.assert_array_equal(seen.vectors, clear.vectors)
    assert seen.cohort.samples == clear.cohort.samples
    assert seen.acquisition == clear.acquisition
    for name, values in clear.facts.items():
        np.testing.assert_array_equal(seen.facts[name], values)


def test_probes_have_other_vectors_and_a_reason_where_they_have_none(seen: CohortVectors) -> None:
    assert seen.probes is not None
    assert seen.probes.degraded == str(SMALL)
    reasons = set(seen.probes.acquisition)
    assert reasons == {"", "photo format", "no face, in the picture"}
    assert seen.probes.acquisition[0] == "photo format"
    for row, why in enumerate(seen.probes.acquisition):
        assert bool(why) != bool(seen.probes.vectors[row].any())
        if not why:
            assert not np.array_equal(seen.probes.vectors[row], seen.vectors[row])


def test_a_camera_that_changes_nothing_gives_the_rates_of_a_plain_audit(
    people: Cohort, cache: Path
) -> None:
    plain, same = (audited(people, cache, camera) for camera in (None, NOTHING))
    assert same.threshold == pytest.approx(plain.threshold, abs=1e-6)
    for table in ("rates", "open_set"):
        for one, other in zip(plain.table(table), same.table(table), strict=True):
            assert one["estimate"] == other["estimate"]
            twice = 2 if one["metric"] in ("FMR", "FMR_random") and one["trials"] else 1
            if one["trials"] is not None:
                assert other["trials"] == twice * one["trials"]
                assert other["errors"] == twice * one["errors"]


def test_lost_probes_are_refused_photos_and_misses(
    people: Cohort, cache: Path, seen: CohortVectors
) -> None:
    assert seen.probes is not None
    report = audited(people, cache, SMALL)
    lost = sum(why != "" for why in seen.probes.acquisition)
    (refused,) = report.table("rates").where(metric="FTA", group="all")
    assert (refused["errors"], refused["trials"]) == (lost, 2 * PEOPLE)
    compared, every = (
        report.table("rates").where(metric=metric, group="all")[0]
        for metric in ("FNMR", "FNMR_counted")
    )
    assert every["trials"] == PEOPLE
    assert every["errors"] - compared["errors"] == PEOPLE - compared["trials"] > 0
    assert report.card["Degraded probes"] == str(SMALL)


def test_a_policy_refuses_pictures_and_photos_each_for_its_own_faults(
    people: Cohort, cache: Path
) -> None:
    policy = replace(POLICIES["off"], name="sharp eyes", inter_eye_distance=10.0)
    made = embed_cohort(people, EXTRACTOR, cache, policy, camera=SMALL)
    assert made.probes is not None
    assert set(made.acquisition) == {"", "photo format"}
    found = set(made.probes.acquisition) - {"photo format", "no face, in the picture"}
    (why,) = found
    assert why.startswith("refused: ")
    assert why.endswith(", in the picture")


def test_the_same_file_twice_is_one_photo_and_one_probe(people: Cohort, tmp_path: Path) -> None:
    assert people.folder is not None
    shutil.copytree(people.folder, tmp_path / "people")
    copied = replace(people, folder=tmp_path / "people")
    one, other = (tmp_path / "people" / copied.samples[place].photo for place in (4, 5))
    shutil.copy(one, other)
    made = embed_cohort(copied, EXTRACTOR, tmp_path / "vectors.sqlite", camera=SMALL)
    assert made.probes is not None
    rows = 2 * PEOPLE - 1
    assert len(made.cohort) == len(made.probes.acquisition) == len(made.probes.vectors) == rows


def test_a_model_with_vectors_of_several_kinds_is_refused_before_any_work(
    people: Cohort, tmp_path: Path
) -> None:
    views = FakeEmbedder(16, low_resolution_views=(LowResolutionView(16),))
    cache = tmp_path / "made" / "vectors.sqlite"
    with pytest.raises(ModelError, match="keep one vector of a face"):
        embed_cohort(people, Extractor(Blind(), views), cache, camera=SMALL)
    assert not cache.parent.exists()
