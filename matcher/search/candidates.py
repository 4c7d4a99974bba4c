"""The ranked list that a search returns. Its type is the same for every outcome."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

from matcher.embedding import ModelIdentity
from matcher.errors import MissingExtraError
from matcher.faces import FaceNumber, note_of_several
from matcher.gallery import Exclusion, PhotoRecord, Subject
from matcher.paths import shown
from matcher.search.calibration import CalibrationUse, ExpectedFalseLeads
from matcher.words import counted, some_of, visible

if TYPE_CHECKING:
    import pandas as pd

Outcome = Literal["leads", "none above the threshold", "nobody to search", "probe not good enough"]


@dataclass(frozen=True)
class CandidatePhoto:
    """One enrolled photo of a candidate.

    Parameters
    ----------
    photo
        The record of the photo. Its `reference` says where the pixels are.
    score
        Cosine similarity to the probe in [-1, 1], higher is closer. A degraded probe is compared
        with the low-resolution vector of the photo, if the model makes such vectors.
    quality
        Quality measures at enrolment.
    age_gap
        Years between this photo and the probe (probe minus photo); None unless both ages or both
        dates are known.
    box
        The enrolled face: left, top, right, bottom in pixels of the upright photo.
    """

    photo: PhotoRecord
    score: float
    quality: Mapping[str, float]
    age_gap: float | None
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class Candidate:
    """One subject of the gallery, to be reviewed by a person.

    Parameters
    ----------
    rank
        1 for the highest score.
    subject
        The record.
    score
        Score of the subject's closest photo, in [-1, 1]. Ranks follow this score. It is not a
        probability, and its meaning depends on the age of the compared people.
    template_score
        Cosine similarity to the fused template of all the subject's photos. For a degraded probe,
        the template is fused from their low-resolution vectors, if the model makes such vectors.
    photos
        All the subject's photos that the filters allow, the closest first.
    expected_false_leads
        Expected number of other people's faces that score at least as high. None without a
        calibration, for a degraded probe, or if the calibration has no figures for the age of the
        probe.
    """

    rank: int
    subject: Subject
    score: float
    template_score: float
    photos: tuple[CandidatePhoto, ...]
    expected_false_leads: ExpectedFalseLeads | None = None

    @property
    def age_gap(self) -> float | None:
        """Years from the closest photo to the probe, if known."""
        return self.photos[0].age_gap


@dataclass(frozen=True)
class ProbeFacts:
    """The known facts of a probe.

    Parameters
    ----------
    sha256
        Hash of the photo; None if the probe was a vector or a template.
    taken_on, age_at_capture
        As the caller gave them; or the day that the photo carries, if it was to be used.
    quality
        Quality measures; empty if the probe was a vector or a template.
    degraded
        Whether the model took the probe for a degraded face. It is then searched for with a vector
        for degraded photos, and no calibration has figures for it.
    box
        Box of the face: left, top, right, bottom in pixels of the upright photo. None if the probe
        was a vector or a template, or if no face was chosen.
    face
        Which of the photo's faces it is; None without a photo or without a chosen face.
    notes
        What was converted, chosen or lost while the photo was read, see `Photo.notes`; the date
        that the photo carries, and whether it is used; of a probe of several photos also which of
        them do not count, and why.
    fused
        Hashes of the photos of one person whose vectors were fused into one probe, "" for a vector;
        empty for a probe of one photo.
    first_photo
        Number, from 1, of the first photo that counts, of those that were given for one person.
    dated_by
        What gave `taken_on`, if the photo itself did; None if the caller did.
    """

    sha256: str | None = None
    taken_on: date | None = None
    age_at_capture: float | None = None
    quality: Mapping[str, float] | None = None
    degraded: bool = False
    box: tuple[float, float, float, float] | None = None
    face: FaceNumber | None = None
    notes: tuple[str, ...] = ()
    fused: tuple[str, ...] = ()
    first_photo: int = 1
    dated_by: str | None = None

    @property
    def without_figures(self) -> str:
        """The kind of probe for which no calibration has figures; empty for any other.

        Calibrations are measured on single photos as they are.
        """
        if self.fused:
            return "probes of several photos"
        return "degraded probes" if self.degraded else ""


@dataclass(frozen=True)
class CandidateList:
    """The result of one search: leads for a person to review, never an identification.

    Parameters
    ----------
    outcome
        `leads`; `none above the threshold`; `nobody to search`, when the gallery, or the part of it
        that the filters leave, is empty; or `probe not good enough`, with the `reasons`.
    candidates
        One row for each subject, ranks from 1.
    reasons
        Why the probe was refused; empty if it was not refused.
    probe
        The known facts of the probe.
    threshold
        Lowest score that may appear on the list; None if every score may.
    exclusions
        What each filter left out, and how many it kept although the value is unknown.
    searched_faces, searched_subjects
        Numbers of faces and subjects that could be on the list: those that the filters leave,
        without hidden ones. Thresholds and expected false leads follow from this number of faces.
    model
        The model that made all vectors.
    calibration
        What the expected false leads hold for, and the threshold if it was chosen by a rate; None
        without a calibration.
    searched_at
        Time of the search, in UTC. Two lists that differ only in it are equal.
    hidden
        Number of hidden subjects that are left out, see `Gallery.hide`: those closer than the last
        candidate of a full list; all that reach the threshold, if the list is not full.
    hidden_asked_for
        Those that `Filters.subject_ids` names and that are left out all the same.
    record
        Number of the record of the search in the log of a governed gallery; None for any other.
        Two lists that differ only in it are equal.
    """

    outcome: Outcome
    candidates: tuple[Candidate, ...]
    reasons: tuple[str, ...]
    probe: ProbeFacts
    threshold: float | None
    exclusions: tuple[Exclusion, ...]
    searched_faces: int
    searched_subjects: int
    model: ModelIdentity
    calibration: CalibrationUse | None = None
    searched_at: datetime | None = field(default=None, compare=False)
    hidden: int = 0
    hidden_asked_for: tuple[str, ...] = ()
    record: int | None = field(default=None, compare=False)

    def __len__(self) -> int:
        return len(self.candidates)

    def __iter__(self) -> Iterator[Candidate]:
        return iter(self.candidates)

    def rank_of(self, subject_id: str) -> int | None:
        """Return the rank of a subject; None if the subject is not in the list."""
        ranks = {item.subject.subject_id: item.rank for item in self.candidates}
        return ranks.get(subject_id)

    def rows(self) -> list[dict[str, Any]]:
        """Return one flat mapping for each candidate, for tables and CSV; its keys are `COLUMNS`.

        `outcome`, `reason`, `cautions` and `hidden_left_out` are those of the list, the same in
        every row.
        """
        return [self._facts() | _row(candidate) | self._numbers() for candidate in self.candidates]

    def report_rows(self) -> list[dict[str, Any]]:
        """Return `rows`, or one row with the outcome and the reason if there is no candidate.

        So a report on many probes has a row for every one of them.
        """
        return self.rows() or [dict.fromkeys(COLUMNS) | self._facts() | self._numbers()]

    def _numbers(self) -> dict[str, int | None]:
        face = self.probe.face
        number, of = (None, None) if face is None else (face.number, face.of)
        return {"probe_face": number, "probe_faces": of, "hidden_left_out": self.hidden}

    def _facts(self) -> dict[str, str]:
        return {
            "outcome": self.outcome,
            "reason": "; ".join(self.reasons),
            "cautions": " ".join(self.cautions()),
        }

    def to_json(self) -> str:
        """Return everything as one JSON object. Dates are ISO 8601."""
        return json.dumps(
            asdict(self) | {"model": self.model.facts()}, default=_plain, ensure_ascii=False
        )

    def to_frame(self) -> pd.DataFrame:
        """Return the rows as a pandas frame.

        Raises
        ------
        MissingExtraError
            pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise MissingExtraError(
                "CandidateList.to_frame",
                rule="needs pandas",
                got="no pandas in this environment",
                next_step='Run: pip install "pandas>=2.3".',
            ) from error
        return pd.DataFrame(self.rows(), columns=list(COLUMNS))

    def __str__(self) -> str:
        lines = [self._headline(), *map(_line, self.candidates), *self._footnotes()]
        return "\n".join(visible(shown(line)) for line in lines)

    def _headline(self) -> str:
        if self.outcome == "probe not good enough":
            return "Probe not good enough to search: " + "; ".join(self.reasons)
        subjects, faces = (
            counted(self.searched_subjects, "subject"),
            counted(self.searched_faces, "face"),
        )
        searched = f"{subjects} ({faces}) searched"
        if self.searched_subjects == 0:
            return "No subject to search: the gallery is empty, or filters and hiding leave nobody"
        if self.outcome == "none above the threshold":
            return f"No lead at or above {self.threshold:.3f}; {searched}"
        return f"{counted(len(self), 'lead')} to review; {searched}"

    def _footnotes(self) -> list[str]:
        return [*map(str, self.exclusions), *self.cautions()]

    def cautions(self) -> list[str]:
        """Return sentences that say what the list holds for.

        They tell which of several faces was searched for, who is left out as hidden, and
        what scores, threshold and expected false leads mean.
        """
        face = note_of_several(self.probe.face)
        which = [f"Searched for {face}."] if face else []
        if self.outcome == "probe not good enough":
            return which
        known = [*which, _DEGRADED] if self.probe.degraded else which
        if self.probe.fused:
            known.append(f"Searched with {len(self.probe.fused)} photos, fused into one probe.")
        known += self._left_out()
        if self.calibration is None:
            return known
        if self.calibration.max_fpir is None:
            return [*known, f"{self.calibration}."]
        return [*known, f"Threshold {self.threshold:.4f}. {self.calibration}."]

    def _left_out(self) -> list[str]:
        said = []
        if self.hidden:
            said.append(f"Left out of this list: {counted(self.hidden, 'hidden subject')}.")
        if self.hidden_asked_for:
            names = visible(some_of(self.hidden_asked_for))
            said.append(f"Hidden, although the search asks for them: {names}.")
        return [*said, _INCLUDE] if said else []


