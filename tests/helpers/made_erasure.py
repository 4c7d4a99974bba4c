"""A governed gallery with all that an erasure has to reach, and what tells of a subject in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gallery_builders import files_hold
from job_builders import NEW, OLD, SETTINGS, listed
from made_casework import SEARCHING

import matcher
from matcher.casework import CaseContext, Casework, Opinion
from matcher.embedding import Extractor
from matcher.enrolment import PhotoOfSubject, enrol
from matcher.faces import POLICIES
from matcher.gallery import Filters, Gallery
from matcher.jobs import reindex, switch

KEEPER = CaseContext(operator="keeper-1", purpose="maintenance")
ERASED, KEPT = "subject-001", "subject-0012"
"""The one identifier is a part of the other."""
NEW_CONTEXT = replace(SEARCHING, case_id="case-8")


def photos_of(folder: Path) -> list[PhotoOfSubject]:
    """Return drawn photos: four of each of four subjects."""
    made = listed(folder, range(16))
    named = {"subject-002": KEPT}
    return [
        replace(
            one,
            subject=replace(
                one.subject,
                subject_id=named.get(one.subject.subject_id, one.subject.subject_id),
            ),
        )
        for one in made
    ]


def take_in(gallery: Gallery, extractor: Extractor, photos: list[PhotoOfSubject]) -> None:
    """Enrol photos of which none fails."""
    outcomes = enrol(gallery, extractor, photos, policy=POLICIES["off"])
    assert {outcome.status for outcome in outcomes} == {"enrolled"}


def gallery_with_everything(folder: Path, key: object = None) -> Path:
    """Make a gallery in whose every place the subject is that will be erased."""
    path, photos = folder / "cases.gallery", photos_of(folder / "photos")
    with Gallery.create(path, model=OLD.model, governed=True, context=KEEPER, key=key) as made:  # type: ignore[arg-type]
        take_in(made, OLD, photos)
        made.hide(["subject-003"], because="known")
    reindex(path, NEW, settings=SETTINGS, context=KEEPER)
    switch(path, context=KEEPER)
    with Gallery.open(path, context=SEARCHING) as gallery:
        matcher.set_watch_list(gallery, threshold=0.5)
        with matcher.open_watch_list(gallery) as probes:
            take_in(probes, NEW, [one for one in photos if one.subject.subject_id == ERASED][:2])
        matcher.run_watch_list(gallery)
    review_everything(path, photos)
    return path


def review_everything(path: Path, photos: list[PhotoOfSubject]) -> None:
    """Search with a photo of the subject and one of another; keep both; review the first lead."""
    own, other = (photos[number].path for number in (4, 8))
    with Gallery.open(path, context=SEARCHING) as gallery, Casework.open(gallery) as casework:
        searcher = matcher.Searcher(gallery, NEW, policy=POLICIES["off"])
        filters = Filters(not_subject_ids=("subject-000",))
        for photo in (own, other):
            searcher.search(photo, top=3, filters=filters)
            casework.keep_probe(photo.read_bytes())
        leads = [one for one in casework.leads() if one.subject_id == ERASED]
    for operator in ("reviewer-1", "reviewer-2"):
        context = replace(SEARCHING, operator=operator)
        with Gallery.open(path, context=context) as gallery, Casework.open(gallery) as casework:
            opinion = Opinion("candidate", f"the scar of {ERASED}", notes=f"ask about {ERASED}")
            for lead in leads:
                casework.review(lead.lead_id, opinion)


def tells_of(path: Path, name: str) -> bool:
    """Return whether a file of the gallery has the bytes of a name, apart from longer names."""
    data = name.encode()
    for file in path.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            content = content.replace(KEPT.encode(), b"") if name != KEPT else content
            if data in content:
                return True
    return False


def holds(path: Path, *pieces: bytes) -> bool:
    """Return whether a file of the gallery has one of the pieces."""
    return any(files_hold(path, one) for one in pieces)
