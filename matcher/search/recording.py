"""The record of a search of a governed gallery: everything that it takes to replay it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Final

from matcher.faces import POLICIES, Choice, QualityPolicy
from matcher.gallery import Filters, StoredFace
from matcher.governance import Activity, Entry
from matcher.governance.pseudonyms import SUBJECT, TEXT
from matcher.search.calibration import Calibration
from matcher.search.candidates import CandidateList
from matcher.search.probe import PreparedProbe
from matcher.search.request import SearchRequest

_SUBJECTS: Final = ("subject_ids", "not_subject_ids")
_TEXTS: Final = ("regions", "any_tags", "all_tags")


@dataclass(frozen=True)
class Asked:
    """What was asked of a search.

    Parameters
    ----------
    request
        Limits, filters and calibration.
    choose
        Which face of a photo.
    policy
        The quality policy of probes.
    dates_from_photos
        Whether days of capture are taken from photos.
    """

    request: SearchRequest
    choose: Choice
    policy: QualityPolicy
    dates_from_photos: bool


def record_lists(
    activity: Activity,
    asked: Asked,
    probes: Sequence[PreparedProbe],
    lists: Sequence[CandidateList],
    references: Mapping[str, Sequence[StoredFace]],
    began: datetime,
) -> list[int]:
    """Write one record for each list, all in one go, before any of them is handed out.

    It returns the numbers of the records.

    Raises
    ------
    GalleryWriteError, ActivityLogError
        The records cannot be written.
    """
    subjects = {one.subject.subject_id for found in lists for one in found}
    tokens = activity.subject_tokens(subjects)
    request = _request_facts(activity, asked)
    faces = {
        (name, face.photo.sha256): face.face_id
        for name, stored in references.items()
        for face in stored
    }
    entries = [
        _entry(activity, request, probe, found, tokens, faces, began)
        for probe, found in zip(probes, lists, strict=True)
    ]
    return [record.number for record in activity.record_all(entries)]


def _entry(
    activity: Activity,
    request: Mapping[str, Any],
    probe: PreparedProbe,
    found: CandidateList,
    tokens: Mapping[str, str],
    faces: Mapping[tuple[str, str], int],
    began: datetime,
) -> Entry:
    facts = {
        "probe": _probe_facts(probe),
        "request": request,
        "outcome": found.outcome.replace(" ", "_"),
        "reasons": list(probe.codes),
        "threshold": found.threshold,
        "searched": {"faces": found.searched_faces, "subjects": found.searched_subjects},
        "figures": found.calibration is not None and found.calibration.covered,
        "hidden": found.hidden,
        "candidates": [
            {
                "rank": one.rank,
                "subject": tokens[one.subject.subject_id],
                "face": faces[one.subject.subject_id, one.photos[0].photo.sha256],
                "score": one.score,
            }
            for one in found
        ],
    }
    return activity.entry("search", facts, begun=began)


def _probe_facts(probe: PreparedProbe) -> dict[str, Any]:
    known, vector = probe.facts, probe.vector
    made_of_photos = known.sha256 is not None or known.fused
    digest = None
    if vector is not None and not made_of_photos:
        digest = hashlib.sha256(vector.astype("<f4").tobytes()).hexdigest()
    return {
        "sha256": known.sha256,
        "fused": list(known.fused),
        "vector_sha256": digest,
        "face": None if known.face is None else [known.face.number, known.face.of],
        "degraded": known.degraded,
        "quality": {name: float(value) for name, value in (known.quality or {}).items()},
        "age_at_capture": None if known.age_at_capture is None else float(known.age_at_capture),
        "taken_on": None if known.taken_on is None else known.taken_on.isoformat(),
        "day_from_photo": known.dated_by is not None,
    }


def _request_facts(activity: Activity, asked: Asked) -> dict[str, Any]:
    request = asked.request
    policy = next((name for name, one in POLICIES.items() if one == asked.policy), "other")
    return {
        "top": int(request.top),
        "threshold": None if request.threshold is None else float(request.threshold),
        "max_fpir": None if request.max_fpir is None else float(request.max_fpir),
        "filters": filter_facts(activity, request.filters),
        "calibration": _calibration_facts(request.calibration),
        "face": asked.choose,
        "policy": policy,
        "dates_from_photos": asked.dates_from_photos,
    }


def _calibration_facts(calibration: Calibration | None) -> dict[str, str] | None:
    if calibration is None:
        return None
    return {"sha256": calibration.sha256, "cohort_sha256": calibration.cohort_sha256}


def filter_facts(activity: Activity, filters: Filters) -> dict[str, Any]:
    """Return the filters that are set, with tokens in place of identifiers and texts."""
    facts: dict[str, Any] = {}
    for field in fields(filters):
        value = getattr(filters, field.name)
        if value == field.default:
            continue
        if field.name in (*_SUBJECTS, *_TEXTS):
            kind = SUBJECT if field.name in _SUBJECTS else TEXT
            tokens = activity.log.pseudonyms.tokens(kind, value)
            facts[field.name] = [tokens[one] for one in value]
        else:
            facts[field.name] = value.isoformat() if isinstance(value, date) else value
    return facts
