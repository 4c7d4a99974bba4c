"""The same file twice: under one subject it adds nothing, under two it is a contradiction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from fairness.cohort.cohort import Cohort, Sample
from fairness.errors import require_none


@dataclass(frozen=True)
class Duplicates:
    """Photos with the same bytes.

    Parameters
    ----------
    across
        Sets of photos with the same bytes under different subjects.
    repeated
        Photos with the bytes of an earlier photo, of the same subject or subjects of their own.
    """

    across: tuple[tuple[str, ...], ...]
    repeated: tuple[str, ...]


def duplicates(sha256_by_photo: Mapping[str, str], cohort: Cohort) -> Duplicates:
    """Find photos with the same bytes.

    A photo that is a subject of its own, called by its identifier as in sets without identities,
    has no identity that could contradict another: it only repeats.

    Parameters
    ----------
    sha256_by_photo
        Hash of each photo's file by its identifier; photos that are not in it, such as unreadable
        ones, are compared with nothing.
    cohort
        Whose photos they are.
    """
    same: dict[str, list[Sample]] = defaultdict(list)
    for sample in cohort.samples:
        if sample.photo in sha256_by_photo:
            same[sha256_by_photo[sample.photo]].append(sample)
    across: list[tuple[str, ...]] = []
    repeated: list[str] = []
    for first, *others in same.values():
        subjects = {first.subject}
        for other in others:
            if other.subject in subjects or other.subject == other.photo:
                repeated.append(other.photo)
            subjects |= {other.subject} - {other.photo}
        if len(subjects) > 1:
            across.append(tuple(sample.photo for sample in (first, *others)))
    return Duplicates(tuple(across), tuple(sorted(repeated)))


def without_duplicates(sha256_by_photo: Mapping[str, str], cohort: Cohort) -> Cohort:
    """Return the cohort with every file once; what is left out is listed in `Cohort.set_aside`.

    Parameters are those of `duplicates`.

    Raises
    ------
    CohortError
        If two subjects share a file: one of the labels is wrong, and a comparison of the two would
        count as a false match.
    """
    found = duplicates(sha256_by_photo, cohort)
    subject = {sample.photo: sample.subject for sample in cohort.samples}
    require_none(
        (
            " and ".join(f"{photo!r} of subject {subject[photo]!r}" for photo in photos)
            for photos in found.across
        ),
        what=f"photos of cohort {cohort.name!r}",
        rule="no two subjects share the same file",
        next_step="Give these photos to one subject, or take them out.",
        path=cohort.folder,
    )
    if not found.repeated:
        return cohort
    return cohort.without(set(found.repeated), "same file as another photo")
