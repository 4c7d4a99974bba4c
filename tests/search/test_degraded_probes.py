"""A degraded probe is compared with low-resolution vectors, a clear one with those of the faces."""

from __future__ import annotations

import json
from pathlib import Path

import made_calibration
import numpy as np
import pytest
from PIL import Image

from matcher.embedding import LOW_RESOLUTION, Extractor, LowResolutionView
from matcher.enrolment import PhotoOfSubject, enrol
from matcher.faces import POLICIES
from matcher.gallery import Filters, Gallery, Subject
from matcher.search import Calibration, CandidateList, Probe, Searcher, write_sheet
from matcher.testing import FakeDetector, FakeEmbedder

PEOPLE = 30
EXTRACTOR = Extractor(
    FakeDetector(), FakeEmbedder(64, low_resolution_views=(LowResolutionView(6),))
)
OFF = POLICIES["off"]


def picture(folder: Path, number: int) -> Path:
    """Draw one picture of its own, with detail that is lost at low resolution."""
    cells = np.random.default_rng(number).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    path = folder / f"{number}.png"
    Image.fromarray(cells).resize((128, 128), Image.Resampling.NEAREST).save(path)
    return path


def degraded(path: Path) -> Path:
    """Return what is left of a picture at six pixels."""
    small = path.with_name(f"degraded-{path.name}")
    with Image.open(path) as image:
        image.resize((6, 6), Image.Resampling.BICUBIC).resize((128, 128)).save(small)
    return small


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One picture of each person."""
    folder = tmp_path_factory.mktemp("pictures")
    return [picture(folder, number) for number in range(PEOPLE)]


@pytest.fixture
def gallery(tmp_path: Path, photos: list[Path]) -> Gallery:
    """A gallery of all of them, subjects named by their number."""
    gallery = Gallery.create(tmp_path / "gallery", model=EXTRACTOR.model)
    people = [PhotoOfSubject(path, Subject(f"{row:02d}")) for row, path in enumerate(photos)]
    outcomes = enrol(gallery, EXTRACTOR, people, policy=OFF)
    assert {outcome.status for outcome in outcomes} == {"enrolled"}
    return gallery


@pytest.fixture
def searcher(gallery: Gallery) -> Searcher:
    """A searcher of that gallery."""
    return Searcher(gallery, EXTRACTOR, policy=OFF)


def score_of(result: CandidateList, subject: str) -> float:
    """Return the score of a subject."""
    return next(one.score for one in result if one.subject.subject_id == subject)


def test_the_extractor_tells_degraded_from_clear(photos: list[Path]) -> None:
    clear = [EXTRACTOR.extract(path, purpose="search")[0] for path in photos]
    assert not any(one.degraded or one.compared_with == LOW_RESOLUTION for one in clear)
    small = [EXTRACTOR.extract(degraded(path), purpose="search")[0] for path in photos]
    assert all(one.degraded and one.compared_with == LOW_RESOLUTION for one in small)
    kept = [EXTRACTOR.extract(path)[0] for path in photos]
    assert {one.degraded for one in kept} == {None}
    for one, other in zip(kept, small, strict=True):
        assert one.vectors[LOW_RESOLUTION] @ other.vector > one.vector @ other.vector


def test_a_degraded_probe_scores_by_the_low_resolution_vector(
    searcher: Searcher, photos: list[Path]
) -> None:
    for row, path in enumerate(photos):
        (enrolled,) = EXTRACTOR.extract(path)
        (probe,) = EXTRACTOR.extract(degraded(path), purpose="search")
        result = searcher.search(degraded(path), top=PEOPLE)
        score = probe.probe @ enrolled.vectors[LOW_RESOLUTION]
        assert score > probe.probe @ enrolled.vector
        assert score_of(result, f"{row:02d}") == pytest.approx(score, abs=1e-5)
        assert result.rank_of(f"{row:02d}") == 1
        best = result.candidates[0]
        assert best.photos[0].score == best.score
        assert best.template_score == pytest.approx(best.score, abs=1e-5)


def test_a_clear_probe_scores_by_the_face_itself(searcher: Searcher, photos: list[Path]) -> None:
    result = searcher.search(photos[3], top=PEOPLE)
    (probe,) = EXTRACTOR.extract(photos[3], purpose="search")
    for row, path in enumerate(photos):
        (enrolled,) = EXTRACTOR.extract(path)
        own = float(np.clip(probe.vector @ enrolled.vector, -1, 1))
        assert score_of(result, f"{row:02d}") == pytest.approx(own, abs=1e-5)


def test_a_vector_is_searched_for_as_it_is(searcher: Searcher, photos: list[Path]) -> None:
    (probe,) = EXTRACTOR.extract(degraded(photos[4]), purpose="search")
    (enrolled,) = EXTRACTOR.extract(photos[4])
    result = searcher.search(probe.vector, top=PEOPLE)
    assert score_of(result, "04") == pytest.approx(probe.vector @ enrolled.vector, abs=1e-5)


def test_degraded_and_clear_probes_together_get_what_each_gets_alone(
    searcher: Searcher, photos: list[Path]
) -> None:
    paths = [photos[0], degraded(photos[1]), photos[2], degraded(photos[3])]
    together = searcher.search_many([Probe(path) for path in paths], top=5)
    for path, result in zip(paths, together, strict=True):
        alone = searcher.search(path, top=5)
        assert [one.subject for one in result] == [one.subject for one in alone]
        np.testing.assert_allclose(
            [one.score for one in result], [one.score for one in alone], atol=1e-6
        )


def test_filters_hold_for_low_resolution_vectors_too(
    searcher: Searcher, photos: list[Path]
) -> None:
    result = searcher.search(
        degraded(photos[0]), filters=Filters(regions=("nowhere",), keep_unknown=False)
    )
    assert result.candidates == ()


@pytest.mark.parametrize("calibrated", [False, True])
def test_every_form_of_a_list_says_that_its_probe_is_degraded(
    gallery: Gallery, photos: list[Path], calibrated: bool, tmp_path: Path
) -> None:
    record = made_calibration.write(tmp_path / "record.json", EXTRACTOR.model)
    meaning = Calibration.load(record) if calibrated else None
    judge = Searcher(gallery, EXTRACTOR, policy=OFF, calibration=meaning)
    for photo, said in ((photos[0], False), (degraded(photos[0]), True)):
        result = judge.search(photo, age_at_capture=made_calibration.AGES[0])
        write_sheet(tmp_path / "sheet.html", [photo], [result], title="Leads")
        page = (tmp_path / "sheet.html").read_text(encoding="utf-8")
        assert result.probe.degraded is said
        assert json.loads(result.to_json())["probe"]["degraded"] is said
        assert ("searched for with a vector for degraded photos" in str(result)) is said
        assert ("searched for with a vector for degraded photos" in page) is said


def test_a_degraded_probe_has_no_figures_that_were_not_measured(
    gallery: Gallery, photos: list[Path], tmp_path: Path
) -> None:
    record = made_calibration.write(tmp_path / "record.json", EXTRACTOR.model)
    judge = Searcher(gallery, EXTRACTOR, policy=OFF, calibration=Calibration.load(record))
    age = made_calibration.AGES[0]
    clear, small = judge.search_many(
        [Probe(path, age_at_capture=age) for path in (photos[0], degraded(photos[0]))]
    )
    assert all(lead.expected_false_leads is not None for lead in clear)
    assert len(small) > 0
    assert all(lead.expected_false_leads is None for lead in small)
    assert small.calibration is not None
    assert not small.calibration.covered
    assert "No figures on false leads (none for degraded probes" in str(small)
    by_rate = judge.search(degraded(photos[0]), age_at_capture=age, max_fpir=0.2)
    assert "No figures on false leads (none for degraded probes" in str(by_rate)
    assert "At most 20 %" not in str(by_rate)
