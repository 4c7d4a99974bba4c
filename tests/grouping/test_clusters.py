"""Groups of one person each from vectors alone: which faces may stand together, and which not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.grouping import clusters
from matcher.grouping.clusters import LOOSER, SHARE, group_vectors

THRESHOLD = 0.58


def vectors_with(scores):
    """Return unit vectors whose scores with one another are those of a matrix."""
    scores = np.array(scores, np.float64)
    values, directions = np.linalg.eigh(scores)
    assert values.min() > -1e-9, "no vectors have such scores"
    return (directions * np.sqrt(values.clip(0))).astype(np.float32)


def people(sizes, within, between):
    """Return scores: `within` for two photos of one person, `between` for photos of two."""
    person = np.repeat(np.arange(len(sizes)), sizes)
    scores = np.where(person[:, None] == person[None], within, between).astype(float)
    np.fill_diagonal(scores, 1.0)
    return scores


def drawn(seed, people, photos, noise):
    random = np.random.default_rng(seed)
    centre = random.standard_normal((people, 1, 16))
    made = (centre + noise * random.standard_normal((people, photos, 16))).reshape(-1, 16)
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def partition(groups):
    return {frozenset(np.flatnonzero(groups == one).tolist()) for one in set(groups.tolist())}


def test_two_faces_alone_are_together_from_the_threshold_on():
    for score, together in ((0.579, False), (0.581, True)):
        groups = group_vectors(vectors_with([[1, score], [score, 1]]), THRESHOLD)
        assert (groups[0] == groups[1]) is np.bool_(together)


def test_two_links_bring_a_face_to_two_others_where_one_does_not():
    link, none = 0.5, 0.4
    assert none < 1 - LOOSER * (1 - THRESHOLD) < link < THRESHOLD
    one, two = (
        group_vectors(vectors_with([[1, 0.7, link], [0.7, 1, other], [link, other, 1]]), THRESHOLD)
        for other in (none, link)
    )
    assert one.tolist() == [0, 0, 1]
    assert two.tolist() == [0, 0, 0]


def test_one_false_link_does_not_join_two_groups():
    scores = people([4, 4], within=0.65, between=0.3)
    scores[3, 4] = scores[4, 3] = THRESHOLD + 0.02
    groups = group_vectors(vectors_with(scores), THRESHOLD)
    assert groups.tolist() == [0] * 4 + [1] * 4


def test_links_between_enough_of_the_pairs_join_two_groups():
    scores = people([4, 4], within=0.65, between=0.4)
    needed = int(np.ceil(SHARE * 16))
    for face in range(needed):
        scores[face, 4 + face] = scores[4 + face, face] = THRESHOLD - 0.03
    groups = group_vectors(vectors_with(scores), THRESHOLD)
    assert set(groups.tolist()) == {0}


def test_a_person_who_grows_up_is_one_group_although_the_ends_are_unlike():
    angles = np.deg2rad(np.arange(0, 90, 5))
    grows = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    assert grows[0] @ grows[-1] < 0.1
    assert set(group_vectors(grows, THRESHOLD).tolist()) == {0}


def test_groups_are_numbered_in_the_order_of_their_first_faces():
    vectors = vectors_with(people([1, 2, 3, 1], within=0.9, between=0.1))
    assert group_vectors(vectors, THRESHOLD).tolist() == [0, 1, 1, 2, 2, 2, 3]


@pytest.mark.parametrize("faces", [0, 1])
def test_no_face_and_one_face_have_as_many_groups(faces):
    vectors = np.eye(4, dtype=np.float32)[:faces]
    assert group_vectors(vectors, THRESHOLD).tolist() == list(range(faces))


def test_the_same_vector_is_always_in_one_group():
    vectors = np.repeat(drawn(1, 5, 1, 0), 7, axis=0)
    groups = group_vectors(vectors, 1 - 1e-6).reshape(5, 7)
    assert (groups == groups[:, :1]).all()
    assert len(set(groups[:, 0].tolist())) == 5


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.floats(0.2, 1.2), st.sampled_from([0.4, THRESHOLD, 0.8]))
def test_the_groups_do_not_depend_on_the_order_of_the_faces(seed, noise, threshold):
    vectors = drawn(seed, people=12, photos=4, noise=noise)
    order = np.random.default_rng(seed).permutation(len(vectors))
    there, back = group_vectors(vectors, threshold), np.empty(len(vectors), np.int64)
    back[order] = group_vectors(vectors[order], threshold)
    assert partition(there) == partition(back)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_not_even_equal_scores_depend_on_the_order(data):
    """All vectors lie on a grid of angles, so that very many scores are the same."""
    steps = data.draw(st.lists(st.integers(0, 71), min_size=2, max_size=24))
    angles = np.deg2rad(np.array(steps) * 5)
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    order = np.array(data.draw(st.permutations(range(len(steps)))))
    back = np.empty(len(steps), np.int64)
    back[order] = group_vectors(vectors[order], 0.97)
    assert partition(group_vectors(vectors, 0.97)) == partition(back)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.floats(0.2, 1.2))
def test_a_face_without_a_link_changes_no_group(seed, noise):
    vectors = drawn(seed, people=10, photos=4, noise=noise)
    wider = np.hstack([vectors, np.zeros((len(vectors), 1), np.float32)])
    far = np.eye(17, dtype=np.float32)[-1:]
    alone = group_vectors(wider, THRESHOLD)
    assert group_vectors(np.vstack([wider, far]), THRESHOLD).tolist() == [
        *alone.tolist(),
        alone.max() + 1,
    ]


def nothing_is_left_to_merge(vectors, found):
    groups = [sorted(members) for members in partition(found)]
    scores = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    for place, one in enumerate(groups):
        for other in groups[:place]:
            between = scores[np.ix_(one, other)]
            links = between >= 1 - LOOSER * (1 - THRESHOLD)
            joined = between.max() >= THRESHOLD or links.sum() >= 2
            assert not (joined and links.mean() >= SHARE)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.floats(0.3, 1.2))
def test_no_two_groups_that_may_merge_are_left(seed, noise):
    vectors = drawn(seed, people=10, photos=5, noise=noise)
    nothing_is_left_to_merge(vectors, group_vectors(vectors, THRESHOLD))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.floats(0.2, 1.2))
def test_blocks_of_any_size_find_the_same_groups(seed, noise):
    vectors = drawn(seed, people=10, photos=4, noise=noise)
    whole = group_vectors(vectors, THRESHOLD)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clusters, "_ROWS", 7)
        patch.setattr(clusters, "_COLUMNS", 11)
        patch.setattr(clusters, "_SLICE", 3)
        assert group_vectors(vectors, THRESHOLD).tolist() == whole.tolist()


@pytest.mark.parametrize("at_once", [3, 2048])
@pytest.mark.parametrize("most", [2, 5, 16])
def test_crowds_of_one_person_are_one_group_however_little_is_looked_at_at_once(
    monkeypatch, most, at_once
):
    monkeypatch.setattr(clusters, "MOST", most)
    monkeypatch.setattr(clusters, "_GROUPS", at_once)
    owners = np.repeat(np.arange(3), 200)
    vectors = np.eye(16)[owners] + np.random.default_rng(3).normal(0, 0.1, (600, 16))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    assert group_vectors(vectors, THRESHOLD).tolist() == owners.tolist()


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.floats(0.3, 1.0), st.integers(1, 8), st.sampled_from([2, 99]))
def test_with_crowds_no_two_groups_that_may_merge_are_left_and_order_does_not_count(
    seed, noise, most, at_once
):
    vectors = drawn(seed, people=6, photos=12, noise=noise)
    order = np.random.default_rng(seed).permutation(len(vectors))
    back = np.empty(len(vectors), np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clusters, "MOST", most)
        patch.setattr(clusters, "_GROUPS", at_once)
        patch.setattr(clusters, "_ROWS", 7)
        patch.setattr(clusters, "_COLUMNS", 11)
        found = group_vectors(vectors, THRESHOLD)
        back[order] = group_vectors(vectors[order], THRESHOLD)
    assert partition(found) == partition(back)
    nothing_is_left_to_merge(vectors, found)


def test_of_a_crowd_of_one_person_no_more_links_are_looked_at_than_allowed(monkeypatch):
    monkeypatch.setattr(clusters, "MOST", 8)
    vectors = drawn(4, people=1, photos=100, noise=0.3)
    links, crowded = clusters._links(vectors, THRESHOLD)
    assert crowded.all()
    assert len(links.first) <= 100 * 8
