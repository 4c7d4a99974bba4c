"""Every public door: texts are paths, and any other wrong type is a typed error that helps."""

# ruff: noqa: ARG005 - the calls of the table have one signature

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from job_builders import OLD, draw

import fairness
import matcher
from fairness import AuditError
from matcher import casework, exchange, serve
from matcher.enrolment import Manifest
from matcher.errors import InputError
from matcher.gallery import Gallery
from matcher.grouping import GroupFile, enrol_groups

EYE = np.eye(8, dtype=np.float32)
SAMPLES = [fairness.Sample(f"{row}.png", f"s{row // 2}") for row in range(8)]
COHORT = fairness.Cohort.of(SAMPLES, name="made")
DATED = matcher.CaptureDate(date(2019, 5, 28), "EXIF DateTimeOriginal")
RESULT = fairness.ProbeResult("s", 1, {"sex": "female"})


@dataclass(frozen=True)
class World:
    """A gallery, an extractor and a photo for calls that are wrong in one place."""

    folder: Path
    gallery: Gallery
    photo: Path

    @property
    def searcher(self) -> matcher.Searcher:
        return matcher.Searcher(self.gallery, OLD)

    @property
    def to_enrol(self) -> matcher.PhotoOfSubject:
        return matcher.PhotoOfSubject(self.photo, matcher.Subject("a"))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("doors")
    with Gallery.create(folder / "g", model=OLD.model) as gallery:
        yield World(folder, gallery, draw(folder / "a.png", 1))


Call = Callable[[World], Any]

