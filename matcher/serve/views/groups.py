"""Groups of faces, as pages show them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FaceTile:
    """A face of a group.

    Parameters
    ----------
    face_id
        Its number, by which corrections name it.
    picture, missing
        Path of the aligned face, or why there is none.
    said
        Date, and why it is in no group, in one line.
    """

    face_id: int
    picture: str
    missing: str
    said: str


@dataclass(frozen=True)
class GroupView:
    """A group of faces that may be of one person."""

    number: int
    faces: tuple[FaceTile, ...]
    said: str
    closest: int | None = None


@dataclass(frozen=True)
class GroupingView:
    """The groups of a folder."""

    key: str
    name: str
    headline: str
    cautions: tuple[str, ...]
    groups: tuple[GroupView, ...]
    ungrouped: tuple[FaceTile, ...]
