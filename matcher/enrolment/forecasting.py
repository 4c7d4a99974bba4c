"""Say what an enrolment would do, from the files alone: no photo is decoded, no face looked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from matcher.enrolment.known_hashes import NOT_LISTED, HashLists, OnList
from matcher.enrolment.manifest import PhotoOfSubject
from matcher.errors import MatcherError
from matcher.gallery.gallery import Gallery
from matcher.hashes import HashList
from matcher.photos import DecodeLimits, encoding_of
from matcher.progress import ProgressHook, silent

_REPORTED = 100  # photos between two reports of progress


@dataclass(frozen=True)
class Forecast:
    """What `enrol` would do with one photo.

    Parameters
    ----------
    photo
        The photo and its subject.
    status
        `new`, if nothing speaks against it before the photo is decoded; `already there`;
        `skipped`, because it is on a list; or `failed`.
    error
        The error with which it would fail.
    on_list
        By which hash the photo is on the lists of photos to skip and to flag.
    """

    photo: PhotoOfSubject
    status: Literal["new", "already there", "skipped", "failed"]
    error: MatcherError | None = None
    on_list: OnList = NOT_LISTED


def forecast(
    photos: Iterable[PhotoOfSubject],
    gallery: Gallery | None = None,
    *,
    skip: HashList | None = None,
    flag: HashList | None = None,
    on_progress: ProgressHook = silent,
) -> tuple[Forecast, ...]:
    """Return what `enrol` would do with each photo, in order. Nothing is written.

    A photo counts as new if there is a file, if its first bytes are those of a picture that can be
    read, and if neither the gallery nor an earlier photo of the list has the same bytes under the
    same subject. Whether there is one good face in it, only the enrolment can tell.

    Parameters
    ----------
    photos
        The photos and their subjects.
    gallery
        The gallery to enrol into; None if it is not there yet.
    skip, flag
        As in `enrol`.
    on_progress
        Called after some photos, with an unknown total.
    """
    lists = HashLists(skip, flag)
    seen: set[tuple[str, str]] = set()
    found: list[Forecast] = []
    for photo in photos:
        found.append(_foreseen(photo, gallery, lists, seen))
        if len(found) % _REPORTED == 0:
            on_progress("look at files", len(found), None)
    return tuple(found)


def _foreseen(
    photo: PhotoOfSubject, gallery: Gallery | None, lists: HashLists, seen: set[tuple[str, str]]
) -> Forecast:
    subject = photo.subject.subject_id
    try:
        sha256, on_list = lists.look_up(photo, DecodeLimits())
        if gallery is not None and gallery.has_photo(sha256, subject):
            return Forecast(photo, "already there", on_list=on_list)
        if on_list.skip is not None:
            return Forecast(photo, "skipped", on_list=on_list)
        encoding_of(photo.path)
    except MatcherError as error:
        return Forecast(photo, "failed", error)
    if (sha256, subject) in seen:
        return Forecast(photo, "already there", on_list=on_list)
    seen.add((sha256, subject))
    return Forecast(photo, "new", on_list=on_list)