WRONG: dict[str, list[Call]] = {
    "adapt": [
        lambda w: matcher.adapt(None, COHORT, w.folder / "adapted"),
        lambda w: matcher.adapt("dlib-resnet", 3, w.folder / "adapted"),
        lambda w: matcher.adapt("dlib-resnet", COHORT, None),
        lambda w: matcher.adapt("dlib-resnet", COHORT, w.folder / "adapted", seed="1"),
    ],
    "read_folder": [lambda w: matcher.read_folder(None), lambda w: matcher.read_folder(3)],
    "read_manifest": [lambda w: matcher.read_manifest(None)],
    "load_photo": [
        lambda w: matcher.load_photo(None),
        lambda w: matcher.load_photo(5),
        lambda w: matcher.load_photo([w.photo]),
        lambda w: matcher.load_photo(w.photo, limits=5),
    ],
    "Casework": [
        lambda w: matcher.Casework.open(None),
        lambda w: matcher.Casework.open(w.folder / "g"),
        lambda w: matcher.Casework.open(w.gallery, calibration="record.json"),
        lambda w: matcher.Casework.open(w.gallery, index=3),
        lambda w: casework.replay(w.folder / "g", OLD, 3, w.photo),
        lambda w: casework.replay(w.gallery, "youth-resnet", 3, w.photo),
        lambda w: casework.replay(w.gallery, OLD, "3", w.photo),
        lambda w: casework.Opinion("match", "why"),
        lambda w: casework.Opinion("candidate", None),
        lambda w: casework.Opinion("candidate", ""),
        lambda w: casework.Opinion("candidate", "why", {"nose": "similar"}),
        lambda w: casework.Opinion("candidate", "why", 3),
        lambda w: casework.Opinion("candidate", "why", {}, 3),
        lambda w: casework.lead_report_of([w.photo], [], detector=OLD),
        lambda w: casework.lead_report_of(w.photo, [], detector=OLD),
        lambda w: casework.lead_report_of([], [3], detector=OLD),
        lambda w: casework.lead_report_of([], [], detector=OLD),
        lambda w: casework.lead_report_of([], [], detector=None),
        lambda w: casework.lead_report_of([], [], detector=OLD, gallery=w.gallery),
        lambda w: casework.lead_report_of([], [], detector=OLD, on_progress=3),
        lambda w: casework.report_of_leads(w.folder / "g", ["17-3"], detector=OLD),
        lambda w: casework.report_of_leads(w.gallery, "17-3", detector=OLD),
        lambda w: casework.report_of_leads(w.gallery, [], detector=OLD),
        lambda w: casework.report_of_leads(w.gallery, ["17-3"], detector=OLD, probes=w.photo),
        lambda w: casework.report_of_leads(w.gallery, ["17-3"], detector=None),
        lambda w: casework.report_photo(w.photo, None, None, detector=OLD),
        lambda w: casework.report_photo(3, casework.ReportPhoto(), None, detector=OLD),
        lambda w: casework.report_photo(w.photo, casework.ReportPhoto(), None, detector=None),
        lambda w: casework.write_lead_report(w.folder / "r.pdf", []),
        lambda w: casework.write_lead_report(3, []),
        lambda w: casework.LeadReport([]),
        lambda w: casework.erase_review_texts(w.folder / "g", [3]),
        lambda w: casework.erase_review_texts(w.folder / "g", "17-3"),
        lambda w: casework.erase_review_texts(3, ["17-3"]),
        lambda w: serve.create_app(w.folder),
        lambda w: serve.ServeSettings(w.folder, w.folder),
        lambda w: serve.ServeSettings({"a": w.folder}, 3),
        lambda w: serve.ServeSettings({"a": w.folder}, w.folder, workers="2"),
        lambda w: serve.Listening(port="80"),
        lambda w: serve.Listening(port=70_000),
        lambda w: serve.Listening("192.0.2.1"),
        lambda w: serve.Listening("192.0.2.1", allow_remote=True),
        lambda w: serve.Listening(certificate=w.folder),
        lambda w: serve.Listening("elsewhere"),
        lambda w: w.gallery.under("olga"),
    ],
    "capture_date": [
        lambda w: matcher.capture_date(None),
        lambda w: matcher.capture_date([w.photo]),
        lambda w: matcher.capture_date(w.photo, limits=5),
    ],
    "CaseContext": [
        lambda w: matcher.CaseContext(None, "audit"),
        lambda w: matcher.CaseContext("somebody", "curiosity"),
        lambda w: matcher.CaseContext("somebody", None),
        lambda w: matcher.CaseContext("somebody", "audit", case_id=7),
        lambda w: matcher.CaseContext("somebody", "audit", authorised_until="2030-01-01"),
        lambda w: matcher.CaseContext("somebody", "audit").lacking_for_search("2030-01-01"),
    ],
    "CaptureDate": [
        lambda w: DATED.of_person("2012-05-28"),
        lambda w: DATED.of_person(None, "7"),
    ],
    "load_model": [
        lambda w: matcher.load_model(None),
        lambda w: matcher.load_model("youth-resnet", device=None),
        lambda w: matcher.load_model("youth-resnet", precision=16),
        lambda w: matcher.load_model("youth-resnet", cache=3),
    ],
    "load_extractor": [
        lambda w: matcher.load_extractor(None),
        lambda w: matcher.load_extractor(device=3),
        lambda w: matcher.load_extractor(detector=3),
        lambda w: matcher.load_extractor(detector="dlib"),
    ],
    "Extractor": [
        lambda w: matcher.Extractor(None, None, limits=3),
        lambda w: OLD.extract(None),
        lambda w: OLD.extract_many(str(w.photo)),
        lambda w: OLD.extract_many(w.photo),
        lambda w: OLD.embed(w.photo),
        lambda w: OLD.embed([w.photo]),
    ],
    "cross_match": [
        lambda w: matcher.cross_match(w.folder / "g", threshold=0.5),
        lambda w: matcher.cross_match(w.gallery, "g", threshold=0.5),
        lambda w: matcher.cross_match(w.gallery, threshold="0.5"),
        lambda w: matcher.cross_match(w.gallery, threshold=0.5, top="4"),
        lambda w: matcher.cross_match(w.gallery, max_fpir=0.1, calibration="record.json"),
        lambda w: matcher.cross_match(w.gallery, threshold=0.5, pairs=3),
        lambda w: matcher.cross_match(w.gallery, threshold=0.5, on_progress=3),
        lambda w: matcher.cross_match(w.gallery),
        lambda w: matcher.cross_match(w.gallery, threshold=0.5, include_hidden="no"),
    ],
    "group": [
        lambda w: matcher.group(3, OLD, threshold=0.5),
        lambda w: matcher.group(w.folder, "youth-resnet"),
        lambda w: matcher.group(w.folder, OLD),
        lambda w: matcher.group(w.folder, OLD, threshold="0.5"),
        lambda w: matcher.group(w.folder, OLD, threshold=0.5, state=3),
        lambda w: matcher.group(w.folder, OLD, threshold=0.5, policy="off"),
        lambda w: matcher.group(w.folder, OLD, threshold=0.5, dates=[w.photo]),
        lambda w: matcher.group(w.folder, OLD, threshold=0.5, dates={3: date(2020, 1, 1)}),
        lambda w: matcher.group(w.folder, OLD, threshold=0.5, dates={w.photo: "2020-01-01"}),
        lambda w: matcher.group(w.folder, OLD, threshold=0.5, on_progress=3),
        lambda w: enrol_groups("s.groups", w.gallery),
        lambda w: GroupFile.open(3).__enter__(),
    ],
    "fuse": [
        lambda w: matcher.fuse(None, None),
        lambda w: matcher.fuse("ab", [1]),
        lambda w: matcher.fuse([[1, 0], [1]], [1, 1]),
        lambda w: matcher.fuse(EYE[:2], ["a", "b"]),
    ],
    "Gallery": [
        lambda w: Gallery.create(w.folder / "h", model="youth-resnet"),
        lambda w: Gallery.create(w.folder / "h", model=OLD),
        lambda w: Gallery.create(3, model=OLD.model),
        lambda w: Gallery.create(w.folder / "h", model=OLD.model, index=None),
        lambda w: Gallery.create(w.folder / "h", model=OLD.model, busy_timeout="5"),
        lambda w: Gallery.open(None),
        lambda w: Gallery.open(w.folder / "g", model="youth-resnet"),
        lambda w: Gallery.open(w.folder / "g", edition=3),
        lambda w: Gallery.open(w.folder / "g", busy_timeout=None),
        lambda w: Gallery.open(w.folder / "g", context="somebody"),
        lambda w: Gallery.create(w.folder / "h", model=OLD.model, governed="yes"),
        lambda w: Gallery.create(w.folder / "h", model=OLD.model, governed=True),
        lambda w: w.gallery.govern("somebody"),
        lambda w: w.gallery.govern(None),
        lambda w: w.gallery.add(w.to_enrol),
        lambda w: w.gallery.add([w.to_enrol]),
        lambda w: w.gallery.update_subject("a"),
        lambda w: w.gallery.remove_subject(3),
        lambda w: w.gallery.remove_subjects(None),
        lambda w: w.gallery.remove_photo(3),
        lambda w: w.gallery.remove_photo("a", 3),
        lambda w: w.gallery.subject(3),
        lambda w: w.gallery.photos(None),
        lambda w: w.gallery.has_photo(1, "a"),
        lambda w: w.gallery.select({"regions": "north"}),
        lambda w: w.gallery.nearest(EYE[:1], "5"),
        lambda w: w.gallery.require_model("youth-resnet"),
        lambda w: w.gallery.rebuild(3),
        lambda w: w.gallery.hide(3, because="why"),
        lambda w: w.gallery.hide("a", because=None),
        lambda w: w.gallery.unhide(None),
    ],
    "enrol": [
        lambda w: matcher.enrol(OLD, w.gallery, [w.to_enrol]),
        lambda w: matcher.enrol(w.folder / "g", OLD, [w.to_enrol]),
        lambda w: matcher.enrol(w.gallery, "youth-resnet", [w.to_enrol]),
        lambda w: matcher.enrol(w.gallery, OLD, w.to_enrol),
        lambda w: matcher.enrol(w.gallery, OLD, w.photo),
        lambda w: matcher.enrol(w.gallery, OLD, str(w.photo)),
        lambda w: matcher.enrol(w.gallery, OLD, [w.photo]),
        lambda w: matcher.enrol(w.gallery, OLD, Manifest((w.to_enrol,))),
        lambda w: matcher.enrol(w.gallery, OLD, [w.to_enrol], policy="standard"),
        lambda w: matcher.enrol(w.gallery, OLD, [w.to_enrol], choose=1),
        lambda w: matcher.enrol(w.gallery, OLD, [w.to_enrol], on_progress=3),
    ],
    "Searcher": [
        lambda w: matcher.Searcher(OLD, w.gallery),
        lambda w: matcher.Searcher(w.folder / "g", OLD),
        lambda w: matcher.Searcher(w.gallery, "youth-resnet"),
        lambda w: matcher.Searcher(w.gallery, OLD, policy="standard"),
        lambda w: matcher.Searcher(w.gallery, OLD, calibration="record.json"),
        lambda w: w.searcher.search(None),
        lambda w: w.searcher.search([w.photo]),
        lambda w: w.searcher.search(w.photo, top="5"),
        lambda w: w.searcher.search(w.photo, top=5.5),
        lambda w: w.searcher.search(w.photo, top=True),
        lambda w: w.searcher.search(w.photo, threshold="0.3"),
        lambda w: w.searcher.search(w.photo, max_fpir="0.3"),
        lambda w: w.searcher.search(w.photo, filters={"regions": ("north",)}),
        lambda w: w.searcher.search(w.photo, filters={}),
        lambda w: w.searcher.search(w.photo, taken_on="2019-05-28"),
        lambda w: w.searcher.search(w.photo, taken_on=datetime(2019, 5, 28)),
        lambda w: w.searcher.search(w.photo, age_at_capture="12"),
        lambda w: w.searcher.search(w.photo, choose=3.0),
        lambda w: w.searcher.search(w.photo, choose=0),
        lambda w: w.searcher.search_person(w.photo),
        lambda w: w.searcher.search_person([]),
        lambda w: w.searcher.search_many(str(w.photo)),
        lambda w: w.searcher.search_many(w.photo),
        lambda w: w.searcher.search_many(matcher.Probe(w.photo)),
        lambda w: w.searcher.search_many(None),
        lambda w: w.searcher.search_many([None]),
        lambda w: w.searcher.search_many([w.photo], on_progress=3),
    ],
    "Probe": [
        lambda w: matcher.Probe(None),
        lambda w: matcher.Probe(w.photo, "2019-05-28"),
        lambda w: matcher.Probe(w.photo, None, "12"),
    ],
    "Filters": [
        lambda w: matcher.Filters(regions=3),
        lambda w: matcher.Filters(min_age="3", age_on=date(2020, 1, 1)),
        lambda w: matcher.Filters(max_age=3.5, age_on=date(2020, 1, 1)),
        lambda w: matcher.Filters(min_age=3, age_on="2020-01-01"),
        lambda w: matcher.Filters(enrolled_from="2020-01-01"),
        lambda w: matcher.Filters(keep_unknown="no"),
        lambda w: matcher.Filters(include_hidden="yes"),
    ],
    "Subject": [
        lambda w: matcher.Subject(3),
        lambda w: matcher.Subject("a", date_of_birth="2010-01-01"),
        lambda w: matcher.Subject("a", region=3),
    ],
    "PhotoOfSubject": [
        lambda w: matcher.PhotoOfSubject(3, matcher.Subject("a")),
        lambda w: matcher.PhotoOfSubject(w.photo, "a"),
        lambda w: matcher.PhotoOfSubject(w.photo, matcher.Subject("a"), "2019-05-28"),
        lambda w: matcher.PhotoOfSubject(w.photo, matcher.Subject("a"), None, "8"),
    ],
    "Calibration": [lambda w: matcher.Calibration.load(None)],
    "HashList": [
        lambda w: matcher.HashList.read(None),
        lambda w: matcher.HashList.read(3),
        lambda w: matcher.HashList.read(w.photo),
        lambda w: matcher.enrol(w.gallery, OLD, [w.to_enrol], skip="hashes.csv"),
        lambda w: matcher.enrol(w.gallery, OLD, [w.to_enrol], flag=["0" * 32]),
        lambda w: exchange.export_hashes(w.folder / "g", w.folder / "out.csv"),
        lambda w: exchange.export_hashes(w.gallery, 3),
        lambda w: exchange.export_hashes(w.gallery, w.folder / "out.csv", columns="md5"),
        lambda w: exchange.check_gallery(w.gallery, "hashes.csv"),
        lambda w: exchange.check_folder(w.folder, "hashes.csv"),
        lambda w: exchange.fill_hashes(w.folder / "g"),
        lambda w: exchange.export_vics("g", w.folder / "out.json"),
        lambda w: exchange.import_vics(3, w.folder, w.folder / "out.csv"),
        lambda w: exchange.import_vics(w.photo, w.folder, w.folder / "o", subject_from=3),
        lambda w: w.gallery.fill_hashes("0" * 32),
    ],
    "read_tracks": [
        lambda w: matcher.read_tracks(None, OLD),
        lambda w: matcher.read_tracks(w.photo, "youth-resnet"),
        lambda w: matcher.read_tracks(w.photo, OLD, least_score="0.5"),
        lambda w: matcher.read_tracks(w.photo, OLD),
        lambda w: matcher.read_tracks(w.photo, OLD, least_score=0.5, per_second="4"),
        lambda w: matcher.read_tracks(w.photo, OLD, least_score=0.5, per_second=0),
        lambda w: matcher.read_tracks(w.photo, OLD, least_score=0.5, start="1:35"),
        lambda w: matcher.read_tracks(w.photo, OLD, least_score=0.5, start=2, until=1),
        lambda w: matcher.read_tracks(w.photo, OLD, least_score=0.5, best=2.5),
        lambda w: matcher.read_tracks(w.photo, OLD, least_score=0.5, stream=0),
        lambda w: matcher.read_tracks(w.photo, OLD, least_score=0.5, policy="standard"),
        lambda w: matcher.read_tracks(w.photo, OLD, least_score=0.5, limits=3),
        lambda w: matcher.read_tracks(w.photo, OLD, least_score=0.5, detector="cpu"),
        lambda w: matcher.read_tracks(w.photo, OLD, least_score=0.5, on_progress=3),
    ],
    "fairness.read_cohort": [lambda w: fairness.read_cohort(None)],
    "fairness.read_bounds": [lambda w: fairness.read_bounds(None)],
    "fairness.read_scores": [
        lambda w: fairness.read_scores(None, COHORT),
        lambda w: fairness.read_scores("scores.csv", "cohort"),
    ],
    "fairness.read_lists": [
        lambda w: fairness.read_lists(None, COHORT),
        lambda w: fairness.read_lists("lists.csv", "cohort"),
    ],
    "fairness.audit_lists": [
        lambda w: fairness.audit_lists("lists.csv", fairness.AuditSettings(), matcher={}),
    ],
    "fairness.audit": [
        lambda w: fairness.audit("cohort", matcher={}),
        lambda w: fairness.audit(COHORT, matcher={}),
        lambda w: fairness.audit(scores(), {"draws": 5}, matcher={}),
        lambda w: fairness.audit(scores(), matcher="dlib"),
        lambda w: fairness.audit(scores(), matcher={}, bounds="bounds.toml"),
    ],
    "fairness.calibrate": [
        lambda w: fairness.calibrate(EYE, COHORT, model={}, made_on=date(2026, 1, 1)),
        lambda w: fairness.calibrate(COHORT, EYE, model="dlib", made_on=date(2026, 1, 1)),
        lambda w: fairness.calibrate(COHORT, EYE, model={}, made_on="2026-01-01"),
    ],
    "fairness.Sample": [
        lambda w: fairness.Sample("a.png", "s", taken_on="2019-01-01"),
        lambda w: fairness.Sample("a.png", "s", age_at_capture="8"),
        lambda w: fairness.Sample(Path("a.png"), "s"),
        lambda w: fairness.Sample("a.png", 3),
    ],
    "fairness.Cohort": [
        lambda w: fairness.Cohort.of(SAMPLES[0], name="one"),
        lambda w: fairness.Cohort.of(["a", "b"], name="texts"),
        lambda w: fairness.Cohort("made", SAMPLES, "0" * 64),
    ],
    "fairness.EmbeddingScores": [
        lambda w: fairness.EmbeddingScores("cohort", EYE),
        lambda w: fairness.EmbeddingScores(EYE, COHORT),
        lambda w: fairness.EmbeddingScores(COHORT, EYE.tolist()),
    ],
    "fairness.Probes": [
        lambda w: fairness.EmbeddingScores(COHORT, EYE, probes=EYE),
        lambda w: fairness.EmbeddingScores(COHORT, EYE, probes="48px-q40"),
    ],
    "fairness.AuditSettings": [
        lambda w: fairness.AuditSettings(threshold="0.3"),
        lambda w: fairness.AuditSettings(fmr="0.001"),
        lambda w: fairness.AuditSettings(draws="5"),
        lambda w: fairness.AuditSettings(rank=2.5),
        lambda w: fairness.AuditSettings(gallery_size="50000"),
    ],
    "fairness.Bound": [lambda w: fairness.Bound("b", "rates", {"factor": ("age",)}, "0.1")],
    "fairness.wilson": [lambda w: fairness.wilson("1", 2)],
    "fairness.clopper_pearson": [lambda w: fairness.clopper_pearson(1, "2")],
    "fairness.ProbeResult": [
        lambda w: fairness.ProbeResult("s", "1"),
        lambda w: fairness.ProbeResult("s", 1, None),
    ],
    "fairness.rates_by_group": [
        lambda w: fairness.rates_by_group(RESULT, "sex"),
        lambda w: fairness.rates_by_group(["s"], "sex"),
        lambda w: fairness.rates_by_group([RESULT], "sex", k="1"),
    ],
    "fairness.group_gaps": [
        lambda w: fairness.group_gaps([3], "sex"),
        lambda w: fairness.group_gaps([RESULT], "sex", alpha="0.05"),
    ],
    "open_watch_list": [lambda w: matcher.open_watch_list(w.folder / "g")],
    "run_watch_list": [
        lambda w: matcher.run_watch_list(w.folder / "g"),
        lambda w: matcher.run_watch_list(w.gallery, receive=3),
        lambda w: matcher.run_watch_list(w.gallery, on_progress=3),
    ],
    "set_watch_list": [
        lambda w: matcher.set_watch_list(w.folder / "g", threshold=0.5),
        lambda w: matcher.set_watch_list(w.gallery),
        lambda w: matcher.set_watch_list(w.gallery, threshold="0.5"),
        lambda w: matcher.set_watch_list(w.gallery, threshold=0.5, receiver="leads.jsonl"),
        lambda w: matcher.set_watch_list(w.gallery, max_fpir=0.1, calibration=3),
    ],
}
"""Calls that are wrong in the type of one argument, by the name that they go through."""

