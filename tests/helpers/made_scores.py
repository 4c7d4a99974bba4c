"""Cohorts and scores made for the tests, and the plainest way to count errors in them."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
from hypothesis import strategies as st

from fairness.cohort import Cohort, Sample

EXACT = np.concatenate(
    [np.eye(4), -np.eye(4), *np.array([[[0.5, 0.5, 0.5, s / 2]] for s in (1, -1)])]
)
"""Unit vectors whose products are multiples of a half in any arithmetic."""


def cohort_of(people, *, families=None, groups=None, **labels):
    """Photo i shows people[i], of a family by name, in the group groups[i]."""
    families, groups = families or {}, groups or ["all"] * len(people)
    return Cohort.of(
        (
            Sample(
                photo=f"{i:04}.jpg",
                subject=person,
                family=families.get(person),
                labels={"group": group},
                **{name: values[i] for name, values in labels.items()},
            )
            for i, (person, group) in enumerate(zip(people, groups, strict=True))
        ),
        name="made",
    )


@st.composite
def audits(draw):
    """A cohort, exact vectors and why some photos have none."""
    photos = draw(st.integers(1, 14))
    of = lambda values: st.lists(st.sampled_from(values), min_size=photos, max_size=photos)  # noqa: E731
    families = dict(
        zip(
            "abcde",
            draw(st.lists(st.sampled_from([None, "x", "y"]), min_size=5, max_size=5)),
            strict=True,
        )
    )
    cohort = cohort_of(draw(of("abcde")), families=families, groups=draw(of("uvw")))
    vectors = EXACT[draw(of(range(len(EXACT))))].astype(np.float32)
    reasons = draw(of(["", "", "", "no face"]))
    vectors[np.array(reasons) != ""] = np.nan
    return cohort, vectors, reasons


class Counted:
    """Every comparison of a cohort, looked at one by one."""

    def __init__(self, cohort, vectors, reasons):
        self.mated, self.kin, self.others = [], [], []
        for i, j in combinations(range(len(cohort)), 2):
            one, other = cohort.samples[i], cohort.samples[j]
            made = reasons[i] == reasons[j] == ""
            score = float(vectors[i] @ vectors[j]) if made else None
            row = i, j, score
            if one.subject == other.subject:
                self.mated.append(row)
            elif one.family is not None and one.family == other.family:
                self.kin.append(row)
            elif made:
                self.others.append(row)

    def between(self, grouping, first, second):
        """Comparisons of two groups of photos."""
        wanted = sorted((grouping.names.index(first), grouping.names.index(second)))
        return [row for row in self.others if sorted(grouping.codes[list(row[:2])]) == wanted]


def by_dyad(cohort, rows, threshold=-np.inf):
    """Add up comparisons at or above a threshold by pair of subjects."""
    codes = cohort.subject_codes
    return Counter(
        tuple(sorted((int(codes[i]), int(codes[j])))) for i, j, score in rows if score >= threshold
    )


def dyads(counts):
    """Do the same for what the package counted."""
    pairs = zip(counts.left.tolist(), counts.right.tolist(), strict=True)
    return Counter(dict(zip(pairs, counts.errors.tolist(), strict=True)))


def rounded_units(rng, photos, d=64):
    """Vectors of nearly unit length whose products are exact in float32 in any order."""
    vectors = rng.standard_normal((photos, d))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return (np.round(vectors * 1024) / 1024).astype(np.float32)


def as_rows(pairs):
    """Comparisons as rows, nan as None."""
    score = [None if np.isnan(s) else float(s) for s in pairs.score]
    return sorted(zip(pairs.left.tolist(), pairs.right.tolist(), score, strict=True), key=str)
