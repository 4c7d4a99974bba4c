"""The two photos of a comparison, as pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matcher.casework.searches import RecordedSearch
from matcher.casework.telling.briefing import notes_of
from matcher.gallery import Gallery, StoredFace
from matcher.gallery.copies import PROBES
from matcher.paths import from_reference
from matcher.search.ages import age_on
from matcher.serve.views import Facts, Side
from matcher.serve.work import ServedGallery
from matcher.serve.work.pictures import missing_because

MOST_PHOTOS: Final = 40
"""Photos of one subject that a page shows, the closest first."""


@dataclass(frozen=True, eq=False)
class Sides:
    """The photos of one gallery.

    Parameters
    ----------
    served, gallery
        The gallery, and the open gallery.
    """

    served: ServedGallery
    gallery: Gallery

    def probe(self, search: RecordedSearch) -> Side:
        """Return the probe of a search."""
        key = f"{self.served.key}-{search.number}"
        missing = ""
        if search.probe_sha256 is None:
            missing = "The probe was no photo."
        elif not probe_path(self.served, search.probe_sha256).is_file():
            missing = "The probe was not kept."
        return Side(
            title="Probe",
            aligned="" if missing else f"/pictures/probes/{key}/aligned",
            whole="" if missing else f"/pictures/probes/{key}/whole",
            missing=missing,
            size=_size(search.quality),
            facts=_facts(search.taken_on, search.age, "degraded" if search.degraded else ""),
            quality=_quality(search.quality),
        )

    def faces_of(self, subject_id: str | None, first: int | None) -> tuple[StoredFace, ...]:
        """Return the faces of a subject, the closest first, the others as they were enrolled."""
        if subject_id is None:
            return ()
        faces = self.gallery.faces_of([subject_id]).get(subject_id, [])
        in_order = sorted(faces, key=lambda face: (face.face_id != first, face.face_id))
        return tuple(in_order[:MOST_PHOTOS])

    def candidate(self, lead: str, number: int, face: StoredFace) -> Side:
        """Return one photo of a candidate.

        Parameters
        ----------
        lead
            Key of the lead.
        number
            Place of the photo among those of the subject, from 0.
        face
            The face.
        """
        missing = self.missing(face)
        photo = face.photo
        age = age_on(face.subject.date_of_birth, photo.taken_on, photo.age_at_capture)
        return Side(
            title=face.subject.subject_id,
            aligned="" if missing else f"/pictures/leads/{lead}/{number}/aligned",
            whole="" if missing else f"/pictures/leads/{lead}/{number}/whole",
            missing=missing,
            size=_size(face.quality),
            facts=_facts(photo.taken_on, age, photo.source or ""),
            quality=_quality(face.quality),
        )

    def missing(self, face: StoredFace) -> str:
        """Return why there is no picture of a face; empty if there is one."""
        return missing_because(from_reference(face.photo.reference), face.photo.sha256)

    @staticmethod
    def facts(face: StoredFace) -> Facts:
        """Return what lists say of a face."""
        photo = face.photo
        age = age_on(face.subject.date_of_birth, photo.taken_on, photo.age_at_capture)
        return _facts(photo.taken_on, age, photo.source or "")


def probe_path(served: ServedGallery, sha256: str) -> Path:
    """Return where a kept probe lies."""
    return served.log.path.parent / PROBES / sha256


def _facts(taken_on: object, age: float | None, third: str) -> Facts:
    facts = [
        ("Taken on", str(taken_on) if taken_on else "not known"),
        ("Age", "not known" if age is None else f"{age:.1f} years"),
    ]
    if third == "degraded":
        facts.append(("Degraded", "yes: it was searched for with a vector for degraded photos"))
    elif third:
        facts.append(("Source", third))
    return tuple(facts)


def _size(measures: Mapping[str, float]) -> str:
    eyes = measures.get("inter_eye_distance")
    return "" if eyes is None else f"The eyes are {eyes:.0f} pixels apart in the photo."


def _quality(measures: Mapping[str, float]) -> tuple[str, ...]:
    found = notes_of(measures)
    if not found.known:
        return ("The quality of the photo was not recorded.",)
    return tuple(f"{reason[:1].upper()}{reason[1:]}." for reason in found.reasons)
