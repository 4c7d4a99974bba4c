"""From scores and labels to a report that says where a matcher works worse, and how sure.

Follows the vocabulary and practice of ISO/IEC 19795-1 and ISO/IEC 19795-10.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fairness.auditing import differences, imaging, rates, searches
from fairness.auditing.acceptance import Bound, judge
from fairness.auditing.caveats import caveats
from fairness.auditing.evidence import Evidence
from fairness.auditing.imaging import Facts
from fairness.auditing.run_card import card, facts_of
from fairness.auditing.score_curves import det_curves, score_spreads
from fairness.auditing.settings import AuditSettings
from fairness.errors import ScoresError
from fairness.report.audit_report import AuditReport
from fairness.tables import Curves, audit_table
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
    """Measure error rates by group at one threshold for everybody.

    Parameters
    ----------
    scores
        Of a cohort: vectors (`EmbeddingScores`) or a file of comparisons (`read_scores`). Searches
        in a gallery need vectors.
    settings
        The choices of the audit.
    matcher
        What made the scores, for the run card, as in ``{"model": "…", "weights": "…"}``.
    facts
        Measures of the photos, for the table of how groups differ in their pictures.
    bounds
        Declared bounds to hold the results against.
    baseline
        Scores of another matcher for the same cohort; its threshold is set in the same way.
    title
        Heading of the report.

    Raises
    ------
    CohortError
        If a factor or a reference group is unknown, or the reference groups have too few people.
    ScoresError
        If no threshold can be set, or the baseline is of another cohort.
    BoundsError
        If a bound names what the tables do not have.
    """
    evidence = Evidence(scores, settings or AuditSettings())
    covered, by_group = rates.coverage(evidence), rates.rates(evidence)
    found = searches.search(evidence)
    pairs = searches.judged(evidence)
    searched = searches.open_set(evidence, found)
    discarded = searches.discard(evidence, pairs)
    tables = [
        covered,
        by_group,
        differences.summaries(evidence),
        rates.cross(evidence),
        rates.age_gap(evidence),
        rates.shift(evidence),
        searched,
        differences.tests(evidence),
        rates.kin(evidence),
        rates.refused(evidence),
        discarded,
        imaging.measured(evidence, facts),
        imaging.tone_confound(evidence),
        differences.worst_cells(by_group),
    ]
    if baseline is not None:
        tables.append(differences.changes(evidence, _baseline(evidence, baseline)))
    if bounds:
        verdict = judge(bounds, {table.name: table.rows for table in tables})
        tables.append(audit_table("acceptance", verdict.rows()))
    return AuditReport(
        title=title,
        card=card(evidence, matcher, found),
        threshold=evidence.threshold,
        tables=tuple(table for table in tables if len(table)),
        curves=Curves(
            det=tuple(det_curves(evidence, by_group)),
            cmc=tuple(searches.cmc_curves(evidence, found, searched)),
            discard=tuple(searches.discard_curves(evidence, pairs, discarded)),
            scores=tuple(score_spreads(evidence, by_group)),
        ),
        caveats=tuple(caveats(evidence, covered, by_group)),
        facts=facts_of(evidence, matcher),
        level=evidence.settings.level,
    )


def _baseline(evidence: Evidence, scores: Scores) -> Evidence:
    if scores.cohort.sha256 != evidence.cohort.sha256:
        raise ScoresError(
            "the baseline",
            rule="scores of the same photos with the same labels",
            got=f"cohort {scores.cohort.name!r} with another content",
            next_step="Score the same cohort with the other matcher.",
        )
    return Evidence(scores, evidence.settings)
