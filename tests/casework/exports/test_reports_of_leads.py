"""A report of leads: the search as the log has it, and no more than its reader may see."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import group_photos
import pytest
from made_casework import SEARCHING, by
from made_lead_report import Pdf
from rendered_cohort import Cohort
from typer.testing import CliRunner

from matcher.casework import (
    LANGUAGES,
    Casework,
    LeadReport,
    Opinion,
    UnknownLeadError,
    report_of_leads,
)
from matcher.cli.app import Exit
from matcher.cli.commands import app
from matcher.cli.leads.report_file import LanguageName
from matcher.embedding import Extractor
from matcher.enrolment import PhotoOfSubject, enrol, read_manifest
from matcher.errors import InputError, NotAuthorisedError
from matcher.gallery import Filters, Gallery, Subject
from matcher.photos import load_photo, sha256_of
from matcher.search import Searcher

WHO = {
    "--operator": SEARCHING.operator,
    "--purpose": SEARCHING.purpose,
    "--case": SEARCHING.case_id,
    "--legal-basis": SEARCHING.legal_basis,
    "--authorisation": SEARCHING.authorisation,
    "--authorised-until": "2999-12-31",
}


@dataclass(frozen=True)
class World:
    """A governed gallery of rendered people, with one search for the second of two in a photo."""

    gallery: Path
    probe: Path
    photos: Path
    leads: tuple[str, ...]


@pytest.fixture
def world(tmp_path: Path, cohort: Cohort, extractor: Extractor) -> World:
    photos = tmp_path / "photos"
    shutil.copytree(cohort.manifest.parent / "photos", photos)
    enrolled = [
        replace(one, path=photos / one.path.name, taken_on=date(2019, 5, 1))
        for one in read_manifest(cohort.manifest).photos
    ]
    admin = by("admin-1", purpose="maintenance")
    path = tmp_path / "gallery"
    with Gallery.create(path, model=extractor.model, governed=True, context=admin) as gallery:
        enrol(gallery, extractor, enrolled)
    probe = group_photos.write(tmp_path / "two.png", cohort.probes[:2], [1.0, 0.7])
    with Gallery.open(path, context=SEARCHING) as gallery:
        searcher = Searcher(gallery, extractor)
        filters = Filters(regions=("nowhere",))
        searcher.search(probe, choose=2, top=3, filters=filters, taken_on=date(2022, 6, 1))
    with casework_of(path, "officer-1") as casework:
        leads = tuple(lead.lead_id for lead in casework.leads())
    assert len(leads) == 3
    return World(path, probe, photos, leads)


@contextmanager
def casework_of(path: Path, operator: str) -> Iterator[Casework]:
    with (
        Gallery.open(path, context=by(operator)) as gallery,
        Casework.open(gallery) as casework,
    ):
        yield casework


def report_by(
    world: World, operator: str, extractor: Extractor, *leads: str, **options: object
) -> LeadReport:
    with Gallery.open(world.gallery, context=by(operator)) as gallery:
        wanted = leads or world.leads
        return report_of_leads(gallery, wanted, detector=extractor, **options)  # type: ignore[arg-type]


def test_the_search_is_told_as_the_log_has_it(world: World, extractor: Extractor) -> None:
    of = report_by(world, "anna", extractor)
    (search,) = of.searches
    with Gallery.open(world.gallery, context=by("anna")) as gallery:
        assert gallery.activity is not None
        record = next(one for one in gallery.activity.log.records() if one.kind == "search")
        assert search.model == gallery.model
    assert search.log is not None
    assert (search.log.number, search.log.sha256) == (record.number, record.digest)
    assert search.gallery is not None
    assert search.gallery.generation == record.generation
    assert search.gallery.at_search
    assert search.gallery.governed
    assert search.filters == ("regions",)
    assert search.probe.sha256 == sha256_of(world.probe)
    assert (search.searched_subjects, search.searched_faces, search.found) == (6, 6, 3)
    assert of.context == by("anna")
    assert {lead.name for lead in search.leads} == set(world.leads)


def test_the_face_that_was_searched_for_is_the_one_that_is_shown(
    world: World, extractor: Extractor
) -> None:
    missing = report_by(world, "anna", extractor).searches[0].probe
    assert (missing.missing, missing.pictures) == ("not kept", None)
    probe = report_by(world, "anna", extractor, probes=[world.probe]).searches[0].probe
    assert probe.name == "two.png"
    assert probe.pictures is not None
    assert probe.pictures.blurred == 1
    with casework_of(world.gallery, "anna") as casework:
        casework.keep_probe(world.probe.read_bytes())
    kept = report_by(world, "anna", extractor).searches[0].probe
    assert kept.pictures is not None
    assert kept.pictures.face == probe.pictures.face
    (faces,) = extractor.detect([load_photo(world.probe)])
    assert kept.pictures.face_size[0] == round(float(faces[1].box[2] - faces[1].box[0]))


def test_place_score_and_opinions_are_those_that_the_reader_may_see(
    world: World, extractor: Extractor
) -> None:
    first, second, _ = world.leads
    with casework_of(world.gallery, "anna") as casework:
        casework.review(first, Opinion("candidate", "the ears agree"))
    (lead,) = report_by(world, "anna", extractor, first).searches[0].leads
    assert lead.rank is not None
    assert lead.conclusion is None
    (lead,) = report_by(world, "ben", extractor, first).searches[0].leads
    assert (lead.rank, lead.score, lead.reviews, lead.conclusion) == (None, None, (), None)
    with casework_of(world.gallery, "ben") as casework:
        casework.review(first, Opinion("candidate", "the chin agrees"))
    (lead,) = report_by(world, "carl", extractor, first).searches[0].leads
    assert lead.conclusion == "candidate"
    assert [one.reviewer for one in lead.reviews] == ["anna", "ben"]
    (lead,) = report_by(world, "carl", extractor, second).searches[0].leads
    assert (lead.rank, lead.conclusion) == (None, None)
    with casework_of(world.gallery, "ben") as casework:
        own = casework.opinions(first)[-1].review_id
        casework.withdraw(own, "the wrong photo")
        casework.review(second, Opinion("candidate", "seen"))
    (lead,) = report_by(world, "anna", extractor, first).searches[0].leads
    assert lead.conclusion is None
    assert "ben" not in [one.reviewer for one in lead.reviews]


def test_an_erased_subject_and_a_lost_photo_are_said(world: World, extractor: Extractor) -> None:
    whole = report_by(world, "anna", extractor)
    subject = whole.searches[0].leads[0].subject
    assert subject is not None
    with Gallery.open(world.gallery, context=by("admin-1", purpose="maintenance")) as gallery:
        gallery.remove_subjects([subject.subject_id])
    shutil.rmtree(world.photos)
    leads = report_by(world, "anna", extractor).searches[0].leads
    assert [lead.subject is None for lead in leads].count(True) == 1
    assert {lead.photo.missing for lead in leads} == {"not kept", "unreadable"}


def test_wrong_leads_and_ungoverned_galleries_are_refused(
    world: World, extractor: Extractor, tmp_path: Path
) -> None:
    with pytest.raises(UnknownLeadError):
        report_by(world, "anna", extractor, "999-1")
    for wrong in ("17", [], 3):
        with (
            Gallery.open(world.gallery, context=by("anna")) as gallery,
            pytest.raises(InputError),
        ):
            report_of_leads(gallery, wrong, detector=extractor)  # type: ignore[arg-type]
    with (
        Gallery.create(tmp_path / "plain", model=extractor.model) as gallery,
        pytest.raises(NotAuthorisedError),
    ):
        report_of_leads(gallery, world.leads, detector=extractor)


def words(*more: object) -> list[str]:
    return [*map(str, more), *(word for pair in WHO.items() for word in pair)]


def test_the_command_writes_the_leads_and_the_log_says_so(world: World, tmp_path: Path) -> None:
    out = tmp_path / "case.pdf"
    told = words("leads", "export", world.gallery, *world.leads, "--out", out)
    done = CliRunner().invoke(app, [*told, "--language", "es", "--probe", str(world.probe)])
    assert done.exit_code == Exit.DONE, done.stderr
    text = Pdf(out.read_bytes()).text()
    assert "Informe de pistas" in text
    assert SEARCHING.case_id in text
    assert all(f"Pista {lead}" in text for lead in world.leads)
    with Gallery.open(world.gallery, context=SEARCHING) as gallery:
        assert gallery.activity is not None
        begun, ended = [one for one in gallery.activity.log.records() if one.kind == "export"]
    assert begun.facts == {"of": "lead_report", "form": "pdf", "language": "es"}
    assert (ended.outcome, ended.facts["leads"]) == ("done", 3)


def test_without_the_probe_the_command_asks_for_attention(world: World, tmp_path: Path) -> None:
    out = tmp_path / "case.html"
    done = CliRunner().invoke(
        app, words("leads", "export", world.gallery, world.leads[0], "--out", out)
    )
    assert done.exit_code == Exit.ATTENTION
    assert "not kept" in done.stderr
    assert out.exists()


def test_a_search_can_write_its_leads_for_a_case_file(
    world: World, tmp_path: Path, extractor: Extractor, cohort: Cohort
) -> None:
    out = tmp_path / "leads.html"
    told = words(
        "search", world.gallery, cohort.probes[0], "--lead-report", out, "--language", "hi"
    )
    done = CliRunner().invoke(app, told)
    assert done.exit_code == Exit.DONE, done.stderr
    page = out.read_text(encoding="utf-8")
    assert page.count("<article>") == 6
    assert SEARCHING.case_id in page
    bare = tmp_path / "bare"
    with Gallery.create(bare, model=extractor.model) as gallery:
        enrol(gallery, extractor, [PhotoOfSubject(cohort.probes[1], Subject("A"))])
    done = CliRunner().invoke(
        app, ["search", str(bare), str(cohort.probes[0]), "--lead-report", str(out)]
    )
    assert done.exit_code == Exit.DONE, done.stderr
    page = out.read_text(encoding="utf-8")
    assert "This gallery is not governed" in page
    assert "No case was stated" in page


@pytest.mark.parametrize("name", ["report.docx", "report", "missing/report.pdf"])
def test_a_file_that_cannot_be_a_report_is_refused_before_the_work(
    world: World, tmp_path: Path, name: str
) -> None:
    done = CliRunner().invoke(
        app, words("leads", "export", world.gallery, world.leads[0], "--out", tmp_path / name)
    )
    assert done.exit_code not in (Exit.DONE, Exit.ATTENTION)
    assert not (tmp_path / name).exists()


def test_the_command_has_all_languages() -> None:
    assert tuple(one.value for one in LanguageName) == LANGUAGES
