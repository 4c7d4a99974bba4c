"""Probe and leads side by side, as one self-contained HTML file for a person to review."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from matcher.errors import MatcherError
from matcher.photos import Photo, load_photo
from matcher.search.candidates import Candidate, CandidateList

_THUMBNAIL = 144  # px, longest side


@dataclass(frozen=True)
class _Picture:
    """A thumbnail as base64 of a JPEG, or why there is none."""

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
    probes: Sequence[Path],
    results: Sequence[CandidateList],
    *,
    title: str,
    note: str = "",
    mates: Sequence[str | None] = (),
) -> None:
    """Write one HTML file with each probe, its candidates and their scores; pictures are inside.

    Parameters
    ----------
    path
        File to write; replaced when it is there.
    probes, results
        The photos that were searched for and their lists, in the same order.
    title
        Heading of the page.
    note
        A line under the heading, for instance where the pictures come from.
    mates
        For demonstrations and tests: the true subject of each probe, which is then marked.
    """
    known = list(mates) or [None] * len(probes)
    searches = tuple(map(_search, probes, results, known))
    calibrated = any(result.calibration is not None for result in results)
    template = _environment().get_template("lead_sheet.html")
    page = template.render(title=title, note=note, calibrated=calibrated, searches=searches)
    path.write_text(page, encoding="utf-8")


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("matcher.search"),
        autoescape=True,  # names, notes and references come from case files
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _search(probe: Path, result: CandidateList, mate: str | None) -> _Search:
    leads = tuple(
        _Lead(item, _picture(Path(item.photos[0].photo.reference)), item.subject.subject_id == mate)
        for item in result
    )
    return _Search(probe.name, _picture(probe), result, str(result).splitlines()[0], leads)


def _picture(path: Path) -> _Picture:
    try:
        return _Picture(data=_thumbnail(load_photo(path)))
    except MatcherError as error:
        return _Picture(missing=error.code.replace("_", " "))


def _thumbnail(photo: Photo) -> str:
    from PIL import Image

    image = Image.fromarray(photo.pixels)
    image.thumbnail((_THUMBNAIL, _THUMBNAIL))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
