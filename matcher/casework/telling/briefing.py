"""What a reviewer is told of a lead: lists by chance, quality of the photos, growth, relatives.

Sentences that tell of the score or the rank are apart, and empty until the reviewer wrote an
opinion. None of them says whether two photos show one person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

from matcher.casework.leads import Lead
from matcher.casework.reviews.checklist import FeatureAdvice, advice_for
from matcher.casework.searches import ListedCandidate, RecordedSearch
from matcher.casework.telling.false_leads import FalseLeadFigures, figures_at
from matcher.casework.telling.reach import Reach, subjects_in_reach
from matcher.faces import POLICIES, FaceQuality, refusals
from matcher.gallery import Gallery, StoredFace
from matcher.search import Calibration
from matcher.search.ages import age_gap, age_on
from matcher.words import counted, figure, some_of

_NAMED: Final = 20
"""Subjects within reach that a sentence names."""


@dataclass(frozen=True)
class PhotoNotes:
    """What speaks against a photo.

    Parameters
    ----------
    known
        Whether its measures are known.
    reasons
        Why the strict policy would refuse the face, in words; empty if it would not.
    """

    known: bool
    reasons: tuple[str, ...]

    def sentence(self, which: str) -> str:
        """Return the notes as a sentence; `which` names the photo."""
        if not self.known:
            return f"{which}: its quality was not recorded."
        if not self.reasons:
            return f"{which}: no measure is below the strict limits."
        return f"{which}: {'; '.join(self.reasons)}."


@dataclass(frozen=True)
class Briefing:
    """What a reviewer is told of one lead.

    Parameters
    ----------
    lead_id
        The lead.
    probe, candidate
        What speaks against both photos.
    probe_age, candidate_age, age_gap
        Years; None if not known.
    features
        Which features may have changed between the photos.
    in_list
        False leads to expect in the whole list: at its lowest score.
    at_score
        Those at the score of the lead; None until the reviewer wrote an opinion.
    in_reach
        Other subjects whose faces are as close to the candidate's face as a lead must be to the
        probe; None if the face is not in the gallery any more.
    hidden_notes
        What else a reviewer must know, such as that the subject was erased.
    """

    lead_id: str
    probe: PhotoNotes
    candidate: PhotoNotes
    probe_age: float | None
    candidate_age: float | None
    age_gap: float | None
    features: FeatureAdvice
    in_list: FalseLeadFigures
    at_score: FalseLeadFigures | None
    in_reach: Reach | None
    hidden_notes: tuple[str, ...] = ()

    def before(self) -> tuple[str, ...]:
        """Return the sentences to show before the opinion. They tell of no score and no rank."""
        return (
            "This is a lead, not a match. Two people review it, each without the other's opinion.",
            *self.hidden_notes,
            f"In the whole list: {self.in_list}",
            self.probe.sentence("Probe"),
            self.candidate.sentence("Photo of the candidate"),
            self.features.sentence,
            _features_sentence(self.features),
            *self._reach(),
        )

    def after(self) -> tuple[str, ...]:
        """Return the sentences to show after the opinion; none before it."""
        return () if self.at_score is None else (f"At the score of this lead: {self.at_score}",)

    def _reach(self) -> tuple[str, ...]:
        alike = "Relatives look alike, and so do strangers."
        if self.in_reach is None:
            return (alike, "Who else is as close to this face is not known: it is gone.")
        return (alike, str(self.in_reach))


def brief(
    gallery: Gallery,
    calibration: Calibration | None,
    lead: Lead,
    search: RecordedSearch,
    candidate: ListedCandidate,
) -> Briefing:
    """Return the briefing of a lead; `lead` as the reviewer may see it."""
    face = _face_of(gallery, lead)
    age = None if face is None else _age_of(face)
    taken_on = None if face is None else face.photo.taken_on
    gap = age_gap(search.taken_on, search.age, taken_on, age)
    lowest = _lowest(search)
    at = None if lead.score is None else lead.score
    return Briefing(
        lead_id=lead.lead_id,
        probe=notes_of(search.quality),
        candidate=notes_of({} if face is None else face.quality),
        probe_age=search.age,
        candidate_age=age,
        age_gap=gap,
        features=advice_for(_younger(search.age, age, gap), gap),
        in_list=figures_at(calibration, search, lowest, gap),
        at_score=None if at is None else figures_at(calibration, search, at, gap),
        in_reach=None
        if face is None
        else subjects_in_reach(
            gallery,
            face,
            lowest=candidate.score if search.lowest is None else search.lowest,
            degraded=search.degraded,
            most=_NAMED,
        ),
        hidden_notes=(*_notes(lead, face), *_other_calibration(calibration, search)),
    )


def notes_of(measures: Mapping[str, float]) -> PhotoNotes:
    """Return what speaks against a photo with these measures."""
    names = {one.name for one in fields(FaceQuality)}
    known = {name: value for name, value in measures.items() if name in names}
    try:
        quality = FaceQuality(**known)
    except TypeError:  # a measure that has no default is missing
        return PhotoNotes(known=False, reasons=())
    found = refusals(quality, POLICIES["strict"])
    return PhotoNotes(known=True, reasons=tuple(map(str, found)))


def _face_of(gallery: Gallery, lead: Lead) -> StoredFace | None:
    if lead.subject_id is None:
        return None
    found = gallery.faces([lead.face_id]).get(lead.face_id)
    return found if found is not None and found.subject.subject_id == lead.subject_id else None


def _age_of(face: StoredFace) -> float | None:
    photo = face.photo
    return age_on(face.subject.date_of_birth, photo.taken_on, photo.age_at_capture)


def _younger(probe: float | None, candidate: float | None, gap: float | None) -> float | None:
    """Return the age at the earlier photo, also from the other age and the gap."""
    if probe is not None and candidate is not None:
        return min(probe, candidate)
    if gap is None:
        return None
    if candidate is not None:
        return min(candidate, candidate + gap)
    return None if probe is None else min(probe, probe - gap)


def _lowest(search: RecordedSearch) -> float:
    """Return the lowest score that is on the list, or that could be."""
    if search.lowest is not None:
        return search.lowest
    return min(one.score for one in search.candidates)


def _notes(lead: Lead, face: StoredFace | None) -> tuple[str, ...]:
    notes = []
    if lead.subject_id is None:
        notes.append("The subject was erased. There is nothing to compare with any more.")
    elif face is None:
        notes.append("The photo that made this lead is not in the gallery any more.")
    elif face.subject.hidden_because is not None:
        notes.append("The subject is hidden in this gallery; its record says why.")
    if lead.reopened:
        notes.append("An opinion on this lead was withdrawn after both were known.")
    return tuple(notes)


def _other_calibration(calibration: Calibration | None, search: RecordedSearch) -> tuple[str, ...]:
    if calibration is None or search.calibration in (None, calibration.sha256):
        return ()
    return ("The figures below are of another calibration than that of the search.",)


def _features_sentence(advice: FeatureAdvice) -> str:
    if not advice.unstable:
        return "No feature of the checklist counts as changed between the photos."
    regions = list(dict.fromkeys(one.region.lower() for one in advice.unstable))
    return (
        f"{counted(len(advice.unstable), 'feature')} of the checklist may have changed between "
        f"the photos, in: {some_of(regions, len(regions))}. A difference there may be growth."
    )


def years(age: float | None) -> str:
    """Return an age in words."""
    return "not known" if age is None else f"{figure(age, 3)} years"
