"""Pairs that were chosen by their scores give no error rate; pairs drawn by chance do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from fairness import AuditSettings, Cohort, Sample, ScoresError, audit
from fairness.verification import ListedScores, listing, require_no_selection

Table = NDArray[np.float64]
Chosen = tuple[NDArray[np.int64], NDArray[np.int64]]
PEOPLE = 256


def cohort() -> Cohort:
    """256 people with two photos each: 130,816 pairs."""
    return Cohort.of(
        [
            Sample(f"{p:03}-{k}", f"{p:03}", labels={"kind": "ab"[p % 2]})
            for p in range(PEOPLE)
            for k in range(2)
        ],
        name="made",
    )


COHORT = cohort()
PROBES, REFERENCES = np.arange(1, 2 * PEOPLE, 2), np.arange(0, 2 * PEOPLE, 2)


def faces(rng: np.random.Generator) -> Table:
    """Cosines of vectors in three crowds, as of people of three ages."""
    base = rng.normal(size=(PEOPLE, 32)) + 0.7 * rng.normal(size=(3, 32))[np.arange(PEOPLE) % 3]
    vectors = base[COHORT.subject_codes] + 0.6 * rng.normal(size=(2 * PEOPLE, 32))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors @ vectors.T)


def independent(rng: np.random.Generator) -> Table:
    """Scores without any geometry, 0 to 100."""
    table = rng.normal(30, 8, size=(2 * PEOPLE,) * 2)
    table = (table + table.T) / 2
    codes = COHORT.subject_codes
    return np.asarray(np.round(table + 40 * (codes[:, None] == codes)))


def once(left: NDArray[np.int64], right: NDArray[np.int64]) -> Chosen:
    keys = np.minimum(left, right) * 1000 + np.maximum(left, right)
    kept = np.unique(keys, return_index=True)[1]
    return left[kept], right[kept]


def closest(table: Table, length: int) -> Chosen:
    """The closest photos of every photo, each pair once."""
    table = table.copy()
    np.fill_diagonal(table, -np.inf)
    near = np.argsort(-table, axis=1)[:, :length]
    return once(np.repeat(np.arange(len(table)), length), near.ravel())


def candidates(table: Table, length: int) -> Chosen:
    """Lists of candidates from a gallery of other photos."""
    near = np.argsort(-table[np.ix_(PROBES, REFERENCES)], axis=1)[:, :length]
    return np.repeat(PROBES, length), REFERENCES[near.ravel()]


def cut(table: Table, share: float) -> Chosen:
    left, right = np.triu_indices(len(table), 1)
    high = table[left, right] >= np.quantile(table[left, right], 1 - share)
    return left[high], right[high]


def by_chance(table: Table, share: float, rng: np.random.Generator) -> Chosen:
    left, right = np.triu_indices(len(table), 1)
    drawn = rng.random(len(left)) < share
    return left[drawn], right[drawn]


def with_all_mates(table: Table, share: float, rng: np.random.Generator) -> Chosen:
    left, right = np.triu_indices(len(table), 1)
    drawn = (rng.random(len(left)) < share) | (left // 2 == right // 2)
    return left[drawn], right[drawn]


def strangers_of_each(table: Table, number: int, rng: np.random.Generator) -> Chosen:
    """For each probe its mate and equally many references drawn by chance."""
    other = [rng.permutation(np.delete(REFERENCES, p))[:number] for p in range(len(PROBES))]
    right = np.concatenate([np.column_stack([REFERENCES, np.array(other)]).ravel()])
    return np.repeat(PROBES, number + 1), right


def protocol(rng: np.random.Generator) -> Chosen:
    """As the pairs of LFW: as many mated as non-mated ones."""
    left, right = np.triu_indices(2 * PEOPLE, 1)
    mated = left // 2 == right // 2
    others = rng.choice(np.flatnonzero(~mated), mated.sum(), replace=False)
    chosen = np.r_[np.flatnonzero(mated), others]
    return left[chosen], right[chosen]


def folds(table: Table) -> Chosen:
    """Every probe with every reference of its own fold."""
    parts = [np.meshgrid(PROBES[f::8], REFERENCES[f::8], indexing="ij") for f in range(8)]
    left, right = (np.concatenate([part[side].ravel() for part in parts]) for side in (0, 1))
    return left, right


def scores_of(
    table: Table, chosen: Chosen, rng: np.random.Generator, **facts: bool
) -> ListedScores:
    order = rng.permutation(len(chosen[0]))
    left, right = chosen[0][order], chosen[1][order]
    return ListedScores(COHORT, left, right, table[left, right].astype(np.float32), **facts)


MADE = pytest.mark.parametrize("made", [faces, independent])
Maker = Callable[[np.random.Generator], Table]


@MADE
@pytest.mark.parametrize("seed", range(4))
def test_the_closest_pairs_are_refused_and_the_error_points_to_lists(
    made: Maker, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    table = made(rng)
    for chosen in (
        *(closest(table, length) for length in (3, 5, 20)),
        *(candidates(table, length) for length in (10, 20, 50)),
        *(cut(table, share) for share in (0.02, 0.1)),
    ):
        scores = scores_of(table, chosen, rng)
        with pytest.raises(ScoresError, match="--lists") as found:
            audit(scores, AuditSettings(factors=("kind",)), matcher={})
        assert str(listing(scores)) in str(found.value)


@MADE
@pytest.mark.parametrize("seed", range(4))
def test_pairs_that_were_not_chosen_by_their_scores_pass(made: Maker, seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = made(rng)
    every = np.triu_indices(len(table), 1)
    for chosen in (
        *(by_chance(table, share, rng) for share in (0.01, 0.1, 0.5)),
        *(with_all_mates(table, share, rng) for share in (0.01, 0.1)),
        *(strangers_of_each(table, number, rng) for number in (1, 4, 20)),
        protocol(rng),
        folds(table),
        (np.repeat(PROBES, PEOPLE), np.tile(REFERENCES, PEOPLE)),
        every,
    ):
        require_no_selection(scores_of(table, chosen, rng))


def test_scores_between_0_and_1_that_crowd_at_0_pass() -> None:
    rng = np.random.default_rng(0)
    table = np.exp(8 * (faces(rng) - 1))
    require_no_selection(scores_of(table, by_chance(table, 0.05, rng), rng))


def test_what_is_said_to_be_drawn_by_chance_passes_and_is_said_on_the_card() -> None:
    rng = np.random.default_rng(0)
    table = faces(rng)
    scores = scores_of(table, cut(table, 0.1), rng, drawn_by_chance=True)
    report = audit(scores, AuditSettings(factors=("kind",), draws=2), matcher={})
    assert report.card["Pairs listed"].endswith("; said to be drawn by chance")


def test_the_share_of_pairs_is_on_the_card_and_in_a_caveat() -> None:
    rng = np.random.default_rng(0)
    table = faces(rng)
    settings = AuditSettings(factors=("kind",), draws=2, fmr=0.05)
    report = audit(scores_of(table, protocol(rng), rng), settings, matcher={})
    said = "256 of the 130,560 possible non-mated pairs (0.196 %) and 256 of the 256 possible mated"
    assert said in report.card["Pairs listed"]
    assert said in report.caveats[0]
    every = np.triu_indices(len(table), 1)
    whole = audit(scores_of(table, every, rng), settings, matcher={})
    assert "130,560 of the 130,560" in whole.card["Pairs listed"]
    assert not [caveat for caveat in whole.caveats if "lists" in caveat]


def test_relatives_and_photos_without_a_score_are_no_possible_pairs() -> None:
    people = Cohort.of(
        [Sample(str(i), str(i // 2), family="x" if i < 6 else None) for i in range(12)],
        name="made",
    )
    left, right = np.triu_indices(12, 1)
    score = np.where(right == 11, np.nan, 0.5).astype(np.float32)
    found = listing(ListedScores(people, left, right, score))
    assert (found.mated, found.possible_mated) == (5, 5)
    assert found.non_mated == found.possible_non_mated == 55 - 5 - 12
    assert found.complete
