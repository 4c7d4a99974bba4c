"""Who is enrolled and whose photos are searched with, in a test of searches.

A plan needs searches of both kinds: by photos of enrolled subjects (mated) and by photos of people
who are not enrolled (non-mated). Ranks alone, without the second kind, say nothing of how often an
investigator is sent after the wrong child.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fairness.cohort import GAP_EDGES, UNKNOWN, Cells, Cohort, band
from fairness.errors import CohortError
from fairness.verification import Pairs, family_codes, years_between

ROLE = "role"
"""Label of a photo that says what it is used for, one of `ROLES`."""

ROLES = ("gallery", "mated_probe", "non_mated_probe")


@dataclass(frozen=True, eq=False)
class IdentificationPlan:
    """What is enrolled and what is searched with, as photo indices of a cohort.

    Parameters
    ----------
    cohort
        Whose photos.
    gallery
        int64 array of shape (enrolments,): photos to enrol, sorted by subject, then the earliest
        first.
    mated
        int64 array of shape (mated probes,): other photos of subjects in the gallery.
    non_mated
        int64 array of shape (non-mated probes,): photos of subjects who are not in the gallery.

    Raises
    ------
    CohortError
        If nothing is enrolled, a photo is used twice, a mated probe has nobody in the gallery, or
        a non-mated probe has.
    """

    cohort: Cohort
    gallery: NDArray[np.int64]
    mated: NDArray[np.int64]
    non_mated: NDArray[np.int64]

    def __post_init__(self) -> None:
        if not len(self.gallery):
            raise _plan_error("enrols one photo or more", "none", "Give more photos.")
        used = np.concatenate([self.gallery, self.mated, self.non_mated])
        if len(np.unique(used)) < len(used):
            raise _plan_error("uses each photo once", "a photo twice", "Give it one role.")
        codes = self.cohort.subject_codes
        if not np.isin(codes[self.mated], self.enrolled).all():
            raise _plan_error(
                "has enrolled the subject of each mated probe",
                "a mated probe of somebody who is not in the gallery",
                "Enrol a photo of each such subject, or call the probe non_mated_probe.",
            )
        if np.isin(codes[self.non_mated], self.enrolled).any():
            raise _plan_error(
                "has not enrolled the subject of any non-mated probe",
                "a non-mated probe of somebody who is in the gallery",
                "Leave their photos out of the gallery, or call the probe mated_probe.",
            )

    @classmethod
    def of(cls, cohort: Cohort, *, seed: int = 0, share: float = 0.5) -> IdentificationPlan:
        """Return the plan that the cohort states, or one that is drawn if it states none."""
        if any(ROLE in sample.labels for sample in cohort.samples):
            return cls.stated(cohort)
        return cls.drawn(cohort, seed=seed, share=share)

    @classmethod
    def stated(cls, cohort: Cohort) -> IdentificationPlan:
        """Return the plan that the labels `ROLE` of the photos state.

        Photos without the label take no part.

        Raises
        ------
        CohortError
            If a label is none of `ROLES`, or the roles contradict each other.
        """
        roles = [sample.labels.get(ROLE) for sample in cohort.samples]
        if strange := sorted({role for role in roles if role is not None} - set(ROLES)):
            raise CohortError(
                "the roles of the photos",
                rule=f"each is one of {', '.join(ROLES)}",
                got=", ".join(strange),
                next_step="Correct the label, or leave it out for photos that take no part.",
            )
        order = _earliest_first(cohort)
        gallery, mated, non_mated = ([p for p in order if roles[p] == role] for role in ROLES)
        return cls(cohort, _indices(gallery), _indices(sorted(mated)), _indices(sorted(non_mated)))

    @classmethod
    def drawn(
        cls, cohort: Cohort, *, seed: int = 0, share: float = 0.5, photos: int = 1
    ) -> IdentificationPlan:
        """Return a plan by lot: who is enrolled depends on their name and the seed only.

        Of the subjects who have more photos than are enrolled of each, a share is drawn and
        enrolled with their earliest photos, as a missing child is; their later photos are mated
        probes. The photos of all other subjects are non-mated probes.

        Parameters
        ----------
        cohort
            Whose photos.
        seed
            Of the lot.
        share
            Share of those subjects who are enrolled, in (0, 1]; one subject at least.
        photos
            Photos enrolled of each, at least 1.

        Raises
        ------
        ValueError
            If share or photos is out of range.
        CohortError
            If no subject has more photos than that.
        """
        if not 0 < share <= 1 or photos < 1:
            raise ValueError(f"need 0 < share <= 1 and photos >= 1, got {share, photos}")
        owned = Counter(sample.subject for sample in cohort.samples)
        able = sorted((s for s in owned if owned[s] > photos), key=lambda s: _lot(s, seed))
        if not able:
            raise CohortError(
                "the cohort",
                rule=f"has a subject with more than {photos} photos, to enrol and to search for",
                got=f"{len(owned)} subjects with {max(owned.values(), default=0)} at most",
                next_step="Add later photos of some subjects, or leave searches out.",
            )
        enrolled = set(able[: max(1, round(share * len(able)))])
        used: Counter[str] = Counter()
        parts: tuple[list[int], list[int], list[int]] = ([], [], [])
        for photo in _earliest_first(cohort):
            subject = cohort.samples[photo].subject
            used[subject] += 1
            parts[2 if subject not in enrolled else int(used[subject] > photos)].append(photo)
        gallery, mated, non_mated = parts
        return cls(cohort, _indices(gallery), _indices(sorted(mated)), _indices(sorted(non_mated)))

    @cached_property
    def enrolled(self) -> NDArray[np.int64]:
        """Subject codes of those to be enrolled, sorted, each once."""
        return np.unique(self.cohort.subject_codes[self.gallery])

    def relatives(self, enrolled: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """Return, for each non-mated probe, which of some subjects are of its family.

        Parameters
        ----------
        enrolled
            Subject codes.
        """
        families = family_codes(self.cohort)
        of, own = families[enrolled], families[self.cohort.subject_codes[self.non_mated]]
        return [enrolled[of == family] if family >= 0 else enrolled[:0] for family in own]

    def gaps(self, edges: Sequence[float] = GAP_EDGES) -> Cells:
        """Return the years from the latest enrolled photo of a subject to each mated probe.

        From the dates if both are known, else from the ages; else, and for all other photos,
        `UNKNOWN`. A probe that is older than the enrolled photo counts like a later one.
        """
        codes = self.cohort.subject_codes
        latest = np.zeros(len(self.cohort.subjects), np.int64)
        latest[codes[self.gallery]] = self.gallery
        none = np.zeros(len(self.mated), np.float32)
        pairs = Pairs(latest[codes[self.mated]], self.mated, none)
        labels = [UNKNOWN] * len(self.cohort)
        for photo, years in zip(self.mated, years_between(self.cohort, pairs), strict=True):
            labels[photo] = band(None if math.isnan(years) else years, edges)
        return Cells.of("gap", labels)


def _lot(subject: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}:{subject}".encode()).digest()


def _earliest_first(cohort: Cohort) -> list[int]:
    """Photos by subject, then age, date and place in the cohort; those without come last."""

    def key(photo: int) -> tuple[str, float, float, int]:
        sample = cohort.samples[photo]
        age = math.inf if sample.age_at_capture is None else sample.age_at_capture
        day = math.inf if sample.taken_on is None else sample.taken_on.toordinal()
        return sample.subject, age, day, photo

    return sorted(range(len(cohort)), key=key)


def _indices(photos: Sequence[int]) -> NDArray[np.int64]:
    return np.array(photos, dtype=np.int64)


def _plan_error(rule: str, got: str, next_step: str) -> CohortError:
    return CohortError("the plan of the searches", rule=rule, got=got, next_step=next_step)
