"""Which faces a caller gets, and what the errors tell."""

import numpy as np
import pytest

from matcher.errors import InputError, NoFaceError, SeveralFacesError
from matcher.faces import Face, choose_faces, measure
from matcher.photos import load_photo

PHOTO = load_photo(np.full((80, 120, 3), 90, np.uint8))
FIVE = np.array([(30, 30), (50, 30), (40, 40), (32, 52), (48, 52)], np.float32)


def face(side: float) -> Face:
    box = np.array([10, 10, 10 + side, 10 + side], np.float32)
    return Face(PHOTO, box, FIVE, 0.9, measure(PHOTO, box, FIVE, 0.9))


LARGE, SMALL = face(60), face(20)


@pytest.mark.parametrize(
    ("faces", "choice", "expected"),
    [
        ([LARGE], "one", [LARGE]),
        ([LARGE], "largest", [LARGE]),
        ([LARGE, SMALL], "largest", [LARGE]),
        ([LARGE, SMALL], "all", [LARGE, SMALL]),
        ([], "all", []),
    ],
    ids=["the only one", "largest of one", "largest of two", "all of two", "all of none"],
)
def test_the_faces_asked_for_are_returned(faces, choice, expected):
    assert choose_faces(faces, choice, photo=PHOTO) == expected


@pytest.mark.parametrize("choice", ["one", "largest"])
def test_no_face_is_an_error_that_gives_the_size_of_the_photo(choice):
    with pytest.raises(NoFaceError, match="120 x 80 pixels"):
        choose_faces([], choice, photo=PHOTO)


def test_several_faces_are_an_error_where_one_was_asked_for():
    with pytest.raises(SeveralFacesError, match="2 faces") as caught:
        choose_faces([LARGE, SMALL], "one", photo=PHOTO)
    assert '"largest" or "all"' in caught.value.next_step


def test_an_unknown_choice_is_an_error_even_without_faces():
    with pytest.raises(InputError, match="one, largest, all"):
        choose_faces([], "best", photo=PHOTO)
