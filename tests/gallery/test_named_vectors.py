"""A gallery whose model has a distant look keeps, finds and forgets two vectors of a face."""
# ruff: noqa: F401, F811 - fixtures are imported by name

import sqlite3
import zlib

import numpy as np
import pytest
from gallery_builders import MODEL, VECTORS, enrolment, files_hold, gallery

from matcher.embedding import LowResolutionView
from matcher.errors import InputError
from matcher.gallery import Gallery
from matcher.testing import FakeEmbedder

DIMENSION = VECTORS.shape[1]
TWO_LOOKS = FakeEmbedder(DIMENSION, low_resolution_views=(LowResolutionView(16),)).identity
DISTANT = VECTORS[20_000:]


def looks_of(number, **facts):
    """Return the enrolment of photo `number` with its distant vector."""
    return enrolment(number, distant=DISTANT[number], **facts)


@pytest.fixture
def two_looks(tmp_path):
    """Ten subjects with four photos each: photos 0 to 39, face ids 1 to 40."""
    with Gallery.create(tmp_path / "gallery", model=TWO_LOOKS) as made:
        made.add([looks_of(number) for number in range(40)])
        yield made


def test_both_vectors_of_a_face_come_back(two_looks):
    (face,) = two_looks.faces([8]).values()
    np.testing.assert_array_equal(face.vector, VECTORS[7])
    np.testing.assert_array_equal(face.distant, DISTANT[7])
    (same,) = (face for face in two_looks.faces_of(["subject-0001"])["subject-0001"][3:])
    np.testing.assert_array_equal(same.distant, DISTANT[7])


def test_the_nearest_from_afar_are_those_of_a_plain_scan(two_looks, monkeypatch):
    monkeypatch.setattr("matcher.gallery.store.rows.PAGE", 7)
    queries = DISTANT[[3, 39]]
    truth = queries.astype(np.float64) @ DISTANT[:40].astype(np.float64).T
    scores, face_ids = two_looks.nearest_low_resolution(queries, 5)
    np.testing.assert_array_equal(face_ids, np.argsort(-truth, axis=1)[:, :5] + 1)
    np.testing.assert_allclose(scores, -np.sort(-truth, axis=1)[:, :5], atol=1e-6)


def test_from_afar_only_allowed_faces_are_found(two_looks):
    allowed = np.array([5, 9, 17, 10_000])
    _, face_ids = two_looks.nearest_low_resolution(DISTANT[:1], 4, allowed)
    assert sorted(face_ids[0].tolist()) == [-1, 5, 9, 17]


def test_the_nearest_themselves_are_found_by_their_own_vectors(two_looks):
    _, face_ids = two_looks.nearest(VECTORS[[3, 39]], 1)
    np.testing.assert_array_equal(face_ids, [[4], [40]])


def test_added_and_removed_faces_count_at_once_from_afar(two_looks):
    two_looks.add([looks_of(40)])
    assert two_looks.nearest_low_resolution(DISTANT[40:41], 1)[1] == 41
    two_looks.remove_subject("subject-0000")
    found = two_looks.nearest_low_resolution(DISTANT[:1], 41)[1]
    assert not np.isin(found, [1, 2, 3, 4]).any()


def test_a_removed_face_leaves_no_byte_of_its_distant_vector(two_looks):
    assert files_hold(two_looks.path, DISTANT[7].tobytes())
    two_looks.remove_subject("subject-0001")
    assert not files_hold(two_looks.path, DISTANT[7].tobytes())


@pytest.mark.parametrize(
    "distant",
    [None, DISTANT[0, :-1], DISTANT[:1], DISTANT[0] * 1.5, np.full(DIMENSION, np.nan, np.float32)],
    ids=["none", "short", "a table", "length", "nan"],
)
def test_a_face_without_a_right_distant_vector_is_refused(two_looks, distant):
    with pytest.raises(InputError, match="vector"):
        two_looks.add([looks_of(41), enrolment(42, distant=distant)])
    assert len(two_looks) == 40


def test_where_the_model_has_no_distant_look_none_is_taken_or_searched(gallery):
    with pytest.raises(InputError, match="one vector"):
        gallery.add([looks_of(0)])
    gallery.add([enrolment(0)])
    assert gallery.faces([1])[1].distant is None
    with pytest.raises(InputError, match="distant look"):
        gallery.nearest_low_resolution(VECTORS[:1], 1)
    assert MODEL.looks == 1


def test_a_damaged_distant_vector_is_noticed(two_looks):
    assert two_looks.verify().ok
    longer = np.stack([VECTORS[0], DISTANT[0] * 2]).tobytes()
    with sqlite3.connect(two_looks.path / "store.sqlite3") as store:
        store.execute(
            "UPDATE vectors SET vector = ?, crc32 = ? WHERE face_id = 1",
            (longer, zlib.crc32(longer)),
        )
    store.close()
    assert any("unit length" in fault for fault in two_looks.verify().faults)
