"""What the records say of a search, a probe, a candidate and a photo, in words for the sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from matcher._version import __version__
from matcher.gallery import Subject
from matcher.paths import shown
from matcher.search.ages import age_on
from matcher.search.calibration import CalibrationUse
from matcher.search.candidates import Candidate, CandidateList, CandidatePhoto, ProbeFacts


@dataclass(frozen=True)
class Facts:
    """What is known, by its name on the page, and the names of what is not recorded."""

    known: tuple[tuple[str, str], ...]
    unknown: tuple[str, ...]


def facts_of_search(result: CandidateList) -> Facts:
    """Return what was searched, how, when, and with which model."""
    moment, use = result.searched_at, result.calibration
    return _facts(
        {
            "searched": f"{result.searched_subjects} subjects, {result.searched_faces} faces",
            "time": None if moment is None else f"{moment:%Y-%m-%d %H:%M:%S %Z}",
            "lowest score shown": _threshold(result.threshold, use),
            "model": str(result.model),
            "calibration": _calibration(use),
            "software": f"matcher {__version__}",
        }
    )


def facts_of_probe(path: Path, probe: ProbeFacts) -> Facts:
    """Return what is known of a probe."""
    age = probe.age_at_capture
    return _facts(
        {
            "file": shown(path),
            "taken on": _day(probe.taken_on, probe.dated_by),
            "age at capture": None if age is None else f"{age:g} years, as given",
            "degraded": "yes, as the model takes it" if probe.degraded else "no",
            "quality": _quality(probe.quality or {}),
            "SHA-256": probe.sha256,
            **({} if probe.face is None else {"face": str(probe.face)}),
            **({"read as": "; ".join(probe.notes)} if probe.notes else {}),
        }
    )


def facts_of_subject(candidate: Candidate) -> Facts:
    """Return the record of a candidate."""
    subject = candidate.subject
    why = subject.hidden_because
    return _facts(
        {
            "subject": subject.subject_id,
            "recorded sex": None if subject.recorded_sex == "unknown" else subject.recorded_sex,
            "date of birth": _day(subject.date_of_birth),
            "region": subject.region,
            "tags": ", ".join(subject.tags),
            "source": subject.source,
            "case reference": subject.case_reference,
            "note": subject.note,
            **({} if why is None else {"hidden because": why}),
        }
    )


def facts_of_photo(shown: CandidatePhoto, subject: Subject) -> Facts:
    """Return the record of one enrolled photo."""
    photo = shown.photo
    return _facts(
        {
            "score": f"{shown.score:.3f}",
            "taken on": _day(photo.taken_on, photo.dated_by),
            "age at capture": _age(shown, subject.date_of_birth),
            "age gap": _gap(shown.age_gap),
            "source": photo.source,
            "captured with": photo.captured_with,
            "reference": photo.reference,
        }
    )


def _facts(values: Mapping[str, str | None]) -> Facts:
    return Facts(
        tuple((name, value) for name, value in values.items() if value),
        tuple(name for name, value in values.items() if not value),
    )


def _day(day: date | None, dated_by: str | None = None) -> str | None:
    if day is None:
        return None
    return day.isoformat() if dated_by is None else f"{day}, by the photo's {dated_by}"


def _age(shown: CandidatePhoto, birth: date | None) -> str | None:
    if shown.photo.age_at_capture is not None:
        return f"{shown.photo.age_at_capture:g} years, as recorded"
    age = age_on(birth, shown.photo.taken_on, None)
    return None if age is None else f"{age:.1f} years, from the dates"


def _gap(gap: float | None) -> str | None:
    if gap is None:
        return None
    return f"probe {abs(gap):.1f} years {'later' if gap >= 0 else 'earlier'}"


def _threshold(threshold: float | None, use: CalibrationUse | None) -> str:
    if threshold is None:
        return "none set"
    if use is None or use.max_fpir is None:
        return f"{threshold:.4f}, as asked for"
    return f"{threshold:.4f}, chosen for a max-fpir of {use.max_fpir:g}"


def _calibration(use: CalibrationUse | None) -> str:
    if use is None:
        return "none"
    return f"{use.cohort}, made on {use.made_on}, cohort {use.cohort_sha256[:12]}"


_UNITS = {"inter_eye_distance": " px", "yaw": "°", "pitch": "°", "roll": "°"}


def _quality(measures: Mapping[str, float]) -> str:
    return "; ".join(
        f"{name.replace('_', ' ')} {value:.3g}{_UNITS.get(name, '')}"
        for name, value in measures.items()
    )
