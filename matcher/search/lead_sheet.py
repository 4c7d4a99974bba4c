"""Write probe and leads side by side, as one self-contained HTML file for a person to review."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from matcher.errors import MatcherError, PhotoChangedError
from matcher.gallery import PhotoRecord
from matcher.photos import DecodeLimits, Photo, load_photo, load_unchanged
from matcher.search.candidates import Candidate, CandidateList

_THUMBNAIL = 144  # px, longest side


@dataclass(frozen=True)
class _Picture:
    """A thumbnail as base64 of a JPEG, or the reason why there is none."""

    data: str = ""
    missing: str = ""


@dataclass(frozen=True)
class _Lead:
    candidate: Candidate
    picture: _Picture
    marked: bool


@dataclass(frozen=True)
class _Search:
    name: str
    picture: _Picture
    result: CandidateList
    headline: str
    leads: tuple[_Lead, ...]


def write_sheet(
    path: Path,
    probes: Sequence[Path | Photo],
    results: Sequence[CandidateList],
    *,
    title: str,
    note: str = "",
    mates: Sequence[str | None] = (),
    limits: DecodeLimits = DecodeLimits(),  # noqa: B008 - frozen, so one instance serves all calls
) -> tuple[str, ...]:
    """Write one HTML file with each probe, its candidates, their scores and all pictures.

    Parameters
    ----------
    path
        File to write. An existing file is replaced.
    probes, results
        The photos that were searched for, as paths or as they were loaded, and their lists in the
        same order.
    title
        Heading of the page.
    note
        A line under the heading, for instance the origin of the pictures.
    mates
        For demonstrations and tests: the true subject of each probe. The page marks it.
    limits
        Limits on the size of photos that are decoded.

    Returns
    -------
    tuple of str
        A sentence for each picture that is not on the page: its file is gone, cannot be read, or
        has changed since it was enrolled or searched with. A changed file may show somebody else,
        so it is never shown.
    """
    known = list(mates) or [None] * len(probes)
    searches = tuple(
        _search(probe, result, mate, limits)
        for probe, result, mate in zip(probes, results, known, strict=True)
    )
    calibrated = any(result.calibration is not None for result in results)
    template = _environment().get_template("lead_sheet.html")
    page = template.render(title=title, note=note, calibrated=calibrated, searches=searches)
    path.write_text(page, encoding="utf-8")
    return tuple(fault for search in searches for fault in _faults(search))


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("matcher.search"),
        autoescape=True,  # names, notes and references come from case files
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _search(
    probe: Path | Photo, result: CandidateList, mate: str | None, limits: DecodeLimits
) -> _Search:
    if isinstance(probe, Photo):
        name, shown = "" if probe.path is None else probe.path.name, _Picture(_thumbnail(probe))
    else:
        name = probe.name
        shown = _picture(probe, result.probe.sha256, "changed since the search", limits)
    leads = tuple(
        _Lead(item, _picture_of(item.photos[0].photo, limits), item.subject.subject_id == mate)
        for item in result
    )
    return _Search(name, shown, result, str(result).splitlines()[0], leads)


def _picture_of(photo: PhotoRecord, limits: DecodeLimits) -> _Picture:
    return _picture(Path(photo.reference), photo.sha256, "changed since enrolment", limits)


def _picture(path: Path, sha256: str | None, changed: str, limits: DecodeLimits) -> _Picture:
    """Return the picture of a file, if it still has the bytes with that hash."""
    try:
        if sha256 is None:
            photo = load_photo(path, limits=limits)
        else:
            photo = load_unchanged(path, sha256, limits=limits)
    except PhotoChangedError:
        return _Picture(missing=changed)
    except MatcherError as error:
        return _Picture(missing=error.code.replace("_", " "))
    return _Picture(data=_thumbnail(photo))


def _faults(search: _Search) -> Iterator[str]:
    if search.picture.missing:
        yield f"Probe {search.name}: {search.picture.missing}."
    for lead in search.leads:
        if lead.picture.missing:
            subject, photo = lead.candidate.subject.subject_id, lead.candidate.photos[0].photo
            yield f"Subject {subject}, {photo.reference}: {lead.picture.missing}."


def _thumbnail(photo: Photo) -> str:
    from PIL import Image

    image = Image.fromarray(photo.pixels)
    image.thumbnail((_THUMBNAIL, _THUMBNAIL))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
