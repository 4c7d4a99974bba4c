"""From scores and labels to a report on error rates by group, with intervals.

It follows the vocabulary and practice of ISO/IEC 19795-1 and ISO/IEC 19795-10.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import NoneType

import numpy as np
from numpy.typing import NDArray

from fairness.arguments import described, expect, listed
from fairness.auditing import (
    comparisons,
    differences,
    explanation,
    further_thresholds,
    galleries,
    imaging,
    rates,
    searches,
)
from fairness.auditing.acceptance import Bound, judge
from fairness.auditing.caveats import caveats
from fairness.auditing.evidence import Evidence
from fairness.auditing.families import Family, families
from fairness.auditing.imaging import Facts
from fairness.auditing.run_card import card, facts_of
from fairness.auditing.score_curves import det_curves, score_distributions
from fairness.auditing.settings import AuditSettings
from fairness.differentials import require_regression
from fairness.errors import AuditError, ScoresError
from fairness.identification import OpenSet
from fairness.report.audit_report import AuditReport
from fairness.tables import Curves, audit_table, too_few_together
from fairness.verification import Scores

_NO_FACTS: Facts = {}


def audit(
    scores: Scores,
    settings: AuditSettings | None = None,
    *,
    matcher: Mapping[str, str],
    facts: Facts = _NO_FACTS,
    bounds: Sequence[Bound] = (),
    baseline: Scores | None = None,
    title: str = "Audit of error rates by group",
) -> AuditReport:
    """Measure error rates by group, at one threshold for everybody.

    Parameters
    ----------
    scores
        Scores of a cohort, from vectors (`EmbeddingScores`) or from a file of comparisons
        (`read_scores`). Searches in a gallery need vectors. With `Probes`, all rates are of
        degraded probes.
    settings
        Settings of the audit; by default those of `AuditSettings`.
    matcher
        Description of the matcher for the run card, as in ``{"model": "…", "weights": "…"}``.
    facts
        Measurements of the photos, such as the exposure, for the table of how the photos of the
        groups differ.
    bounds
        Declared bounds that the results are compared with.
    baseline
        Scores of another matcher for the same cohort. Its threshold is set in the same way.
    title
        Heading of the report.

    Raises
    ------
    AuditError
        If an argument is of another type.
    CohortError
        If a factor or a reference group is unknown, or the reference groups have too few people.
    ScoresError
        If no threshold can be set, or the given one lies above all scores or below all; if listed
        pairs were chosen by their scores; or if the baseline is of another cohort, or of probes
        that were degraded in another way.
    BoundsError
        If a bound names a table, column or value that the tables do not have.
    MissingExtraError
        If the settings ask for a regression and statsmodels is not installed.
    """
    _check(scores, settings, matcher)
    bounds = listed("bounds", bounds, Bound, next_step="Give read_bounds(path).")
    settings = settings or AuditSettings()
    _require_possible(scores, settings, baseline)
    kept, left_out = _large_enough(Evidence(scores, settings))
    evidence = _sound(scores, settings, kept, left_out)
    earlier = None if baseline is None else _sound(baseline, settings, kept, left_out)
    coverage, by_group = rates.coverage(evidence), rates.rates(evidence)
    outcomes = searches.search(evidence)
    pairs = searches.judged(evidence)
    open_set = searches.open_set(evidence, outcomes)
    discard = searches.discard(evidence, pairs)
    compared = _families(evidence, outcomes)
    shown = comparisons.shown_in(by_group, open_set)
    tables = [
        coverage,
        by_group,
        differences.summaries(evidence, compared),
        rates.cross(evidence),
        rates.age_gap(evidence),
        rates.shift(evidence),
        open_set,
        galleries.gallery(evidence),
        comparisons.tests(evidence, compared, shown),
        comparisons.within(evidence, compared, shown),
        rates.kin(evidence),
        rates.refused(evidence),
        discard,
        imaging.measured(evidence, _of_photos(facts, kept)),
        imaging.tone_confound(evidence),
        differences.worst_cells(by_group),
        further_thresholds.thresholds(evidence),
    ]
    if evidence.settings.explain:
        tables.append(explanation.odds(evidence))
    if earlier is not None:
        before = _families(earlier, searches.search(earlier))
        tables.append(comparisons.changes(evidence, before, compared, shown))
    if bounds:
        acceptance = judge(bounds, {table.name: table.rows for table in tables})
        tables.append(audit_table("acceptance", acceptance.rows()))
    return AuditReport(
        title=title,
        card=card(evidence, matcher, outcomes),
        threshold=evidence.in_own_numbers(evidence.threshold),
        kind=evidence.scores.kind,
        tables=tuple(table for table in tables if len(table)),
        curves=Curves(
            det=tuple(det_curves(evidence, by_group)),
            cmc=tuple(searches.cmc_curves(evidence, outcomes, open_set)),
            discard=tuple(searches.discard_curves(evidence, pairs, discard)),
            scores=tuple(score_distributions(evidence, by_group)),
        ),
        caveats=tuple(caveats(evidence, coverage, by_group)),
        facts=facts_of(evidence, matcher),
        level=evidence.settings.level,
        suspicious=evidence.suspicious or (),
    )


def _families(evidence: Evidence, found: OpenSet | None) -> list[Family]:
    factors = evidence.settings.factors
    return [family for factor in factors for family in families(evidence, found, factor)]


def _large_enough(evidence: Evidence) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """Return the photos that can be counted, and the groups that are left out for being too small.

    See `too_few_together`.
    """
    factors = [factor for factor in evidence.settings.factors if "*" not in factor]
    groupings = [evidence.grouping(factor) for factor in factors]
    few = too_few_together(groupings, evidence.cohort.subject_codes)
    names = (
        f"{name} ({grouping.factor})"
        for grouping in groupings
        for code, name in enumerate(grouping.names)
        if np.all(few[grouping.codes == code])
    )
    return ~few, tuple(names)


def _of_photos(facts: Facts, kept: NDArray[np.bool_]) -> Facts:
    if np.all(kept):
        return facts
    return {
        name: [value for value, one in zip(values, kept, strict=True) if one]
        for name, values in facts.items()
    }


def _sound(
    scores: Scores, settings: AuditSettings, kept: NDArray[np.bool_], left_out: tuple[str, ...]
) -> Evidence:
    some = scores if np.all(kept) else scores.where(kept)
    evidence = Evidence(some, settings, left_out)
    evidence.require_sound()
    return evidence


def _require_possible(scores: Scores, settings: AuditSettings, baseline: Scores | None) -> None:
    """Refuse a regression without its library, and a baseline of another cohort."""
    if settings.explain:
        require_regression()
    if baseline is not None and scores.cohort.sha256 != baseline.cohort.sha256:
        raise ScoresError(
            "the baseline",
            rule="scores of the same photos with the same labels",
            got=f"cohort {baseline.cohort.name!r} with another content",
            next_step="Score the same cohort with the other matcher.",
        )
    if baseline is not None and scores.degraded != baseline.degraded:
        raise ScoresError(
            "the baseline",
            rule=f"of the same probes, {scores.degraded or 'as they are'}",
            got=f"probes {baseline.degraded or 'as they are'}",
            next_step="Degrade the probes of both matchers alike, or of neither.",
        )


def _check(scores: object, settings: object, matcher: object) -> None:
    """Refuse arguments of another type before any work."""
    if not hasattr(scores, "mated") or not hasattr(scores, "cohort"):
        raise AuditError(
            "scores",
            rule="must be the scores of a cohort",
            got=described(scores),
            next_step="Give EmbeddingScores(cohort, vectors), or read_scores(path, cohort).",
        )
    expect(
        "settings",
        settings,
        (AuditSettings, NoneType),
        rule="must be AuditSettings, or None",
        next_step="Give AuditSettings(...).",
    )
    expect(
        "matcher",
        matcher,
        Mapping,
        rule="must be facts by name",
        next_step='Give {"model": "name"}, for example.',
    )
