"""A cohort becomes vectors and labels: each photo has a row, and nothing is done twice."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fairness import Cohort, CohortError, Sample, read_cohort
from fairness.imaging import measure_tone
from matcher.embedding import Extractor
from matcher.evaluation import CohortVectors, embed_cohort
from matcher.faces import POLICIES, Face, weight
from matcher.photos import Photo, load_photo
from matcher.synthetic import CohortSpec, write_cohort
from matcher.testing import FakeDetector, FakeEmbedder

FACTS = {"exposure", "sharpness", "contrast", "inter_eye_distance"}
THIRDS = ("exposure 1 of 3 (darkest)", "exposure 2 of 3", "exposure 3 of 3 (lightest)")


class Counting(FakeDetector):
    """Counts the photos that it is given."""

    def __init__(self) -> None:
        self.seen = 0

    def detect(self, photos: Sequence[Photo]) -> list[list[Face]]:
        self.seen += len(photos)
        return super().detect(photos)


def counting(version: str = "1") -> tuple[Counting, Extractor]:
    detector = Counting()
    return detector, Extractor(detector, FakeEmbedder(16, version))


def unlabelled(cohort: Cohort) -> Cohort:
    """Return the cohort with no more than whose photos they are."""
    bare = [Sample(sample.photo, sample.subject) for sample in cohort.samples]
    return Cohort.of(bare, name=cohort.name, folder=cohort.folder)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """Five rendered people at two ages."""
    spec = CohortSpec(5, ages=(8, 12), seed=5, size=160)
    return read_cohort(write_cohort(spec, tmp_path_factory.mktemp("people"), workers=1))


@pytest.fixture(scope="module")
def made(people: Cohort, tmp_path_factory: pytest.TempPathFactory) -> CohortVectors:
    _, extractor = counting()
    cache = tmp_path_factory.mktemp("cache") / "vectors.sqlite"
    return embed_cohort(unlabelled(people), extractor, cache)


@pytest.fixture
def copied(people: Cohort, tmp_path: Path) -> Cohort:
    """The same people in a folder that may be changed."""
    assert people.folder is not None
    shutil.copytree(people.folder, tmp_path / "people")
    return replace(unlabelled(people), folder=tmp_path / "people")


def path_of(cohort: Cohort, place: int) -> Path:
    assert cohort.folder is not None
    return cohort.folder / cohort.samples[place].photo


def test_every_photo_has_the_vector_of_the_extractor_in_its_row(
    people: Cohort, made: CohortVectors
) -> None:
    assert (made.vectors.shape, made.vectors.dtype) == ((10, 16), np.float32)
    assert made.acquisition == ("",) * 10
    assert [s.photo for s in made.cohort.samples] == [s.photo for s in people.samples]
    _, extractor = counting()
    for place, vector in enumerate(made.vectors):
        (face,) = extractor.extract(path_of(people, place))
        np.testing.assert_allclose(vector, face.vector, atol=1e-6)


def test_facts_are_the_quality_of_each_face(people: Cohort, made: CohortVectors) -> None:
    assert set(made.facts) == FACTS
    for place in range(10):
        ((face,),) = FakeDetector().detect([load_photo(path_of(people, place))])
        for name, values in made.facts.items():
            assert values[place] == pytest.approx(getattr(face.quality, name))
        assert made.cohort.samples[place].quality == pytest.approx(weight(face.quality))


def test_exposure_is_labelled_in_thirds(made: CohortVectors) -> None:
    found: dict[str, list[float]] = {third: [] for third in THIRDS}
    for sample, exposure in zip(made.cohort.samples, made.facts["exposure"], strict=True):
        found[sample.labels["exposure"]].append(exposure)
    dark, middle, light = (found[third] for third in THIRDS)
    assert max(dark) < min(middle) <= max(middle) < min(light)
    assert min(map(len, found.values())) >= 3


def test_the_tone_is_measured_on_each_photo(people: Cohort, made: CohortVectors) -> None:
    measured = 0
    for place, sample in enumerate(made.cohort.samples):
        ((face,),) = FakeDetector().detect([load_photo(path_of(people, place))])
        tone = measure_tone(face.photo.pixels, face.landmarks)
        if tone.rejection:
            assert sample.skin_tone_l is None
            continue
        measured += 1
        assert sample.skin_tone_l == pytest.approx(tone.lightness)
        assert sample.skin_tone_hue == pytest.approx(tone.hue)
    assert measured > 5


def test_labels_that_are_there_are_kept(people: Cohort, tmp_path: Path) -> None:
    labelled = [
        replace(sample, quality=0.125, labels={"exposure": "studio", "kind": "a"})
        for sample in people.samples
    ]
    cohort = Cohort.of(labelled, name="labelled", folder=people.folder)
    _, extractor = counting()
    made = embed_cohort(cohort, extractor, tmp_path / "vectors.sqlite").cohort
    assert [sample.labels for sample in made.samples] == [sample.labels for sample in labelled]
    assert {sample.quality for sample in made.samples} == {0.125}
    for sample, given in zip(made.samples, people.samples, strict=True):
        assert sample.skin_tone_l == given.skin_tone_l
        assert sample.age_at_capture == given.age_at_capture
    assert made.name == "labelled"


def test_a_second_run_looks_at_no_photo_and_finds_the_same(people: Cohort, tmp_path: Path) -> None:
    cache = tmp_path / "new" / "folder" / "vectors.sqlite"
    (first, extractor), (second, another) = counting(), counting()
    before = embed_cohort(unlabelled(people), extractor, cache)
    after = embed_cohort(unlabelled(people), another, cache)
    assert (first.seen, second.seen) == (10, 0)
    np.testing.assert_array_equal(before.vectors, after.vectors)
    assert before.cohort.samples == after.cohort.samples
    assert before.facts == after.facts


def test_another_model_has_vectors_of_its_own(people: Cohort, tmp_path: Path) -> None:
    (_, one), (detector, other) = counting(), counting("2")
    cache = tmp_path / "vectors.sqlite"
    before = embed_cohort(people, one, cache)
    after = embed_cohort(people, other, cache)
    assert detector.seen == 10
    assert np.abs((before.vectors * after.vectors).sum(axis=1)).max() < 0.99


def test_a_policy_takes_vectors_away_and_nothing_else(
    people: Cohort, made: CohortVectors, tmp_path: Path
) -> None:
    middle = float(np.median(made.facts["exposure"]))
    policy = replace(POLICIES["off"], name="bright", darkest=middle)
    cache = tmp_path / "vectors.sqlite"
    (_, one), (detector, other) = counting(), counting()
    embed_cohort(unlabelled(people), one, cache)
    refused = embed_cohort(unlabelled(people), other, cache, policy)
    assert detector.seen == 0
    dark = np.array(made.facts["exposure"]) < middle
    assert dark.sum() == 5
    assert [reason.startswith("refused: ") for reason in refused.acquisition] == dark.tolist()
    assert not refused.vectors[dark].any()
    np.testing.assert_array_equal(refused.vectors[~dark], made.vectors[~dark])
    assert refused.cohort.samples == made.cohort.samples


def test_a_broken_file_has_a_reason_and_no_vector_and_the_others_are_as_before(
    copied: Cohort, made: CohortVectors, tmp_path: Path
) -> None:
    path_of(copied, 3).write_text("not a picture")
    path_of(copied, 6).write_bytes(b"")
    _, extractor = counting()
    found = embed_cohort(copied, extractor, tmp_path / "vectors.sqlite")
    bad = [3, 6]
    good = [place for place in range(10) if place not in bad]
    assert [found.acquisition[place] for place in bad] == ["photo format", "photo format"]
    assert {found.acquisition[place] for place in good} == {""}
    assert not found.vectors[bad].any()
    np.testing.assert_array_equal(found.vectors[good], made.vectors[good])
    for place in bad:
        sample = found.cohort.samples[place]
        assert (sample.quality, sample.skin_tone_l, sample.labels) == (None, None, {})
        assert all(math.isnan(values[place]) for values in found.facts.values())


def test_the_same_file_twice_is_counted_once(copied: Cohort, tmp_path: Path) -> None:
    shutil.copy(path_of(copied, 0), path_of(copied, 1))
    _, extractor = counting()
    found = embed_cohort(copied, extractor, tmp_path / "vectors.sqlite")
    kept = [sample.photo for sample in found.cohort.samples]
    assert kept == [s.photo for s in copied.samples if s is not copied.samples[1]]
    (aside,) = found.cohort.set_aside
    assert aside.item == copied.samples[1].photo
    assert len(found.vectors) == len(found.acquisition) == len(found.facts["exposure"]) == 9
    for place, photo in enumerate(kept):
        assert copied.folder is not None
        (face,) = extractor.extract(copied.folder / photo)
        np.testing.assert_allclose(found.vectors[place], face.vector, atol=1e-6)


def test_one_file_of_two_people_is_refused(copied: Cohort, tmp_path: Path) -> None:
    shutil.copy(path_of(copied, 0), path_of(copied, 9))
    _, extractor = counting()
    with pytest.raises(CohortError, match="no two subjects share the same file") as caught:
        embed_cohort(copied, extractor, tmp_path / "vectors.sqlite")
    assert copied.samples[9].photo in str(caught.value)


def test_absent_files_are_named_before_any_work(copied: Cohort, tmp_path: Path) -> None:
    for place in (2, 5, 7, 8):
        path_of(copied, place).unlink()
    detector, extractor = counting()
    with pytest.raises(CohortError, match="4 that are not") as caught:
        embed_cohort(copied, extractor, tmp_path / "made" / "vectors.sqlite")
    assert detector.seen == 0
    assert not (tmp_path / "made").exists()
    named = [Path(copied.samples[place].photo).name for place in (2, 5, 7, 8)]
    assert [name in str(caught.value) for name in named] == [True, True, True, False]


def test_a_folder_in_place_of_a_photo_is_absent(copied: Cohort, tmp_path: Path) -> None:
    path_of(copied, 4).unlink()
    path_of(copied, 4).mkdir()
    _, extractor = counting()
    with pytest.raises(CohortError, match="1 that are not"):
        embed_cohort(copied, extractor, tmp_path / "vectors.sqlite")


def test_without_a_folder_photos_are_paths_from_here(
    copied: Cohort, made: CohortVectors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert copied.folder is not None
    monkeypatch.chdir(copied.folder)
    _, extractor = counting()
    found = embed_cohort(replace(copied, folder=None), extractor, tmp_path / "vectors.sqlite")
    np.testing.assert_array_equal(found.vectors, made.vectors)


def test_progress_counts_to_the_number_of_photos(people: Cohort, tmp_path: Path) -> None:
    calls: list[tuple[str, int, int | None]] = []
    _, extractor = counting()
    embed_cohort(
        people,
        extractor,
        tmp_path / "vectors.sqlite",
        on_progress=lambda *call: calls.append(call),
    )
    assert calls[-1][1:] == (10, 10)
    assert len({step for step, _, _ in calls}) == 1
