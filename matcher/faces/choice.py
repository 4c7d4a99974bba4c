"""Choose the faces of a photo that the caller asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from matcher.errors import InputError, NoFaceError, SeveralFacesError
from matcher.faces.face import Choice, Face
from matcher.photos import Photo

_ONE_FACE = ("one", "largest")


def require_one_face(choice: str) -> None:
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
    if choice not in _ONE_FACE:
        raise InputError(
            "choice of faces",
            rule=f"is one of {', '.join(_ONE_FACE)}, where a photo stands for one person",
            got=repr(choice),
            next_step="For a photo of several people, take its faces from "
            '`Extractor.extract(photo, choose="all")` and use them one by one.',
        )


def choose_faces(faces: Sequence[Face], choice: Choice, *, photo: Photo) -> list[Face]:
    """Return the requested faces, the largest box first.

    Parameters
    ----------
    faces
        All faces of the photo, the largest box first, as a detector returns them.
    choice
        "one": the only face; "largest": the face with the largest box; "all": every face, possibly
        none.
    photo
        The photo that an error message names.

    Raises
    ------
    NoFaceError
        When there is no face and the choice is "one" or "largest".
    SeveralFacesError
        When there are several and the choice is "one".
    InputError
        When the choice is none of the three.
    """
    if choice not in get_args(Choice):
        raise InputError(
            "choice of faces",
            rule=f"is one of {', '.join(get_args(Choice))}",
            got=repr(choice),
            next_step='Use "all" for photos of several people.',
        )
    if choice == "all":
        return list(faces)
    if not faces:
        raise NoFaceError(
            "photo",
            rule="shows a face",
            got=f"none in {photo.size[0]} x {photo.size[1]} pixels",
            next_step="Cut out the face with some space around it, or use a larger copy.",
            path=photo.path,
        )
    if choice == "one" and len(faces) > 1:
        raise SeveralFacesError(
            "photo",
            rule="shows exactly one face",
            got=f"{len(faces)} faces",
            next_step='Cut out the face that is meant, or choose "largest" or "all".',
            path=photo.path,
        )
    return list(faces[:1])
