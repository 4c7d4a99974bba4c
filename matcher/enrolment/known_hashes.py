"""Look a photo up by its hashes: in lists that the caller has, and in the gallery."""

from __future__ import annotations

from dataclasses import dataclass
from types import NoneType
from typing import Final

from matcher.arguments import expect
from matcher.enrolment.manifest import PhotoOfSubject
from matcher.errors import MatcherError
from matcher.gallery import Gallery, PhotoRecord
from matcher.hashes import TITLES, Algorithm, HashList
from matcher.photos import DecodeLimits, file_hashes, sha256_of


@dataclass(frozen=True)
class OnList:
    """By which hash a photo stands on each list; None if it does not.

    Parameters
    ----------
    skip, flag
        The strongest hash that is on the list of photos to skip, and of photos to flag.
    """

    skip: Algorithm | None = None
    flag: Algorithm | None = None

    def __str__(self) -> str:
        said = (("to skip", self.skip), ("to flag", self.flag))
        return "; ".join(f"{what}, by {TITLES[by]}" for what, by in said if by is not None)


NOT_LISTED: Final = OnList()


@dataclass(frozen=True)
class HashLists:
    """The lists of an enrolment."""

    skip: HashList | None = None
    flag: HashList | None = None

    def __post_init__(self) -> None:
        for name in ("skip", "flag"):
            expect(
                name,
                getattr(self, name),
                (HashList, NoneType),
                rule="must be a HashList, or None",
                next_step="Give HashList.read(path).",
            )

    def look_up(self, photo: PhotoOfSubject, limits: DecodeLimits) -> tuple[str, OnList]:
        """Return the SHA-256 of a photo, and what the lists say of it.

        Raises
        ------
        PhotoError
            If the file cannot be read.
        """
        if self.skip is None and self.flag is None:
            return sha256_of(photo.path, limits=limits), NOT_LISTED
        hashes = file_hashes(photo.path, limits=limits)
        skip, flag = (None if one is None else one.match(hashes) for one in (self.skip, self.flag))
        return hashes.sha256, OnList(skip, flag)


@dataclass(frozen=True)
class Known:
    """What is known of a photo before it is decoded."""

    stored: PhotoRecord | None = None
    on_list: OnList = NOT_LISTED

    @property
    def settled(self) -> bool:
        """Whether nothing is left to do."""
        return self.stored is not None or self.on_list.skip is not None


def known_of(
    gallery: Gallery, photo: PhotoOfSubject, lists: HashLists, limits: DecodeLimits
) -> Known:
    """Return what the gallery and the lists know of a photo."""
    try:
        sha256, on_list = lists.look_up(photo, limits)
    except MatcherError:
        return Known()  # extraction meets the same fault and records it
    return Known(gallery.photo(sha256, photo.subject.subject_id), on_list)