RESULTS = {
    *(
        "AdaptedModel",
        "Candidate",
        "CandidateList",
        "CrossList",
        "Face",
        "FaceQuality",
        "Grouping",
        "MatcherError",
        "ModelRecord",
        "Photo",
    ),
    *("Template", "Track", "list_models"),
    *(f"fairness.{name}" for name in ("UNKNOWN", "GroupGap", "GroupRates", "Rate", "Status")),
    *(f"fairness.{name}" for name in ("AuditReport", "Scores")),
}
"""What nobody calls with arguments of his own: the library makes it."""

NUMBERS = {"fairness.benjamini_hochberg", "fairness.holm", "fairness.clustered_rate"}
"""Take arrays of numbers, and say so in a ValueError as they do for wrong numbers."""


def scores() -> fairness.EmbeddingScores:
    return fairness.EmbeddingScores(COHORT, EYE)


def test_the_table_has_every_public_name() -> None:
    public = {*matcher.__all__, *(f"fairness.{name}" for name in fairness.__all__)}
    errors = {name for name in public if name.endswith("Error")}
    assert public == {*WRONG, *RESULTS, *NUMBERS, *errors}


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(call, id=f"{name}-{number}")
        for name, calls in WRONG.items()
        for number, call in enumerate(calls)
    ],
)
def test_a_wrong_type_is_a_typed_error_with_four_facts(world: World, call: Call) -> None:
    with pytest.raises((InputError, AuditError)) as caught:
        call(world)
    error = caught.value
    assert error.what
    assert error.rule
    assert error.got is not None
    assert str(error.next_step).endswith(".")
    for python in ("has no attribute", "not supported between", "not iterable", "NoneType"):
        assert python not in str(error)