_DEGRADED = "The probe is degraded: it was searched for with a vector for degraded photos."
_INCLUDE = "A search that includes hidden subjects (--include-hidden) shows them, and says why."


_OF_THE_LIST = ("outcome", "reason", "cautions")
_OF_A_CANDIDATE = (
    "rank",
    "subject",
    "score",
    "template_score",
    "photos",
    "best_photo",
    "best_photo_sha256",
    "best_photo_taken_on",
    "age_gap",
    "expected_false_leads",
    "expected_false_leads_low",
    "expected_false_leads_high",
    "recorded_sex",
    "date_of_birth",
    "region",
    "hidden_because",
)
COLUMNS = (*_OF_THE_LIST, *_OF_A_CANDIDATE, "probe_face", "probe_faces", "hidden_left_out")
"""Keys of the rows of a list, in their order."""


def _row(candidate: Candidate) -> dict[str, Any]:
    subject, best = candidate.subject, candidate.photos[0]
    false = candidate.expected_false_leads
    values = (
        candidate.rank,
        subject.subject_id,
        candidate.score,
        candidate.template_score,
        len(candidate.photos),
        best.photo.reference,
        best.photo.sha256,
        best.photo.taken_on,
        candidate.age_gap,
        *((None, None, None) if false is None else (false.estimate, false.low, false.high)),
        subject.recorded_sex,
        subject.date_of_birth,
        subject.region,
        subject.hidden_because,
    )
    return dict(zip(_OF_A_CANDIDATE, values, strict=True))


def _line(candidate: Candidate) -> str:
    gap = "" if candidate.age_gap is None else f"  {candidate.age_gap:+.1f} years"
    photos = counted(len(candidate.photos), "photo")
    name = candidate.subject.subject_id
    false = candidate.expected_false_leads
    others = "" if false is None else f"  false leads expected this close: {false}"
    why = candidate.subject.hidden_because
    hidden = "" if why is None else f"  hidden: {why}"
    return f"{candidate.rank:4d}  {candidate.score:.3f}  {name}  ({photos}){gap}{others}{hidden}"


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"no JSON form for {type(value).__name__}")
