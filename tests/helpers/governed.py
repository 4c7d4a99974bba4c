"""Contexts, governed galleries, and logs of made-up uses."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from gallery_builders import MODEL, enrolment

from matcher.gallery import Gallery
from matcher.governance import ActivityLog, CaseContext, Entry

CONTEXT = CaseContext(
    operator="operator-7",
    purpose="missing_child",
    case_id="CASE-2041",
    legal_basis="Code of procedure, art. 12",
    authorisation="order 3/2026",
    authorised_until=date(2099, 12, 31),
)
UPKEEP = CaseContext("admin-1", "maintenance")
"""Whoever changes the gallery and may not search it."""

EXPIRED = replace(CONTEXT, authorised_until=date(2020, 1, 1))


def begun(folder: Path, gallery_id: str = "ab" * 16) -> ActivityLog:
    """Begin the log of a gallery that is nothing but a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    return ActivityLog.begin(folder, gallery_id, Entry("governed", CONTEXT))


def governed_gallery(path: Path, photos: int = 8, context: CaseContext = CONTEXT) -> Path:
    """Make a governed gallery of photos, four of each subject."""
    with Gallery.create(path, model=MODEL, governed=True, context=context) as gallery:
        if photos:
            gallery.add([enrolment(number) for number in range(photos)])
    return path


def kinds_of(path: Path) -> list[tuple[str, str]]:
    """Return kind and outcome of each record of a gallery's log."""
    return [(one.kind, one.outcome) for one in ActivityLog.of(path).records()]