@pytest.mark.parametrize(
    "call",
    [
        lambda: fairness.holm(["a"]),
        lambda: fairness.benjamini_hochberg(None),
        lambda: fairness.clustered_rate("x", "y"),
    ],
)
def test_arrays_of_numbers_are_refused_as_wrong_numbers_are(call: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"need|could not convert"):
        call()


def test_a_name_where_an_identity_is_due_says_how_to_get_one(world: World) -> None:
    with pytest.raises(InputError, match=r"the text 'youth-resnet'.*load_extractor\(name\)\.model"):
        Gallery.create(world.folder / "h", model="youth-resnet")
    assert not (world.folder / "h").exists()


def test_texts_are_paths(world: World, tmp_path: Path) -> None:
    (tmp_path / "photos" / "C-1").mkdir(parents=True)
    draw(tmp_path / "photos" / "C-1" / "a.png", 1)
    (photo,) = matcher.read_folder(str(tmp_path / "photos")).photos
    manifest = tmp_path / "m.csv"
    manifest.write_text("photo,subject\nphotos/C-1/a.png,C-1\n")
    assert matcher.read_manifest(str(manifest)).photos == (photo,)
    assert matcher.PhotoOfSubject(str(photo.path), photo.subject) == photo
    assert matcher.load_photo(str(photo.path)).sha256 == matcher.load_photo(photo.path).sha256
    with Gallery.open(str(world.folder / "g")) as opened:
        assert opened.model == OLD.model
    bounds = tmp_path / "bounds.toml"
    bounds.write_text('[[bound]]\nname="b"\ntable="rates"\nwhere={factor="sex"}\nat_most=0.1\n')
    assert fairness.read_bounds(str(bounds)) == fairness.read_bounds(bounds)


def test_many_probes_are_whatever_one_may_be(world: World) -> None:
    vector = np.eye(1, OLD.model.dimension, dtype=np.float32)[0]
    photo = world.photo
    probes = [photo, str(photo), photo.read_bytes(), vector, matcher.Probe(vector)]
    found = world.searcher.search_many(iter(probes))
    assert [result.outcome for result in found][-2:] == ["nobody to search"] * 2
    assert len({result.probe.sha256 for result in found[:3]}) == 1
