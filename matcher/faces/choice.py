"""Choose the faces of a photo that the caller asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, get_args

import numpy as np
from numpy.typing import NDArray

from matcher.errors import InputError, NoFaceError, SeveralFacesError
from matcher.faces.face import Choice, Face, FaceNumber, NamedChoice, OneFace, ProbeFace
from matcher.photos import Photo

DOMINANT_RATIO: Final = 1.3
"""Least ratio of the dominant box's side to the side of every other box of the photo. The side is
the square root of the area. Both limits were chosen on one half of the people of LFW and confirmed
on the other half (benchmarks/dominant_face.py): 0 of 297 accepted faces were another person's, at
most 1.2 %."""

DOMINANT_INSIDE: Final = 0.9
"""Least share of the dominant box that lies in the photo. A large face that the border cuts is
often somebody who stands in front of the subject."""


def require_one_face(choice: OneFace) -> None:
    """Refuse, before any photo is read, a choice that may give several faces or none.

    Parameters
    ----------
    choice
        How the face of each photo is chosen, where a photo stands for one person.

    Raises
    ------
    InputError
        When it is neither "one" nor "largest".
    """
    if choice not in get_args(OneFace):
        raise _no_choice(f"is one of {', '.join(get_args(OneFace))}", choice)


def require_probe_face(choice: ProbeFace) -> None:
    """Refuse, before any probe is read, a choice that may give several faces or none.

    Parameters
    ----------
    choice
        How the face of each probe is chosen.

    Raises
    ------
    InputError
        When it is neither "one" nor "largest" nor a number from 1.
    """
    if choice not in get_args(OneFace) and not _is_number(choice):
        names = ", ".join(get_args(OneFace))
        raise _no_choice(f"is one of {names}, or the number of a face", choice)


def _no_choice(rule: str, choice: object) -> InputError:
    return InputError(
        "choice of faces",
        rule=f"{rule}, where a photo stands for one person",
        got=repr(choice),
        next_step="For a probe of several people, use `Searcher.search_faces`. Or take the faces "
        'from `Extractor.extract(photo, choose="all")` and use them one by one.',
    )


def choose_faces(faces: Sequence[Face], choice: Choice, *, photo: Photo) -> list[Face]:
    """Return the requested faces with their `number`, the largest box first.

    Parameters
    ----------
    faces
        All faces of the photo, the largest box first, as a detector returns them.
    choice
        "one": the only face, or the dominant one, see `is_dominant`; "largest": the face with the
        largest box; "all": every face, possibly none; a number: that face, 1 for the largest.
    photo
        The photo that an error message names.

    Raises
    ------
    NoFaceError
        When there is no face and the choice is not "all", or no face of that number.
    SeveralFacesError
        When there are several, none dominates the others, and the choice is "one".
    InputError
        When the choice is none of these.
    """
    if choice not in get_args(NamedChoice) and not _is_number(choice):
        raise InputError(
            "choice of faces",
            rule=f"is one of {', '.join(get_args(NamedChoice))}, or the number of a face, from 1",
            got=repr(choice),
            next_step='Use "all" for photos of several people.',
        )
    numbered = [
        replace(face, number=FaceNumber(number, len(faces), choice))
        for number, face in enumerate(faces, start=1)
    ]
    if choice == "all":
        return numbered
    if not faces:
        raise no_face_error(photo)
    if choice == "one" and len(faces) > 1 and not _first_dominates(faces):
        raise several_faces_error(faces, photo)
    if isinstance(choice, int):
        return [_numbered(numbered, choice, photo)]
    return numbered[:1]


def _is_number(choice: object) -> bool:
    return isinstance(choice, int) and not isinstance(choice, bool) and choice >= 1


def _numbered(faces: Sequence[Face], number: int, photo: Photo) -> Face:
    if number > len(faces):
        raise NoFaceError(
            "photo",
            rule=f"shows {number} faces, of which the last one is meant",
            got=f"{len(faces)}",
            next_step="Number the faces by size, 1 for the largest; `all` gives every face.",
            path=photo.path,
        )
    return faces[number - 1]


def _first_dominates(faces: Sequence[Face]) -> bool:
    return is_dominant(np.stack([face.box for face in faces]), faces[0].quality.inside)


def is_dominant(
    boxes: NDArray[np.float32],
    inside: float,
    *,
    ratio: float = DOMINANT_RATIO,
    least_inside: float = DOMINANT_INSIDE,
) -> bool:
    """Return whether the first box is so large that the other faces stand behind it.

    Its side is at least `ratio` times the side of every other box, and at least the share
    `least_inside` of it lies in the photo.

    Parameters
    ----------
    boxes
        Shape (n, 4), n >= 1: left, top, right, bottom of all faces of a photo, the largest first.
    inside
        Share of the first box that lies in the photo, in [0, 1].
    ratio, least_inside
        Limits of the rule; a benchmark measures others.
    """
    sides = np.sqrt(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1))
    return bool(inside >= least_inside and (sides[0] >= ratio * sides[1:]).all())


def no_face_error(photo: Photo) -> NoFaceError:
    """Return the error for a photo in which no face was found."""
    return NoFaceError(
        "photo",
        rule="shows a face",
        got=f"none in {photo.size[0]} x {photo.size[1]} pixels",
        next_step="Cut out the face with some space around it, or use a larger copy.",
        path=photo.path,
    )


def several_faces_error(faces: Sequence[Face], photo: Photo) -> SeveralFacesError:
    """Return the error for a photo of several people, where one was asked for."""
    return SeveralFacesError(
        "photo",
        rule="shows exactly one face, or one that is much larger than the others",
        got=f"{len(faces)} faces",
        next_step='Cut out the face that is meant, or choose "largest" or "all".',
        path=photo.path,
    )
