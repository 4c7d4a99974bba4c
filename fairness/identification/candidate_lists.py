"""Outcomes of a plan's searches, from the lists of candidates that any matcher returned."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from fairness.errors import ScoresError
from fairness.identification.open_set import OpenSet
from fairness.identification.plan import IdentificationPlan
from fairness.identification.searches import MatedSearches, NonMatedSearches
from fairness.words import exact_threshold


@dataclass(frozen=True)
class SearchResult:
    """The list of candidates that one search by any matcher returned.

    Parameters
    ----------
    photo
        Identifier of the probe in the cohort.
    candidates
        Subject and score of each candidate. Each subject occurs once, and the highest score comes
        first. Subjects need not be in the cohort.
    refused
        Whether there was no search, because no face was found or its quality was refused.

    Raises
    ------
    ScoresError
        If a score is not finite, scores are out of order, a subject occurs twice, or there are
        candidates although the photo was refused.
    """

    photo: str
    candidates: tuple[tuple[str, float], ...] = ()
    refused: bool = False

    def __post_init__(self) -> None:
        scores = [score for _, score in self.candidates]
        if not all(map(math.isfinite, scores)) or sorted(scores, reverse=True) != scores:
            raise _list_error("each has finite scores, the highest first", scores[:5])
        if len({subject for subject, _ in self.candidates}) < len(scores):
            raise _list_error("each has a subject once", "a subject twice")
        if self.refused and self.candidates:
            raise _list_error("a refused photo has no candidates", len(scores))


def judge_lists(
    plan: IdentificationPlan,
    results: Iterable[SearchResult],
    *,
    enrolled: int,
    depth: int,
    thresholds: Sequence[float] = (),
    not_enrolled: Iterable[str] = (),
) -> OpenSet:
    """Return the outcomes of searches that any matcher made.

    Parameters
    ----------
    plan
        The photos that were to be enrolled, and the probes.
    results
        One result for each probe of the plan.
    enrolled
        N, the number of subjects in the gallery, including subjects outside the cohort.
    depth
        Length of the longest list that the matcher returns. A shorter list holds all candidates.
    thresholds
        Thresholds at which the candidates of non-mated searches are counted, for the selectivity.
    not_enrolled
        Photos of the plan's gallery that could not be enrolled.

    Raises
    ------
    ScoresError
        If a probe has no result or two results, a result belongs to no probe, or a list is longer
        than `depth`; if the subject of a probe is in its list without being enrolled; or if a list
        ends at or above a threshold at which candidates are counted.
    """
    if depth < 1 or enrolled < 1:
        raise ValueError(f"need depth >= 1 and enrolled >= 1, got {depth, enrolled}")
    cohort, lost = plan.cohort, set(not_enrolled)
    failed = np.array([cohort.samples[photo].photo in lost for photo in plan.gallery])
    subjects = np.unique(cohort.subject_codes[plan.gallery[~failed]])
    lists = _one_for_each_probe(plan, results, min(depth, enrolled))
    _require_enrolled(plan, lists, subjects)
    non_mated, kin = _judge_non_mated(plan, lists, subjects, enrolled, depth, thresholds)
    return OpenSet(
        cohort,
        (enrolled,),
        plan.gallery,
        failed,
        _judge_mated(plan, lists, subjects, min(depth, enrolled)),
        non_mated,
        kin,
    )


def _require_enrolled(
    plan: IdentificationPlan, lists: dict[int, SearchResult], subjects: NDArray[np.int64]
) -> None:
    """Refuse a list that holds the person searched for if that person is not enrolled."""
    codes = plan.cohort.subject_codes
    for photo, result in lists.items():
        found = plan.cohort.samples[photo].subject in dict(result.candidates)
        if found and codes[photo] not in subjects:
            raise _list_error("nobody is found who is not enrolled", "such a candidate")


def _judge_mated(
    plan: IdentificationPlan,
    lists: dict[int, SearchResult],
    subjects: NDArray[np.int64],
    depth: int,
) -> MatedSearches:
    cohort, photos = plan.cohort, plan.mated
    results = [lists[photo] for photo in photos.tolist()]
    names = [cohort.samples[photo].subject for photo in photos]
    places = [_place(result, name) for result, name in zip(results, names, strict=True)]
    return MatedSearches(
        cohort,
        photos,
        rank=np.array([rank for rank, _ in places], dtype=np.int64),
        score=np.array([score for _, score in places], dtype=np.float32),
        refused=np.array([result.refused for result in results], dtype=np.bool_),
        unenrolled=~np.isin(cohort.subject_codes[photos], subjects),
        depth=depth,
    )


def _place(result: SearchResult, subject: str) -> tuple[int, float]:
    """Return rank and score of a subject; (0, nan) if not listed. Ties count against it."""
    mate = dict(result.candidates).get(subject)
    if mate is None:
        return 0, math.nan
    return sum(score >= mate for _, score in result.candidates), mate


def _judge_non_mated(
    plan: IdentificationPlan,
    lists: dict[int, SearchResult],
    subjects: NDArray[np.int64],
    enrolled: int,
    depth: int,
    thresholds: Sequence[float],
) -> tuple[NonMatedSearches, NonMatedSearches]:
    at = np.array(thresholds, dtype=np.float32)
    results = [lists[photo] for photo in plan.non_mated.tolist()]
    floor = np.array([_floor(result, depth, enrolled) for result in results], dtype=np.float32)
    if len(at) and (short := int(np.sum(floor >= at.min()))):
        raise _list_error(
            "each goes on below the thresholds at which candidates are counted",
            f"{short} that end at or above {exact_threshold(float(at.min()))}",
        )
    relatives = plan.relatives(subjects)
    number = np.array([len(codes) for codes in relatives], dtype=np.int64)
    made = np.array([not result.refused for result in results], dtype=np.bool_)
    others, kin = [], []
    for result, codes in zip(results, relatives, strict=True):
        scores = np.array([score for _, score in result.candidates], dtype=np.float32)
        names = [plan.cohort.subjects[code] for code in codes]
        related = np.array([who in names for who, _ in result.candidates], dtype=np.bool_)
        others.append(scores[~related])
        kin.append(scores[related])
    judged = partial(
        NonMatedSearches.of_scores,
        plan.cohort,
        plan.non_mated,
        made=made,
        floor=floor,
        thresholds=at,
    )
    return judged(others, enrolled=enrolled - number), judged(kin, enrolled=number)


def _floor(result: SearchResult, depth: int, enrolled: int) -> float:
    """Return the score down to which a list is complete; -inf if it holds all candidates."""
    full = depth <= len(result.candidates) < enrolled
    return result.candidates[-1][1] if full else -math.inf


def _one_for_each_probe(
    plan: IdentificationPlan, results: Iterable[SearchResult], depth: int
) -> dict[int, SearchResult]:
    index = {sample.photo: place for place, sample in enumerate(plan.cohort.samples)}
    probes = set(plan.mated.tolist()) | set(plan.non_mated.tolist())
    found: dict[int, SearchResult] = {}
    for result in results:
        photo = index.get(result.photo, -1)
        if photo not in probes or photo in found:
            raise _list_error("there is one for each probe of the plan", "another one")
        if len(result.candidates) > depth:
            raise _list_error(f"they hold {depth} candidates at most", len(result.candidates))
        found[photo] = result
    if missing := len(probes) - len(found):
        raise _list_error("there is one for each probe of the plan", f"{missing} without one")
    return found


def _list_error(rule: str, got: object) -> ScoresError:
    return ScoresError(
        "the lists of candidates",
        rule=rule,
        got=got,
        next_step="Correct the results of the searches or the plan that they are judged by.",
    )
