"""What a calibration says of a search, and that it says no more than the cohort carries."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import made_calibration
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from rendered_cohort import SUBJECTS, Cohort

from fairness.calibration import CalibrationRecord, calibrate
from fairness.calibration.gallery_sizes import chance_of_a_lead
from fairness.cohort import Cohort as LabelledCohort
from fairness.cohort import Sample
from matcher.embedding import Extractor, ModelIdentity
from matcher.errors import CalibrationError, InputError
from matcher.gallery import Filters, Gallery
from matcher.search import Calibration, Probe, Searcher, write_sheet
from matcher.testing import FakeEmbedder

MODEL = FakeEmbedder(64).identity
YOUNG, OLDER = made_calibration.AGES


@pytest.fixture(scope="module")
def record() -> CalibrationRecord:
    made: CalibrationRecord = made_calibration.record(MODEL)
    return made


@pytest.fixture(scope="module")
def calibration(record: CalibrationRecord, tmp_path_factory: pytest.TempPathFactory) -> Calibration:
    path = tmp_path_factory.mktemp("calibration") / "record.json"
    record.write(path)
    return Calibration.load(path)


@pytest.fixture(scope="module")
def searched(extractor: Extractor, tmp_path_factory: pytest.TempPathFactory) -> Calibration:
    """A calibration of the model that searches the rendered cohort."""
    path = tmp_path_factory.mktemp("calibration") / "record.json"
    return Calibration.load(made_calibration.write(path, extractor.model))


@pytest.fixture
def searcher(gallery: Gallery, extractor: Extractor, searched: Calibration) -> Searcher:
    return Searcher(gallery, extractor, calibration=searched)


def test_the_record_of_the_one_package_is_what_the_other_reads(
    record: CalibrationRecord, calibration: Calibration
) -> None:
    assert (calibration.cohort, calibration.made_on) == ("made people", "2026-11-01")
    assert calibration.cohort_sha256 == record.cohort["sha256"]
    for written, band, age in zip(record.bands, calibration.bands, (YOUNG, OLDER), strict=True):
        assert (band.at_least, band.below) == (written.at_least, written.below)
        curve = written.false_matches
        for score, rate, high in zip(curve.scores, curve.rate, curve.high, strict=True):
            expected = calibration.false_leads(score, faces=200, age=age)
            assert expected.estimate == pytest.approx(200 * rate)
            assert expected.high == pytest.approx(200 * high)
        for target, largest in written.largest_gallery.items():
            assert calibration.largest_gallery(float(target), age=age) == largest
        assert len(band.gaps) == len(written.gaps)


def test_false_leads_fall_with_the_score_and_beyond_the_data_are_only_bounded(
    calibration: Calibration,
) -> None:
    (_, older) = calibration.bands
    scores = np.linspace(-1, float(older.curve.scores[-1]), 300)
    found = [calibration.false_leads(score, faces=50, age=OLDER) for score in scores]
    for one, other in pairwise(found):
        assert one.estimate is not None
        assert other.estimate is not None
        assert other.low <= other.estimate <= other.high
        assert (other.estimate, other.high) <= (one.estimate, one.high)
    assert found[0].estimate == 50
    last, beyond = found[-1], calibration.false_leads(1.0, faces=50, age=OLDER)
    assert (beyond.estimate, beyond.low) == (None, 0.0)
    assert beyond.high == pytest.approx(last.high)
    assert str(beyond).startswith("at most ")


def test_gaps_between_ages_have_figures_of_their_own(calibration: Calibration) -> None:
    score = float(calibration.bands[0].curve.scores[-5])
    across = calibration.false_leads_across(score, faces=100, age=YOUNG, gap=-4)
    assert across is not None
    assert across.high < calibration.false_leads(score, faces=100, age=YOUNG).high
    assert calibration.false_leads_across(score, faces=100, age=YOUNG, gap=30) is None


@given(
    faces=st.integers(1, 60),
    more=st.integers(0, 40),
    target=st.floats(0.05, 0.9),
    looser=st.floats(1, 3),
)
def test_larger_galleries_and_stricter_targets_need_higher_thresholds(
    calibration: Calibration, faces: int, more: int, target: float, looser: float
) -> None:
    def threshold(max_fpir: float, faces: int) -> float:
        try:
            return calibration.threshold(max_fpir, faces=faces, age=OLDER)
        except CalibrationError:
            return 2.0

    looser_target = min(target * looser, 0.95)
    assert threshold(target, faces) <= threshold(target, faces + more)
    assert threshold(looser_target, faces) <= threshold(target, faces)


def test_an_unknown_age_is_taken_for_the_worst(calibration: Calibration) -> None:
    thresholds = [calibration.threshold(0.2, faces=8, age=age) for age in (YOUNG, OLDER, None)]
    assert thresholds[2] == max(thresholds) == thresholds[0] > thresholds[1]
    score = thresholds[1]
    known = [calibration.false_leads(score, faces=8, age=age) for age in (YOUNG, OLDER)]
    worst = calibration.false_leads(score, faces=8, age=None)
    assert worst == max(known, key=lambda expected: expected.high)
    assert "age not known" in calibration.use(faces=8, age=None, max_fpir=None).ages


def test_a_gallery_that_outgrew_the_calibration_is_refused_with_both_sizes(
    calibration: Calibration,
) -> None:
    largest = calibration.largest_gallery(0.05, age=OLDER)
    assert largest > 0
    calibration.threshold(0.05, faces=largest, age=OLDER)
    with pytest.raises(CalibrationError, match=f"at most {largest} faces.*got 100000 faces"):
        calibration.threshold(0.05, faces=100_000, age=OLDER)


def test_a_target_below_what_was_measured_is_refused(calibration: Calibration) -> None:
    assert calibration.largest_gallery(1e-6, age=OLDER) == 0
    with pytest.raises(CalibrationError, match="at most 0 faces"):
        calibration.threshold(1e-6, faces=1, age=OLDER)


def test_an_age_that_was_not_measured_has_no_figures(calibration: Calibration) -> None:
    assert not calibration.covers(40)
    with pytest.raises(CalibrationError, match="ages 4 to under 8, ages 8 to under 13"):
        calibration.threshold(0.1, faces=5, age=40)
    assert "No figures" in str(calibration.use(faces=5, age=40, max_fpir=None))


@pytest.mark.parametrize("field", ["name", "version", "weights_sha256", "preprocessing_sha256"])
def test_another_model_is_refused_by_each_of_its_facts(
    calibration: Calibration, field: str
) -> None:
    calibration.require_model(MODEL)
    with pytest.raises(CalibrationError, match=field):
        calibration.require_model(ModelIdentity(**{**asdict(MODEL), field: "other"}))


def _spoil(change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], str]:
    def spoiled(record: dict[str, Any]) -> str:
        change(record)
        return json.dumps(record)

    return spoiled


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: "not JSON",
        lambda _: "[]",
        _spoil(lambda r: r.update(format="something")),
        _spoil(lambda r: r.update(version=2)),
        _spoil(lambda r: r.update(bands=[])),
        _spoil(lambda r: r.pop("bands")),
        _spoil(lambda r: r["bands"][0].pop("galleries")),
        _spoil(lambda r: r["bands"][0]["false_matches"]["rate"].pop()),
        _spoil(lambda r: r["bands"][0]["false_matches"]["scores"].reverse()),
        _spoil(lambda r: r["bands"][0]["false_matches"]["high"].reverse()),
        _spoil(lambda r: r["bands"][0]["false_matches"]["high"].__setitem__(0, 1.5)),
        _spoil(lambda r: r["bands"][0]["false_matches"]["low"].__setitem__(-1, float("nan"))),
        _spoil(lambda r: r["bands"][0]["false_matches"]["rate"].__setitem__(0, "much")),
        _spoil(lambda r: r["bands"][0]["galleries"]["high"][0].pop()),
        _spoil(lambda r: r["bands"][0]["galleries"]["sizes"].reverse()),
        _spoil(lambda r: r["bands"][0]["galleries"]["high"].reverse()),
        _spoil(lambda r: r["bands"][0].update(at_least=None)),
    ],
)
def test_a_record_that_was_spoiled_is_refused(
    record: CalibrationRecord, tmp_path: Path, spoil: Callable[[dict[str, Any]], str]
) -> None:
    path = tmp_path / "record.json"
    path.write_text(spoil(json.loads(record.to_json())), encoding="utf-8")
    with pytest.raises(CalibrationError, match=r"record\.json"):
        Calibration.load(path)


def test_a_missing_file_is_an_error_of_calibration(tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match="No such file"):
        Calibration.load(tmp_path / "none.json")


def test_every_lead_says_how_many_strangers_come_as_close(
    searcher: Searcher, searched: Calibration, cohort: Cohort, tmp_path: Path
) -> None:
    result = searcher.search(cohort.probes[0], age_at_capture=YOUNG)
    assert result.calibration is not None
    assert (result.calibration.faces, result.calibration.max_fpir) == (SUBJECTS, None)
    for candidate, row in zip(result, result.rows(), strict=True):
        expected = searched.false_leads(candidate.score, faces=SUBJECTS, age=YOUNG)
        assert candidate.expected_false_leads == expected
        assert row["expected_false_leads_high"] == expected.high
        assert f"false leads expected this close: {expected}" in str(result)
    assert "calibrated on made people, 2026-11-01" in str(result)
    document = json.loads(result.to_json())
    assert document["calibration"]["ages"] == "ages 4 to under 8"
    assert document["candidates"][0]["expected_false_leads"]["high"] >= 0
    write_sheet(tmp_path / "sheet.html", [cohort.probes[0]], [result], title="Leads")
    page = (tmp_path / "sheet.html").read_text(encoding="utf-8")
    assert page.count("false leads expected this close") == len(result)
    assert "They say nothing about a candidate" in page
    assert "confidence" not in (page + str(result)).lower()


def test_without_a_calibration_nothing_is_said(
    gallery: Gallery, extractor: Extractor, cohort: Cohort
) -> None:
    searcher = Searcher(gallery, extractor)
    result = searcher.search(cohort.probes[0])
    assert result.calibration is None
    assert result.rows()[0]["expected_false_leads"] is None
    assert "false leads" not in str(result)
    with pytest.raises(CalibrationError, match="needs a calibration"):
        searcher.search(cohort.probes[0], max_fpir=0.1)


def test_a_share_of_false_leads_sets_the_threshold_by_age_and_size(
    searcher: Searcher, searched: Calibration, cohort: Cohort
) -> None:
    probes = [Probe(cohort.probes[0], age_at_capture=age) for age in (YOUNG, OLDER, None)]
    lists = searcher.search_many(probes, max_fpir=0.2)
    for found, age in zip(lists, (YOUNG, OLDER, None), strict=True):
        assert found.threshold == searched.threshold(0.2, faces=SUBJECTS, age=age)
        assert all(candidate.score >= found.threshold for candidate in found)
        assert "At most 20 % of searches for somebody who is not there" in str(found)
    assert lists[0].threshold == lists[2].threshold
    few = searcher.search(
        cohort.probes[0],
        age_at_capture=OLDER,
        max_fpir=0.2,
        filters=Filters(subject_ids=cohort.subjects[:2]),
    )
    assert few.calibration is not None
    assert few.calibration.faces == 2
    assert few.threshold is not None
    assert lists[1].threshold is not None
    assert few.threshold < lists[1].threshold


def test_a_list_for_an_age_without_figures_says_so(searcher: Searcher, cohort: Cohort) -> None:
    result = searcher.search(cohort.probes[0], age_at_capture=40)
    assert all(candidate.expected_false_leads is None for candidate in result)
    assert "No figures on false leads (none for the age of 40" in str(result)
    with pytest.raises(CalibrationError, match="probe of 40 years"):
        searcher.search(cohort.probes[0], age_at_capture=40, max_fpir=0.2)


@pytest.mark.parametrize("max_fpir", [0.0, 1.0, -0.1, float("nan")])
def test_a_share_that_is_none_is_refused(
    searcher: Searcher, cohort: Cohort, max_fpir: float
) -> None:
    with pytest.raises(InputError, match="max_fpir"):
        searcher.search(cohort.probes[0], max_fpir=max_fpir)


def test_a_threshold_and_a_share_exclude_each_other(searcher: Searcher, cohort: Cohort) -> None:
    with pytest.raises(InputError, match=r"threshold 0\.9"):
        searcher.search(cohort.probes[0], threshold=0.9, max_fpir=0.1)


def test_what_is_not_carried_is_refused_before_any_photo_is_read(
    searcher: Searcher, tmp_path: Path
) -> None:
    with pytest.raises(CalibrationError, match=f"got {SUBJECTS} faces"):
        searcher.search(tmp_path / "none.jpg", max_fpir=1e-6)


def test_a_calibration_of_another_model_cannot_be_searched_with(
    gallery: Gallery, extractor: Extractor, calibration: Calibration
) -> None:
    with pytest.raises(CalibrationError, match="fake"):
        Searcher(gallery, extractor, calibration=calibration)


def _strangers(people: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """One photo each of people of whom some are more like everybody than others."""
    vectors = rng.normal(size=(people, 24))
    vectors[:, 0] += rng.gamma(4.0, 0.4, size=people)
    unit: NDArray[np.float64] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit.astype(np.float32)


def test_searches_for_people_nobody_has_seen_keep_to_the_share(tmp_path: Path) -> None:
    """Thresholds of 20 calibrations, used on other people of the same kind.

    The limits are two-sided at 95 %, so that one threshold in forty may be too low.
    """
    shares: dict[int, list[float]] = {5: [], 20: [], 50: []}
    names = [f"{number:03d}" for number in range(200)]
    cohort = LabelledCohort.of(
        [Sample(name, name, age_band="05-06") for name in names], name="strangers"
    )
    for seed in range(20):
        rng = np.random.default_rng(seed)
        vectors = _strangers(len(names), rng)
        path = tmp_path / f"{seed}.json"
        calibrate(
            cohort,
            vectors,
            model={"name": "made", "weights_sha256": "0"},
            made_on=date(2026, 11, 1),
        ).write(path)
        calibration = Calibration.load(path)
        others = _strangers(1000, rng)
        scores = others @ others.T
        np.fill_diagonal(scores, -1)
        for faces, found in shares.items():
            threshold = calibration.threshold(0.1, faces=faces, age=5)
            hits = np.count_nonzero(scores >= threshold, axis=1).astype(np.float64)
            chance = chance_of_a_lead(hits, np.full(1000, 999.0), np.array([faces]))
            found.append(float(chance.mean()))
    for found in shares.values():
        assert np.mean(np.array(found) > 0.1) <= 2 / 20
        assert np.mean(found) > 0.02
