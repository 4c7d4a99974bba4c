"""List the dates of many photos; a photo that cannot be read is one outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from matcher.arguments import expect_hook
from matcher.errors import MatcherError
from matcher.paths import shown
from matcher.photos.dates.capture import CaptureDate
from matcher.photos.dates.position import Position
from matcher.photos.dates.reading import capture_date, gps_position
from matcher.photos.source import DecodeLimits
from matcher.progress import ProgressHook, silent
from matcher.words import counted

_REPORTED = 100  # photos between two reports of progress


@dataclass(frozen=True)
class DateOfPhoto:
    """The date that one photo carries.

    Parameters
    ----------
    path
        The photo.
    found
        The date; None if it carries none, or cannot be read.
    position
        Where it was taken, if that was asked for and the photo says it.
    error
        Why it cannot be read; None if it can.
    """

    path: Path
    found: CaptureDate | None = None
    position: Position | None = None
    error: MatcherError | None = None

    def row(self, *, gps: bool = False) -> dict[str, object]:
        """Return one flat row for a table; with `gps` also the position, in degrees."""
        found, place = self.found, self.position
        values: dict[str, object] = {"photo": shown(self.path), "day": None, "reliability": None}
        if found is not None:
            values |= {"day": found.day, "reliability": found.reliability}
        values |= {
            "doubts": self._doubts(),
            "time": None if found is None else found.clock,
            "field": None if found is None else found.source,
            "camera": None if found is None else found.camera,
            "software": None if found is None else found.software,
        }
        if gps:
            values["latitude"] = None if place is None else place.latitude
            values["longitude"] = None if place is None else place.longitude
        return values | {"error": "" if self.error is None else self.error.code}

    def _doubts(self) -> str:
        if self.found is not None:
            return self.found.because
        return "no date" if self.error is None else ""


def list_dates(
    paths: Iterable[Path],
    *,
    gps: bool = False,
    limits: DecodeLimits = DecodeLimits(),  # noqa: B008 - frozen, so one instance serves all calls
    on_progress: ProgressHook = silent,
) -> tuple[DateOfPhoto, ...]:
    """Return the date of each photo, in order.

    Parameters
    ----------
    paths
        The photos.
    gps
        Whether the position is read as well.
    limits
        As in `load_photo`.
    on_progress
        Called after some photos.

    Raises
    ------
    InputError
        An argument is of another type.
    """
    expect_hook("on_progress", on_progress)
    photos = list(paths)
    found: list[DateOfPhoto] = []
    for path in photos:
        found.append(_date_of(path, gps, limits))
        if len(found) % _REPORTED == 0 or len(found) == len(photos):
            on_progress("read dates", len(found), len(photos))
    return tuple(found)


def _date_of(path: Path, gps: bool, limits: DecodeLimits) -> DateOfPhoto:
    try:
        found = capture_date(path, limits=limits)
        place = gps_position(path, limits=limits) if gps else None
    except MatcherError as error:
        return DateOfPhoto(path, error=error)
    return DateOfPhoto(path, found, place)


def counted_dates(dates: Sequence[DateOfPhoto]) -> str:
    """Return how many photos carry a date of each reliability, as one sentence."""
    kinds = Counter(
        "unread" if one.error else one.found.reliability if one.found else "none" for one in dates
    )
    unread = f"; {kinds['unread']} could not be read" if kinds["unread"] else ""
    return (
        f"{counted(len(dates), 'photo')}: {kinds['good']} with a good date, {kinds['doubtful']} "
        f"with a doubtful one, {kinds['wrong']} with a wrong one, {kinds['none']} without{unread}."
    )
