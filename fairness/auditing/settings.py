"""The settings of an audit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from fairness.arguments import expect, expect_number
from fairness.cohort import AGE_EDGES, GAP_EDGES


@dataclass(frozen=True)
class AuditSettings:
    """The settings of an audit, chosen before its results are known.

    Parameters
    ----------
    factors
        Factors that photos are grouped by, see `Cohort.grouping`. "age*sex" is an intersection.
    threshold
        The one threshold for everybody, in the matcher's own numbers: of distances, the distance
        at or below which two photos match. If None, it is set on the cohort itself, by `fmr`.
    fmr
        False match rate that the threshold is set for. An upper bound is shown only if it can
        exclude this rate.
    fmrs
        Further false match rates. The table `thresholds` has the rates at a threshold for each.
    reference
        Factor and groups whose comparisons the threshold is set on, as in
        ``("age", ("18 to under 30",))``; None for all comparisons.
    rank
        Length of the candidate list that a person reviews.
    gallery_size
        Number of people in a gallery for which false leads and people not listed are worked out,
        at least 2; None for none.
    share
        Share of the subjects with two photos or more who are enrolled in one gallery of the test
        of searches. Everybody is enrolled in one of 1 / `share` galleries (rounded). Above one half
        there is one gallery, and nobody else is enrolled.
    age_edges, gap_edges
        Lower edges of the bands of ages and of age gaps, years. The first edge is 0.
    level
        Confidence level of all intervals.
    draws, seed
        Number of bootstrap draws; seed of the bootstrap and of the draw of enrolled subjects.
    explain
        Whether to regress misses on age, years between the photos, quality, tone and sex (table
        "odds"). This needs the extra "regression".

    Raises
    ------
    ValueError
        If a setting is out of range.
    """

    factors: tuple[str, ...] = ("age", "sex")
    threshold: float | None = None
    fmr: float = 1e-3
    fmrs: tuple[float, ...] = ()
    reference: tuple[str, tuple[str, ...]] | None = None
    rank: int = 20
    gallery_size: int | None = None
    share: float = 0.5
    age_edges: tuple[float, ...] = AGE_EDGES
    gap_edges: tuple[float, ...] = GAP_EDGES
    level: float = 0.95
    draws: int = 2000
    seed: int = 0
    explain: bool = False

    def __post_init__(self) -> None:
        given: object = self.factors
        if isinstance(given, str):  # one factor, not its letters
            object.__setattr__(self, "factors", (given,))
        self._check_types()
        if not self.factors or len(set(self.factors)) < len(self.factors):
            raise ValueError(f"need one factor or more, each once, got {self.factors}")
        if self.threshold is not None and not math.isfinite(self.threshold):
            raise ValueError(f"need a finite threshold, got {self.threshold}")
        if not (0 < self.fmr < 1 and 0 < self.share <= 1 and 0 < self.level < 1):
            raise ValueError(f"need shares in (0, 1), got {self.fmr, self.share, self.level}")
        targets = (self.fmr, *self.fmrs)
        if not all(0 < fmr < 1 for fmr in targets) or len(set(targets)) < len(targets):
            raise ValueError(f"need false match rates in (0, 1), each once, got {targets}")
        for edges in (self.age_edges, self.gap_edges):
            if not edges or edges[0] != 0 or any(a >= b for a, b in pairwise([*edges, math.inf])):
                raise ValueError(f"need edges of bands that begin at 0 and rise, got {edges}")
        if self.gallery_size is not None and self.gallery_size < 2:
            raise ValueError(f"need a gallery size of at least 2, got {self.gallery_size}")
        if self.rank < 1 or self.draws < 1:
            raise ValueError(f"need rank and draws of at least 1, got {self.rank, self.draws}")

    @property
    def parts(self) -> tuple[str, ...]:
        """The factors without intersections: "age*sex" has the parts "age" and "sex"."""
        return tuple(dict.fromkeys(part for name in self.factors for part in name.split("*")))

    def _check_types(self) -> None:
        if self.threshold is not None:
            expect_number("threshold", self.threshold)
        if self.gallery_size is not None:
            expect_number("gallery_size", self.gallery_size, whole=True)
        for name in ("fmr", "share", "level"):
            expect_number(name, getattr(self, name))
        for fmr in self.fmrs:
            expect_number("fmrs", fmr)
        for name in ("rank", "draws", "seed"):
            expect_number(name, getattr(self, name), whole=True)
        expect("explain", self.explain, bool, rule="must be True or False", next_step="Give one.")
