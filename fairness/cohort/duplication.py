"""Duplicate files. Under one subject a copy adds nothing; under two subjects it is a fault."""

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
        Photos that repeat the bytes of an earlier photo: of the same subject, or in a data set
        without identities.
    """

    across: tuple[tuple[str, ...], ...]
    repeated: tuple[str, ...]


def duplicates(sha256_by_photo: Mapping[str, str], cohort: Cohort) -> Duplicates:
    """Find photos with the same bytes.

    In a data set without identities, the subject of a photo is the photo's own identifier. Such a
    photo contradicts no other identity, so a copy of it only counts as repeated.

    Parameters
    ----------
    sha256_by_photo
        Hash of each photo's file, by identifier. A photo that is missing here, such as an
        unreadable one, counts as no duplicate.
    cohort
        The cohort of the photos.
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
    """Return the cohort with each file once. `Cohort.set_aside` lists the photos left out.

    Parameters are those of `duplicates`.

    Raises
    ------
    CohortError
        If two subjects share a file. One of the labels is then wrong, and a comparison of the two
        photos would count as a false match.
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
