"""The result of a cross-match: leads for a person to review, and what was compared with what."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from matcher.embedding import ModelIdentity
from matcher.gallery import PhotoRecord, Subject
from matcher.paths import shown
from matcher.search.calibration import ExpectedFalseLeads
from matcher.words import counted, figure, some_of, visible


@dataclass(frozen=True)
class CrossFace:
    """One side of a lead: the subject, and the photo that is closest to the other side.

    Parameters
    ----------
    subject, photo
        The records.
    age
        Age at capture in years, as recorded or from the dates; None if it is not known.
    quality
        Quality measures at enrolment.
    box
        The face: left, top, right, bottom in pixels of the upright photo.
    """

    subject: Subject
    photo: PhotoRecord
    age: float | None
    quality: Mapping[str, float]
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class CrossLead:
    """A pair of subjects that a person should look at.

    Parameters
    ----------
    rank
        1 for the closest subject of the other side.
    score
        Highest score of any two photos of the two, a cosine similarity in [-1, 1]. It is not a
        probability.
    first, second
        The two photos with that score.
    age_gap
        Years from the photo of `first` to that of `second`; None unless dates or ages are known.
    photos
        Number of pairs of photos of the two that are close enough for a lead.
    expected_false_leads
        Expected number of other people's faces as close to the first subject. None without a
        calibration, or if it has no figures for the age.
    notes
        What else the records say of the two: contradictions, and the same photo on both sides.
    is_new
        Whether no earlier list with this file of pairs was reported that had the two, see
        `mark_reported`.
    """

    rank: int
    score: float
    first: CrossFace
    second: CrossFace
    age_gap: float | None
    photos: int
    expected_false_leads: ExpectedFalseLeads | None = None
    notes: tuple[str, ...] = ()
    is_new: bool = True


@dataclass(frozen=True)
class Compared:
    """One side of the comparison.

    Parameters
    ----------
    path
        Directory of the gallery.
    subjects, faces
        Numbers of subjects with a face, and of faces, without those of hidden subjects.
    new_faces
        Number of faces that were new since the last run.
    generation
        Number of the gallery's last write that was compared.
    """

    path: Path
    subjects: int
    faces: int
    new_faces: int
    generation: int


@dataclass(frozen=True)
class CrossList:
    """The leads between two galleries, or within one; never an identification.

    Parameters
    ----------
    leads
        The leads: by the subject of the first side whose closest lead has the highest score, then
        by rank. Within one gallery every pair stands once.
    first, second
        What was compared. Both are the same within one gallery.
    rule
        What sets the lowest score, in words.
    threshold
        The lowest score of all leads; None if it differs by age and number of photos.
    model
        The model that made all vectors.
    expected_false_leads
        Expected number of pairs of faces of different people in the whole list, if nobody of one
        side were on the other; None without a calibration.
    on_both_sides
        Identifiers that both galleries have. Nobody was compared with the same identifier.
    without_figures
        Number of faces of the first side for whose age the calibration has no figures. The
        strictest of its thresholds was taken for them, and they do not count in
        `expected_false_leads`.
    beyond_calibration
        Number of subjects of the first side with so many photos, or the other side with so many
        faces, that the calibration does not carry the rate. The highest score with figures was
        taken for them.
    largest_share
        The bound on the share that holds for the worst of these; None without any.
    left_out
        Number of further pairs of subjects that are close enough, beyond `top` of each subject.
    reported_before
        Number of leads that are left out because they were reported before.
    anew
        Why all pairs were compared although there was a file of pairs; empty if they were not.
    hidden_pairs, hidden_subjects
        Number of pairs of subjects that are close enough and left out because one of them is
        hidden, see `Gallery.hide`; and number of hidden subjects in these pairs.
    """

    leads: tuple[CrossLead, ...]
    first: Compared
    second: Compared
    rule: str
    threshold: float | None
    model: ModelIdentity
    expected_false_leads: ExpectedFalseLeads | None = None
    on_both_sides: tuple[str, ...] = ()
    without_figures: int = 0
    beyond_calibration: int = 0
    largest_share: float | None = None
    left_out: int = 0
    reported_before: int = 0
    anew: str = ""
    hidden_pairs: int = 0
    hidden_subjects: int = 0

    def __len__(self) -> int:
        return len(self.leads)

    def __iter__(self) -> Iterator[CrossLead]:
        return iter(self.leads)

    @property
    def is_within(self) -> bool:
        """Whether one gallery was compared with itself."""
        return self.first == self.second

    def rows(self) -> list[dict[str, Any]]:
        """Return one flat mapping for each lead, for tables and CSV; its keys are `COLUMNS`."""
        return [_row(lead) for lead in self.leads]

    def to_json(self) -> str:
        """Return everything as one JSON object. Dates are ISO 8601."""
        facts = asdict(self) | {"model": self.model.facts()}
        return json.dumps(facts, default=_plain, ensure_ascii=False)

    def __str__(self) -> str:
        lines = [self.headline(), *map(_line, self.leads), *self.cautions()]
        return "\n".join(visible(shown(line)) for line in lines)

    def headline(self) -> str:
        """Return what was found, and between whom, as one sentence."""
        found = counted(len(self), "lead") if self.leads else "No lead"
        sides = _side(self.first)
        if not self.is_within:
            sides = f"{sides} with {_side(self.second)}"
        what = "compared with each other" if self.is_within else "compared"
        return f"{found} to review; {sides} {what}"

    def cautions(self) -> list[str]:
        """Return sentences that say what the list holds for."""
        said = [self._news(), f"{self.rule}."]
        if self.anew:
            said.insert(0, f"All pairs were compared anew: {self.anew}.")
        if self.expected_false_leads is not None:
            said.append(
                "If nobody of one side were on the other, about this many pairs of faces would be "
                f"on the list all the same: {self.expected_false_leads}."
            )
        if self.on_both_sides:
            said.append(
                f"{counted(len(self.on_both_sides), 'identifier')} on both sides, not compared "
                f"with the same one: {some_of(self.on_both_sides)}."
            )
        if self.without_figures:
            said.append(
                "The calibration has no figures for the age of "
                f"{counted(self.without_figures, 'face')}."
                + ("" if self.threshold else " The strictest of its thresholds was taken.")
            )
        if self.beyond_calibration:
            share = figure(100 * (self.largest_share or 1.0), 3)
            said.append(
                f"For {counted(self.beyond_calibration, 'subject')} the calibration does not carry "
                f"the rate. Its highest score was taken; the share is then at most {share} %."
            )
        if self.reported_before:
            said.append(
                f"Left out because they were reported before: "
                f"{counted(self.reported_before, 'lead')}."
            )
        if self.left_out:
            said.append(
                f"Close enough, but not on the list: {counted(self.left_out, 'further pair')} of "
                "subjects. Ask for more of each subject to see them."
            )
        if self.hidden_pairs:
            pairs, subjects = (
                counted(self.hidden_pairs, "pair"),
                counted(self.hidden_subjects, "hidden subject"),
            )
            said.append(
                f"Close enough, but left out: {pairs} with {subjects}. A cross-match that includes "
                "hidden subjects (--include-hidden) shows them, and says why."
            )
        return said

    def _news(self) -> str:
        sides = (self.first,) if self.is_within else (self.first, self.second)
        news = " and ".join(
            f"{counted(side.new_faces, 'face')} of {side.path.name} (write {side.generation})"
            for side in sides
        )
        return f"New since the last run: {news}."


COLUMNS: Final = (
    "first",
    "rank",
    "second",
    "score",
    "expected_false_leads",
    "expected_false_leads_low",
    "expected_false_leads_high",
    "age_gap",
    "notes",
    "photos",
    "is_new",
    "first_photo",
    "first_photo_sha256",
    "first_taken_on",
    "first_age",
    "first_recorded_sex",
    "first_date_of_birth",
    "first_region",
    "second_photo",
    "second_photo_sha256",
    "second_taken_on",
    "second_age",
    "second_recorded_sex",
    "second_date_of_birth",
    "second_region",
)
"""Keys of the rows of a list, in their order."""


def _side(side: Compared) -> str:
    subjects, faces = counted(side.subjects, "subject"), counted(side.faces, "face")
    return f"{subjects} ({faces}) of {side.path.name}"


def _row(lead: CrossLead) -> dict[str, Any]:
    false = lead.expected_false_leads
    values = (
        lead.first.subject.subject_id,
        lead.rank,
        lead.second.subject.subject_id,
        lead.score,
        *((None, None, None) if false is None else (false.estimate, false.low, false.high)),
        lead.age_gap,
        "; ".join(lead.notes),
        lead.photos,
        lead.is_new,
        *_face(lead.first),
        *_face(lead.second),
    )
    return dict(zip(COLUMNS, values, strict=True))


def _face(face: CrossFace) -> tuple[Any, ...]:
    subject, photo = face.subject, face.photo
    return (
        photo.reference,
        photo.sha256,
        photo.taken_on,
        face.age,
        subject.recorded_sex,
        subject.date_of_birth,
        subject.region,
    )


def _line(lead: CrossLead) -> str:
    gap = "" if lead.age_gap is None else f"  {lead.age_gap:+.1f} years"
    false = lead.expected_false_leads
    others = "" if false is None else f"  false leads expected this close: {false}"
    notes = f"  ({'; '.join(lead.notes)})" if lead.notes else ""
    names = f"{lead.first.subject.subject_id}  {lead.rank}  {lead.second.subject.subject_id}"
    return f"{lead.score:.3f}  {names}{gap}{others}{notes}"


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Path):
        return shown(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")
