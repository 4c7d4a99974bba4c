"""Which faces a caller gets, and what the errors tell."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.errors import InputError, NoFaceError, SeveralFacesError
from matcher.faces import Face, choose_faces, measure, note_of_several
from matcher.faces.choice import DOMINANT_RATIO
from matcher.photos import Photo, load_photo

PHOTO = load_photo(np.full((80, 120, 3), 90, np.uint8))
WIDE = load_photo(np.full((400, 400, 3), 90, np.uint8))
FIVE = np.array([(30, 30), (50, 30), (40, 40), (32, 52), (48, 52)], np.float32)


def face(side: float, left: float = 10, photo: Photo = PHOTO) -> Face:
    box = np.array([left, 10, left + side, 10 + side], np.float32)
    return Face(photo, box, FIVE, 0.9, measure(photo, box, FIVE, 0.9))


LARGE, NEXT, SMALL = face(60), face(50), face(20)


@pytest.mark.parametrize(
    ("faces", "choice", "expected"),
    [
        ([LARGE], "one", [LARGE]),
        ([LARGE, SMALL], "one", [LARGE]),
        ([LARGE], "largest", [LARGE]),
        ([LARGE, SMALL], "largest", [LARGE]),
        ([LARGE, SMALL], "all", [LARGE, SMALL]),
        ([], "all", []),
    ],
    ids=[
        "the only one",
        "the dominant one",
        "largest of one",
        "largest of two",
        "all of two",
        "all of none",
    ],
)
def test_the_faces_asked_for_are_returned(faces, choice, expected):
    chosen = choose_faces(faces, choice, photo=PHOTO)
    assert [one.box.tolist() for one in chosen] == [one.box.tolist() for one in expected]
    assert [one.number.number for one in chosen] == list(range(1, len(chosen) + 1))
    assert {one.number.of for one in chosen} <= {len(faces)}


@pytest.mark.parametrize(
    ("faces", "choice", "words"),
    [
        ([LARGE], "one", [""]),
        ([LARGE, SMALL], "one", ["1 of 2 faces, the dominant one"]),
        ([LARGE, NEXT, SMALL], "largest", ["1 of 3 faces, the largest one"]),
        ([LARGE, SMALL], "all", ["face 1 of 2", "face 2 of 2"]),
    ],
)
def test_a_chosen_face_says_which_of_several_it_is(faces, choice, words):
    chosen = choose_faces(faces, choice, photo=PHOTO)
    assert [note_of_several(one.number) for one in chosen] == words
    assert note_of_several(LARGE.number) == ""


@given(st.lists(st.floats(20, 300), min_size=2, max_size=6))
def test_a_face_dominates_exactly_if_no_other_comes_near_its_size(sides):
    ordered = sorted(sides, reverse=True)
    faces = [face(side, photo=WIDE) for side in ordered]
    true_sides = [float(one.box[2] - one.box[0]) for one in faces]
    if true_sides[0] >= DOMINANT_RATIO * true_sides[1]:
        (chosen,) = choose_faces(faces, "one", photo=WIDE)
        assert chosen.box.tolist() == faces[0].box.tolist()
    else:
        with pytest.raises(SeveralFacesError, match=f"got {len(sides)} faces"):
            choose_faces(faces, "one", photo=WIDE)


@pytest.mark.parametrize(("left", "dominates"), [(0, True), (-10, True), (-60, False)])
def test_a_large_face_that_the_border_cuts_does_not_dominate(left, dominates):
    faces = [face(200, left, WIDE), face(60, 300, WIDE)]
    if dominates:
        assert len(choose_faces(faces, "one", photo=WIDE)) == 1
    else:
        with pytest.raises(SeveralFacesError):
            choose_faces(faces, "one", photo=WIDE)
    assert len(choose_faces(faces[:1], "one", photo=WIDE)) == 1


@pytest.mark.parametrize("choice", ["one", "largest"])
def test_no_face_is_an_error_that_gives_the_size_of_the_photo(choice):
    with pytest.raises(NoFaceError, match="120 x 80 pixels"):
        choose_faces([], choice, photo=PHOTO)


def test_several_faces_are_an_error_where_one_was_asked_for():
    with pytest.raises(SeveralFacesError, match="2 faces") as caught:
        choose_faces([LARGE, NEXT], "one", photo=PHOTO)
    assert '"largest" or "all"' in caught.value.next_step


def test_an_unknown_choice_is_an_error_even_without_faces():
    with pytest.raises(InputError, match="one, largest, all"):
        choose_faces([], "best", photo=PHOTO)
