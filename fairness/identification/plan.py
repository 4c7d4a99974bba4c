"""The plan of a test of searches: which photos are enrolled, and which are probes.

A plan needs probes of both kinds: photos of enrolled subjects (mated) and photos of people who are
not enrolled (non-mated). Ranks of mated probes alone do not show how often a search leads an
investigator to the wrong child.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fairness.cohort import GAP_EDGES, UNKNOWN, Cohort, Grouping, band
from fairness.errors import CohortError
from fairness.verification import Pairs, family_codes, years_between
from fairness.words import counted

ROLE = "role"
"""Name of the label that gives the role of a photo, one of `ROLES`."""

ROLES = ("gallery", "mated_probe", "non_mated_probe")


@dataclass(frozen=True, eq=False)
class IdentificationPlan:
    """The photos to enrol and the probes, as photo indices of a cohort.

    Parameters
    ----------
    cohort
        The cohort.
    gallery
        int64 array of shape (enrolments,): photos to enrol, sorted by subject, then by time.
    mated
        int64 array of shape (mated probes,): other photos of subjects in the gallery.
    non_mated
        int64 array of shape (non-mated probes,): photos of subjects who are not in the gallery.

    Raises
    ------
    CohortError
        If nothing is enrolled, a photo is used twice, the subject of a mated probe is not in the
        gallery, or the subject of a non-mated probe is.
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
        """Return the plan that the labels of the cohort state; draw one if they state none."""
        if any(ROLE in sample.labels for sample in cohort.samples):
            return cls.stated(cohort)
        return cls.drawn(cohort, seed=seed, share=share)

    @classmethod
    def in_turn(
        cls, cohort: Cohort, *, seed: int = 0, share: float = 0.5
    ) -> tuple[IdentificationPlan, ...]:
        """Return the stated plan alone, or plans that enrol everybody in turn.

        Without stated roles, the people with two photos or more are dealt to 1 / `share` galleries
        (rounded), whose sizes differ by at most one. The first are those that `drawn` enrols first.
        Each of these people is enrolled in one plan and a stranger in the others. People with one
        photo are strangers in every plan: each is a search that finds nobody rightly, in another
        gallery, and all searches of one person count as one cluster. So the mix of strangers is on
        average the mix of one drawn plan. A share above one half leaves no room for a second
        gallery of that size, and gives the one plan of `drawn`.

        Parameters, and errors, are those of `drawn`.
        """
        if any(ROLE in sample.labels for sample in cohort.samples):
            return (cls.stated(cohort),)
        if not 0 < share <= 0.5:
            return (cls.drawn(cohort, seed=seed, share=share),)
        eligible = _eligible(cohort, seed, photos=1)
        galleries = min(round(1 / share), len(eligible))
        ends = [round(place * len(eligible) / galleries) for place in range(galleries + 1)]
        return tuple(cls._enrolling(cohort, eligible[a:b], photos=1) for a, b in pairwise(ends))

    @classmethod
    def largest(cls, cohort: Cohort) -> IdentificationPlan:
        """Return the plan of the largest gallery: the stated one, or everybody's earliest photo.

        Without stated roles, all later photos are mated probes, and there is no non-mated probe.
        """
        if any(ROLE in sample.labels for sample in cohort.samples):
            return cls.stated(cohort)
        return cls._enrolling(cohort, cohort.subjects, photos=1)

    @classmethod
    def stated(cls, cohort: Cohort) -> IdentificationPlan:
        """Return the plan that the labels `ROLE` of the photos state.

        Photos without this label are not used.

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
    def of_gallery(
        cls, cohort: Cohort, gallery: Iterable[int], probes: Iterable[int]
    ) -> IdentificationPlan:
        """Return the plan with these photos enrolled and these probes, by photo index.

        The subject of a probe decides whether it is mated. Other photos are not used.

        Raises
        ------
        CohortError
            As the class.
        """
        codes = cohort.subject_codes
        enrolled = set(gallery)
        of = {int(codes[photo]) for photo in enrolled}
        order = [photo for photo in _earliest_first(cohort) if photo in enrolled]
        parts: tuple[list[int], list[int]] = ([], [])
        for photo in sorted(probes):
            parts[0 if int(codes[photo]) in of else 1].append(photo)
        return cls(cohort, _indices(order), _indices(parts[0]), _indices(parts[1]))

    @classmethod
    def drawn(
        cls, cohort: Cohort, *, seed: int = 0, share: float = 0.5, photos: int = 1
    ) -> IdentificationPlan:
        """Draw a plan. Only the seed and the name of a subject decide the place in the draw.

        A share of the subjects with more than `photos` photos is drawn. These subjects are
        enrolled with their earliest photos, like a missing child, and their later photos are mated
        probes. All photos of all other subjects are non-mated probes.

        Parameters
        ----------
        cohort
            The cohort.
        seed
            Seed of the draw.
        share
            Share of those subjects who are enrolled, in (0, 1]; at least one subject.
        photos
            Number of photos enrolled of each subject, at least 1.

        Raises
        ------
        ValueError
            If share or photos is out of range.
        CohortError
            If no subject has more photos than that.
        """
        if not 0 < share <= 1 or photos < 1:
            raise ValueError(f"need 0 < share <= 1 and photos >= 1, got {share, photos}")
        eligible = _eligible(cohort, seed, photos)
        number = max(1, round(share * len(eligible)))
        return cls._enrolling(cohort, eligible[:number], photos)

    @classmethod
    def _enrolling(cls, cohort: Cohort, subjects: Sequence[str], photos: int) -> IdentificationPlan:
        """Enrol the earliest photos of these subjects; search with all other photos."""
        enrolled, used = set(subjects), Counter[str]()
        parts: tuple[list[int], list[int], list[int]] = ([], [], [])
        for photo in _earliest_first(cohort):
            subject = cohort.samples[photo].subject
            used[subject] += 1
            parts[2 if subject not in enrolled else int(used[subject] > photos)].append(photo)
        gallery, mated, non_mated = parts
        return cls(cohort, _indices(gallery), _indices(sorted(mated)), _indices(sorted(non_mated)))

    @cached_property
    def enrolled(self) -> NDArray[np.int64]:
        """Codes of the subjects to enrol, sorted, each once."""
        return np.unique(self.cohort.subject_codes[self.gallery])

    def relatives(self, enrolled: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """Return for each non-mated probe its relatives among the enrolled subjects.

        Parameters
        ----------
        enrolled
            Codes of the enrolled subjects.
        """
        families = family_codes(self.cohort)
        of, probes = families[enrolled], families[self.cohort.subject_codes[self.non_mated]]
        return [enrolled[of == family] if family >= 0 else enrolled[:0] for family in probes]

    def gaps(self, edges: Sequence[float] = GAP_EDGES) -> Grouping:
        """Group mated probes by the years between them and the subject's latest enrolled photo.

        The years come from the dates if both are known, else from the ages. If neither is known,
        and for all other photos, the group is `UNKNOWN`. The direction in time is ignored.
        """
        codes = self.cohort.subject_codes
        latest = np.zeros(len(self.cohort.subjects), np.int64)
        latest[codes[self.gallery]] = self.gallery
        none = np.zeros(len(self.mated), np.float32)
        pairs = Pairs(latest[codes[self.mated]], self.mated, none)
        labels = [UNKNOWN] * len(self.cohort)
        for photo, years in zip(self.mated, years_between(self.cohort, pairs), strict=True):
            labels[photo] = band(None if math.isnan(years) else years, edges)
        return Grouping.of("gap", labels)


def _eligible(cohort: Cohort, seed: int, photos: int) -> list[str]:
    """Return the subjects with more photos than are enrolled, in the order of their lots."""
    counts = Counter(sample.subject for sample in cohort.samples)
    eligible = sorted((s for s in counts if counts[s] > photos), key=lambda s: _lot(s, seed))
    if not eligible:
        raise CohortError(
            "the cohort",
            rule=f"has a subject with more than {counted(photos, 'photo')}, to enrol and to "
            "search for",
            got=f"{counted(len(counts), 'subject')} with at most "
            f"{counted(max(counts.values(), default=0), 'photo')}",
            next_step="Add later photos of some subjects, or leave searches out.",
        )
    return eligible


def _lot(subject: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}:{subject}".encode("utf-8", "surrogateescape")).digest()


def _earliest_first(cohort: Cohort) -> list[int]:
    """Return photos by subject, then age, date and cohort order. An unknown age or date is last."""

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
