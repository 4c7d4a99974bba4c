"""Choose the date of a photo among its fields, and say what speaks against it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Final

from matcher.photos.dates.capture import CaptureDate, Doubt, Source
from matcher.photos.dates.fields import Fields, Moment

_IN_ORDER: Final[tuple[Source, ...]] = (
    "EXIF DateTimeOriginal",
    "EXIF DateTimeDigitized",
    "XMP",
    "PNG text",
    "EXIF DateTime",
)
"""The first field with a date counts. The last one is that of the latest change."""

_MOST_APART: Final = timedelta(days=1)
"""Two fields may be of two time zones."""

_ONE_DAY_AHEAD: Final = timedelta(days=1)
"""Somewhere on Earth it is tomorrow."""

_FIRST_CAMERAS: Final = date(1995, 1, 1)
"""EXIF was published in October 1995."""

_FIRST_DAYS: Final = frozenset(date(year, 1, 1) for year in (1601, 1904, 1970, 1980, 1990, 2000))
"""Days at which the clocks of cameras, phones and file systems begin."""

_FIRST_HOUR: Final = time(1)

_OF_A_SCANNER, _OF_A_CAMERA = (1, 2), 3  # values of EXIF FileSource
_SCANNER: Final = re.compile(r"scan|silverfast|perfection|flatbed")
_PERHAPS_SCANNER: Final = re.compile(
    r"epson|brother|\bmfc|\bdcp|photosmart|officejet|deskjet|laserjet|\bpsc\b|canon m[gpx]\d"
    r"|kyocera|ricoh (aficio|[im][mp] )|xerox|workcentre|imagerunner|lexmark|konica|bizhub|microtek"
    r"|mustek|plustek|umax|\bagfa"
)
"""Makers and models of scanners and printers, some of whom also make cameras."""

_EDITOR: Final = re.compile(
    r"photoshop|lightroom|gimp|picasa|snapseed|picsart|acdsee|paint|digikam|darktable|rawtherapee"
    r"|affinity|capture one|luminar|faceapp|facetune|vsco|meitu|beauty|pixelmator|magick|irfanview"
    r"|xnview|faststone|corel|pixlr|canva|remini|instagram|photoscape|polarr|aperture|iphoto"
    r"|windows photo|microsoft windows|nero|magix|exiftool|photofiltre|photoimpact|ulead|zoner"
    r"|f-spot|shotwell|adobe|editor|pillow|inkscape|whatsapp|facebook|google photos"
)
_SCREENSHOT: Final = re.compile(
    r"screen ?shot|screen ?capture|snipping|greenshot|flameshot|lightshot|sharex|spectacle"
)

_OF_SCREENS: Final = frozenset(
    {(640, 960), (640, 1136), (750, 1334), (828, 1792), (1080, 1920), (1125, 2436), (1170, 2532)}
    | {(1179, 2556), (1206, 2622), (1242, 2208), (1242, 2688), (1284, 2778), (1290, 2796)}
    | {(1320, 2868), (720, 1280), (720, 1520), (720, 1560), (720, 1600), (1080, 2160)}
    | {(1080, 2220), (1080, 2280), (1080, 2310), (1080, 2340), (1080, 2400), (1080, 2408)}
    | {(1440, 2560), (1440, 2960), (1440, 3040), (1440, 3088), (1440, 3120), (1440, 3200)}
    | {(768, 1024), (1536, 2048), (1620, 2160), (1640, 2360), (1668, 2224), (1668, 2388)}
    | {(2048, 2732), (800, 1280), (900, 1440), (900, 1600), (1050, 1680), (1024, 1280)}
    | {(768, 1366), (864, 1536), (1200, 1920), (1600, 2560), (1664, 2560), (1800, 2880)}
    | {(1964, 3024), (2234, 3456), (2160, 3840), (2880, 5120), (1080, 2560), (1440, 3440)}
)
"""Sizes in pixels of the screens of phones, tablets and computers, the shorter side first."""


def judged(fields: Fields, png_size: tuple[int, int] | None, today: date) -> CaptureDate | None:
    """Return the date that a photo carries, with what speaks against it; None without any field.

    Parameters
    ----------
    fields
        What the photo says of itself.
    png_size
        (width, height) in pixels, of a PNG.
    today
        Day from which on a date is in the future, except for the next day.
    """
    if not fields.moments:
        return None
    present = [source for source in _IN_ORDER if source in fields.moments]
    whole = [source for source in present if fields.moments[source].day is not None]
    source = (whole or present)[0]
    moment = fields.moments[source]
    doubts = [
        *_of_moment(moment, today),
        *_of_origin(fields, png_size),
        *_of_fields(fields, source, len(whole) < len(present)),
    ]
    return CaptureDate(
        day=moment.day,
        source=source,
        time=moment.time,
        offset=moment.offset,
        camera=_camera(fields) or None,
        software=", ".join(fields.programs) or None,
        doubts=tuple(doubts),
    )


def _of_moment(moment: Moment, today: date) -> Iterator[Doubt]:
    day = moment.day
    if day is None:
        return
    if day - _ONE_DAY_AHEAD > today:
        yield "in the future"
    if day in _FIRST_DAYS:
        yield "first day of a camera's clock"
    elif (day.month, day.day) == (1, 1) and moment.time is not None and moment.time < _FIRST_HOUR:
        yield "first hour of a year"
    if day < _FIRST_CAMERAS:
        yield "before digital cameras"


def _of_origin(fields: Fields, png_size: tuple[int, int] | None) -> Iterator[Doubt]:
    camera, programs = _camera(fields).lower(), " ".join(fields.programs).lower()
    if fields.file_source in _OF_A_SCANNER or _SCANNER.search(f"{camera} {programs}"):
        yield "date of a scan"
    elif fields.file_source != _OF_A_CAMERA and _PERHAPS_SCANNER.search(camera):
        yield "perhaps a scan"
    of_a_screen = not camera and png_size is not None and _ascending(png_size) in _OF_SCREENS
    if of_a_screen or _SCREENSHOT.search(f"{programs} {fields.comment}"):
        yield "date of a screenshot"
    if not camera:
        yield "no camera named"
    if _EDITOR.search(programs):
        yield "editing software"


def _of_fields(fields: Fields, source: Source, unread: bool) -> Iterator[Doubt]:
    if source != "EXIF DateTimeOriginal":
        yield "not the field of the capture"
    days = [moment.day for moment in fields.moments.values() if moment.day is not None]
    if days and max(days) - min(days) > _MOST_APART:
        yield "dates differ"
    if unread:
        yield "not a date"


def _camera(fields: Fields) -> str:
    """Return maker and model; the maker only once."""
    if fields.model.lower().startswith(fields.make.lower()):
        return fields.model
    return f"{fields.make} {fields.model}".strip()


def _ascending(size: tuple[int, int]) -> tuple[int, int]:
    return min(size), max(size)
