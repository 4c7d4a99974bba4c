"""Write the leads of a cross-match as one HTML file: the two photos of each side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matcher.crossing.leads import CrossFace, CrossLead, CrossList
from matcher.faces import Detector
from matcher.gallery.files import replace_private
from matcher.photos import DecodeLimits
from matcher.progress import ProgressHook, silent
from matcher.search.lead_sheet.environment import page_environment
from matcher.search.lead_sheet.pictures import SIDE, Picture, picture_of
from matcher.words import counted

MOST_LEADS: Final = 500
"""Leads that a page shows with pictures. A pair takes about 100 kB, so that a page stays below
60 MB."""


@dataclass(frozen=True)
class ShownFace:
    """One side of a lead on the page; `picture` is None where the page has no room for it."""

    face: CrossFace
    picture: Picture | None
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ShownLead:
    """One lead on the page."""

    of: CrossLead
    first: ShownFace
    second: ShownFace

    def faults(self) -> Iterator[str]:
        """Yield a sentence for each picture that could not be shown."""
        for side in (self.first, self.second):
            if side.picture is not None and side.picture.missing:
                subject, photo = side.face.subject.subject_id, side.face.photo.reference
                yield f"Subject {subject}, {photo}: {side.picture.missing}."


def write_cross_sheet(
    path: Path,
    found: CrossList,
    *,
    title: str,
    detector: Detector | None = None,
    limits: DecodeLimits = DecodeLimits(),  # noqa: B008 - frozen, so one instance serves all calls
    on_progress: ProgressHook = silent,
) -> tuple[str, ...]:
    """Write one self-contained HTML file with the two closest photos of each lead side by side.

    Parameters
    ----------
    path
        File to write. Only its owner can read it. An existing file is replaced.
    found
        The leads. The first 500 are shown with pictures; the page says how many are not.
    title
        Heading of the page.
    detector
        Finds the eyes again, because galleries keep no landmarks. Without it faces are cut out by
        their boxes, and the page says so.
    limits
        Limits on the size of photos that are decoded.
    on_progress
        Hears of each lead.

    Returns
    -------
    tuple of str
        A sentence for each picture that is not on the page: its file is gone, cannot be read, or
        has changed since it was enrolled. A changed file may show somebody else, so it is never
        shown.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    leads = tuple(_shown(found, detector, limits, on_progress))
    without_room = max(0, len(found) - MOST_LEADS)
    page = (
        page_environment("matcher.crossing", "matcher.search.lead_sheet")
        .get_template("cross_sheet.html")
        .render(
            title=title,
            found=found,
            leads=leads,
            without_room=without_room,
            room=MOST_LEADS,
            side_px=SIDE,
            first_name=found.first.path.name,
            second_name=found.second.path.name,
        )
    )
    replace_private(path, page.encode("utf-8", "backslashreplace"))
    faults = tuple(fault for lead in leads for fault in lead.faults())
    if without_room:
        return (*faults, f"{counted(without_room, 'lead')}, for which a page has no room.")
    return faults


def _shown(
    found: CrossList, detector: Detector | None, limits: DecodeLimits, on_progress: ProgressHook
) -> Iterator[ShownLead]:
    total = min(len(found), MOST_LEADS)
    on_progress("sheet", 0, total)
    for number, lead in enumerate(found):
        sides = (
            _face(face, detector, limits, pictured=number < MOST_LEADS)
            for face in (lead.first, lead.second)
        )
        yield ShownLead(lead, *sides)
        on_progress("sheet", min(number + 1, total), total)


def _face(
    face: CrossFace, detector: Detector | None, limits: DecodeLimits, *, pictured: bool
) -> ShownFace:
    picture = None
    if pictured:
        path, sha256 = face.photo.path, face.photo.sha256
        changed = "changed since enrolment"
        picture = picture_of(path, sha256, face.box, detector, limits, changed=changed)
    return ShownFace(face, picture, tuple(_facts(face)))


def _facts(face: CrossFace) -> Iterator[tuple[str, str]]:
    subject, photo = face.subject, face.photo
    known = {
        "taken on": photo.taken_on,
        "day taken from": photo.dated_by,
        "age at capture": None if face.age is None else f"{face.age:.1f} years",
        "recorded sex": None if subject.recorded_sex == "unknown" else subject.recorded_sex,
        "date of birth": subject.date_of_birth,
        "region": subject.region,
        "tags": ", ".join(subject.tags),
        "source": photo.source or subject.source,
        "case reference": subject.case_reference,
        "note": subject.note,
        "photo": photo.reference,
    }
    for name, value in known.items():
        if value is not None and value != "":
            yield name, str(value)
