"""A gallery keeps, finds and forgets all vectors of a face that its model names."""
# ruff: noqa: F401, F811 - fixtures are imported by name

import json
import sqlite3
import zlib
from dataclasses import replace

import numpy as np
import pytest
from gallery_builders import MODEL, VECTORS, enrolment, files_hold, gallery

from matcher.embedding import FACE, LOW_RESOLUTION, LowResolutionView, ModelIdentity
from matcher.errors import GalleryModelError, InputError
from matcher.gallery import Gallery
from matcher.testing import FakeEmbedder

DIMENSION = VECTORS.shape[1]
TWO_VECTORS = FakeEmbedder(DIMENSION, low_resolution_views=(LowResolutionView(16),)).identity
SMALL = VECTORS[20_000:]


def with_both(number, **facts):
    """Return the enrolment of photo `number` with its low-resolution vector."""
    return enrolment(number, low_resolution=SMALL[number], **facts)


@pytest.fixture
def two_vectors(tmp_path):
    """Ten subjects with four photos each: photos 0 to 39, face ids 1 to 40."""
    with Gallery.create(tmp_path / "gallery", model=TWO_VECTORS) as made:
        made.add([with_both(number) for number in range(40)])
        yield made


def test_both_vectors_of_a_face_come_back(two_vectors):
    (face,) = two_vectors.faces([8]).values()
    np.testing.assert_array_equal(face.vector, VECTORS[7])
    np.testing.assert_array_equal(face.vectors[LOW_RESOLUTION], SMALL[7])
    (same,) = (face for face in two_vectors.faces_of(["subject-0001"])["subject-0001"][3:])
    np.testing.assert_array_equal(same.vectors[LOW_RESOLUTION], SMALL[7])


def test_the_nearest_by_another_vector_are_those_of_a_plain_scan(two_vectors, monkeypatch):
    monkeypatch.setattr("matcher.gallery.store.rows.PAGE", 7)
    queries = SMALL[[3, 39]]
    truth = queries.astype(np.float64) @ SMALL[:40].astype(np.float64).T
    scores, face_ids = two_vectors.nearest(queries, 5, name=LOW_RESOLUTION)
    np.testing.assert_array_equal(face_ids, np.argsort(-truth, axis=1)[:, :5] + 1)
    np.testing.assert_allclose(scores, -np.sort(-truth, axis=1)[:, :5], atol=1e-6)


def test_by_another_vector_only_allowed_faces_are_found(two_vectors):
    allowed = np.array([5, 9, 17, 10_000])
    _, face_ids = two_vectors.nearest(SMALL[:1], 4, allowed, name=LOW_RESOLUTION)
    assert sorted(face_ids[0].tolist()) == [-1, 5, 9, 17]


def test_the_nearest_themselves_are_found_by_their_own_vectors(two_vectors):
    _, face_ids = two_vectors.nearest(VECTORS[[3, 39]], 1)
    np.testing.assert_array_equal(face_ids, [[4], [40]])


def test_added_and_removed_faces_count_at_once_for_every_vector(two_vectors):
    two_vectors.add([with_both(40)])
    assert two_vectors.nearest(SMALL[40:41], 1, name=LOW_RESOLUTION)[1] == 41
    two_vectors.remove_subject("subject-0000")
    found = two_vectors.nearest(SMALL[:1], 41, name=LOW_RESOLUTION)[1]
    assert not np.isin(found, [1, 2, 3, 4]).any()


def test_a_removed_face_leaves_no_byte_of_any_vector(two_vectors):
    assert files_hold(two_vectors.path, SMALL[7].tobytes())
    two_vectors.remove_subject("subject-0001")
    assert not files_hold(two_vectors.path, SMALL[7].tobytes())


@pytest.mark.parametrize(
    "small",
    [None, SMALL[0, :-1], SMALL[:1], SMALL[0] * 1.5, np.full(DIMENSION, np.nan, np.float32)],
    ids=["none", "short", "a table", "length", "nan"],
)
def test_a_face_without_all_vectors_of_the_model_is_refused(two_vectors, small):
    with pytest.raises(InputError, match="vector"):
        two_vectors.add([with_both(41), enrolment(42, low_resolution=small)])
    assert len(two_vectors) == 40


def test_a_vector_that_the_model_does_not_name_is_refused(gallery):
    with pytest.raises(InputError, match="one for each of: face"):
        gallery.add([with_both(0)])
    gallery.add([enrolment(0)])
    assert list(gallery.faces([1])[1].vectors) == [FACE]
    with pytest.raises(InputError, match="a vector of the model: face; got 'low_resolution'"):
        gallery.nearest(VECTORS[:1], 1, name=LOW_RESOLUTION)
    assert MODEL.vector_names == (FACE,)


def test_the_order_in_which_vectors_are_given_does_not_matter(two_vectors):
    turned = with_both(40)
    turned = replace(turned, vectors=dict(reversed(turned.vectors.items())))
    two_vectors.add([turned])
    held = two_vectors.faces([41])[41].vectors
    np.testing.assert_array_equal(held[FACE], VECTORS[40])
    np.testing.assert_array_equal(held[LOW_RESOLUTION], SMALL[40])


THREE = replace(TWO_VECTORS, vector_names=(FACE, "profile", LOW_RESOLUTION))


def test_a_model_may_name_any_number_of_vectors(tmp_path):
    """Nothing but the model says how many there are."""
    drawn = {name: VECTORS[1000 * place :] for place, name in enumerate(THREE.vector_names)}
    entries = [
        replace(enrolment(number), vectors={name: rows[number] for name, rows in drawn.items()})
        for number in range(12)
    ]
    with Gallery.create(tmp_path / "gallery", model=THREE) as made:
        made.add(entries)
    with Gallery.open(tmp_path / "gallery", model=THREE) as opened:
        assert opened.verify().faults == ()
        for name, rows in drawn.items():
            found = opened.nearest(rows[:12], 1, name=name)[1]
            np.testing.assert_array_equal(found[:, 0], np.arange(1, 13))
            np.testing.assert_array_equal(opened.faces([5])[5].vectors[name], rows[4])
    with pytest.raises(GalleryModelError):
        Gallery.open(tmp_path / "gallery", model=TWO_VECTORS)


@pytest.mark.parametrize("names", [(FACE,), (FACE, LOW_RESOLUTION), THREE.vector_names])
def test_an_identity_comes_back_from_its_facts(names):
    model = replace(TWO_VECTORS, vector_names=names)
    facts = json.loads(json.dumps(model.facts()))
    assert ModelIdentity.of(facts) == model
    assert facts["distant"] == (LOW_RESOLUTION in names)
    assert ("vector_names" in facts) == (len(names) == 3)


def test_facts_of_the_first_version_without_a_second_vector_are_understood():
    facts = MODEL.facts()
    del facts["distant"]
    assert ModelIdentity.of(facts) == MODEL
    with pytest.raises(TypeError, match="colour"):
        ModelIdentity.of(facts | {"colour": "blue"})


def test_a_damaged_second_vector_is_noticed(two_vectors):
    assert two_vectors.verify().ok
    longer = np.stack([VECTORS[0], SMALL[0] * 2]).tobytes()
    with sqlite3.connect(two_vectors.path / "store.sqlite3") as store:
        store.execute(
            "UPDATE vectors SET vector = ?, crc32 = ? WHERE face_id = 1",
            (longer, zlib.crc32(longer)),
        )
    store.close()
    assert any("unit length" in fault for fault in two_vectors.verify().faults)
