"""Take the date of a photo for its day of capture where the records have none, and say so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from matcher.enrolment.manifest import PhotoOfSubject
from matcher.errors import MatcherError, UnknownSubjectError
from matcher.gallery.gallery import Gallery
from matcher.gallery.records import PhotoRecord
from matcher.photos import CaptureDate, DecodeLimits, capture_date
from matcher.words import counted

DateUse = Literal[
    "taken",
    "offered",
    "awaits --update",
    "not good enough",
    "same day",
    "differs from the record",
]
"""What was done with the date of a photo. A recorded date always stays."""


@dataclass(frozen=True)
class Dating:
    """The date that a photo carries, and what was done with it.

    Parameters
    ----------
    found
        The date, with what the records of the person say against it.
    use
        `taken`, as the day of capture; `offered`, where it could be; `awaits --update`, where it
        could be taken into the record of a photo that is there; `not good enough`; or, where the
        caller's records have a day, whether it is the `same day` or `differs from the record`.
    """

    found: CaptureDate
    use: DateUse

    def row(self) -> dict[str, str]:
        """Return the cells of a report."""
        found = self.found
        return {
            "date_found": "" if found.day is None else found.day.isoformat(),
            "date_field": found.source,
            "date_reliability": found.reliability,
            "date_doubts": found.because,
            "date_use": self.use,
        }


@dataclass(frozen=True)
class Dater:
    """Decides on the dates of photos.

    A date is taken if it is good, see `CaptureDate.reliability`, and no record has one.

    Parameters
    ----------
    gallery
        The gallery with the records of those who are there.
    take
        Whether a good date is taken, or offered only.
    update
        Whether it is also taken into the record of a photo that is there.
    limits
        Limits on the files that are read again.
    """

    gallery: Gallery
    take: bool
    update: bool
    limits: DecodeLimits

    def of_new(
        self, photo: PhotoOfSubject, carried: CaptureDate | None
    ) -> tuple[PhotoOfSubject, Dating | None]:
        """Return the photo, with its own date if that is taken, and what was done with it.

        Parameters
        ----------
        photo
            The photo, as the caller's records have it.
        carried
            The date that the file carries.
        """
        if carried is None:
            return photo, None
        found = carried.of_person(self._birth(photo), photo.age_at_capture)
        if photo.taken_on is not None and found.day is not None:
            use: DateUse = "same day" if found.day == photo.taken_on else "differs from the record"
            return photo, Dating(found, use)
        if found.reliability != "good":
            return photo, Dating(found, "not good enough")
        if not self.take:
            return photo, Dating(found, "offered")
        return replace(photo, taken_on=found.day, dated_by=found.source), Dating(found, "taken")

    def of_stored(
        self, photo: PhotoOfSubject, stored: PhotoRecord
    ) -> tuple[PhotoOfSubject, Dating | None]:
        """Return the same of a photo that is there. It is read only if no record has a day."""
        if photo.taken_on is not None or stored.taken_on is not None:
            return photo, None
        try:
            carried = capture_date(photo.path, sha256=stored.sha256, limits=self.limits)
        except MatcherError:  # the file changed since it was found to be there
            return photo, None
        age = stored.age_at_capture if photo.age_at_capture is None else photo.age_at_capture
        given, dating = self.of_new(replace(photo, age_at_capture=age), carried)
        if dating is not None and dating.use == "taken" and not self.update:
            dating = replace(dating, use="awaits --update")
        return replace(given, age_at_capture=photo.age_at_capture), dating

    def _birth(self, photo: PhotoOfSubject) -> date | None:
        """Return the day of birth; the later one, if the caller and the gallery have two."""
        births = [photo.subject.date_of_birth]
        with suppress(UnknownSubjectError):
            births.append(self.gallery.subject(photo.subject.subject_id).date_of_birth)
        return max((birth for birth in births if birth is not None), default=None)


def date_remarks(datings: Iterable[Dating | None]) -> Iterator[str]:
    """Yield sentences on what was done with the dates of photos, in counts only.

    Parameters
    ----------
    datings
        Those of the photos that are enrolled; None for a photo without a date.
    """
    known = [one for one in datings if one is not None]
    uses = Counter(one.use for one in known)
    if uses["taken"]:
        yield f"Days of capture taken from photos: {uses['taken']}."
    if uses["offered"]:
        photos = counted(uses["offered"], "photo carries", "photos carry")
        yield (f"{photos} a good date that the records lack; --dates-from-photos takes it.")
    if uses["not good enough"]:
        doubts = Counter(
            doubt for one in known if one.use == "not good enough" for doubt in one.found.doubts
        )
        listed = ", ".join(f"{doubt} {count}" for doubt, count in doubts.most_common())
        yield (
            f"Dates in photos that are not good enough to be taken: {uses['not good enough']} "
            f"({listed}; a date may have several)."
        )
    if differing := [one.found for one in known if one.use == "differs from the record"]:
        photos = counted(len(differing), "photo carries", "photos carry")
        good = sum(found.reliability == "good" for found in differing)
        yield (
            f"{photos} another date than the records have ({good} good, {len(differing) - good} "
            "not); the records stay as they are."
        )
