"""The run card for a reader, and the facts of the run for a machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from fairness.auditing.evidence import Evidence, Grouped
from fairness.auditing.searches import sizes_of
from fairness.cohort import Cohort
from fairness.identification import CandidateLists, OpenSet
from fairness.rates import FEWEST_SUBJECTS
from fairness.tables import Value
from fairness.verification import EXPECTED_FALSE_ALARMS, Kind, ListedScores, listing
from fairness.words import counted, exact_threshold, figure

_PACKAGES = {"matcher": "missing-child-matcher", "numpy": "numpy", "scipy": "scipy"}
"""Distributions by the name under which their version is reported."""

_SIDES: Mapping[Kind, str] = {
    "similarity": "a comparison is at or above the threshold if score >= threshold",
    "distance": "a comparison reaches the threshold if distance <= threshold",
}


def card(evidence: Evidence, matcher: Mapping[str, str], found: OpenSet | None) -> dict[str, str]:
    """Return the run card: what was tested, on whom and how, in order."""
    text = _tested(evidence, matcher) | _probes(evidence)
    text |= {"Suspicious pairs": _suspicious(evidence)}
    text |= _listed(evidence) | _judged_at(evidence)
    if found is not None:
        text |= _gallery(found, evidence.settings.rank)
    if evidence.settings.gallery_size is not None:
        size = counted(evidence.settings.gallery_size, "person", "people")
        text["Gallery asked about"] = size
    return text | _shown(evidence)


def card_of_lists(
    evidence: Grouped, matcher: Mapping[str, str], lists: CandidateLists, found: OpenSet
) -> dict[str, str]:
    """Return the run card of an audit of candidate lists."""
    plan = lists.plan
    text = _tested(evidence, matcher)
    text["Searches"] = (
        f"{len(plan.mated):,} for enrolled people, {len(plan.non_mated):,} for others"
    )
    if lists.strangers:
        text["Candidates outside the cohort"] = f"{lists.strangers:,}"
    rank = min(evidence.settings.rank, found.mated.depth)
    return text | _judged_at(evidence) | _gallery(found, rank) | _shown(evidence)


def _tested(evidence: Grouped, matcher: Mapping[str, str]) -> dict[str, str]:
    cohort = evidence.cohort
    text = {name.replace("_", " ").capitalize(): value for name, value in matcher.items()}
    return text | {
        "Cohort": f"{cohort.name}: {counted(len(cohort), 'photo')} of "
        f"{counted(len(cohort.subjects), 'subject')}",
        "Cohort hash": cohort.sha256,
        "Sources": _shares(evidence, "source"),
        "Licences": _shares(evidence, "licence"),
        "Labels of sex": _shares(evidence, "sex_provenance"),
        "Set aside": _set_aside(evidence),
        **_left_out(evidence),
        **_spellings(evidence),
        **_refused(cohort),
    }


def _judged_at(evidence: Grouped) -> dict[str, str]:
    return {
        "Groups by": ", ".join(evidence.settings.factors),
        "Threshold": _threshold(evidence),
        "Side": _SIDES[evidence.kind],
    }


def _gallery(found: OpenSet, rank: int) -> dict[str, str]:
    return {"Gallery": f"{sizes_of(found)}; lists of {counted(rank, 'candidate')}"}


def _shown(evidence: Grouped) -> dict[str, str]:
    settings = evidence.settings
    return {
        "Intervals": f"{figure(100 * settings.level, 4)} %, over subjects; "
        f"{counted(settings.draws, 'bootstrap draw')}, "
        f"seed {settings.seed}",
        "Shown": f"numbers of groups of {FEWEST_SUBJECTS} people or more; those of further groups "
        "are withheld where a total, less the groups shown, would tell of fewer than "
        f"{FEWEST_SUBJECTS} people",
    }


def facts_of(evidence: Grouped, matcher: Mapping[str, str]) -> dict[str, Value]:
    """Return the facts of the run for a machine."""
    settings = evidence.settings
    return {
        **matcher,
        "cohort": evidence.cohort.name,
        "cohort_sha256": evidence.cohort.sha256,
        "factors": ", ".join(settings.factors),
        "score_kind": evidence.kind,
        **_degraded(evidence),
        "threshold": evidence.in_own_numbers(evidence.threshold),
        **({"target_fmr": settings.fmr} if isinstance(evidence, Evidence) else {}),
        "rank": settings.rank,
        "gallery_size": settings.gallery_size,
        "draws": settings.draws,
        "seed": settings.seed,
        **{f"version_{name}": _version(package) for name, package in _PACKAGES.items()},
        **({"version_statsmodels": _version("statsmodels")} if settings.explain else {}),
    }


def _degraded(evidence: Grouped) -> dict[str, Value]:
    of_scores = isinstance(evidence, Evidence) and evidence.scores.degraded
    return {"degraded_probes": of_scores} if of_scores else {}


def _threshold(evidence: Grouped) -> str:
    made = evidence.set_threshold if isinstance(evidence, Evidence) else None
    text = exact_threshold(evidence.in_own_numbers(evidence.threshold))
    if made is None:
        return f"{text}, as given"
    reference = evidence.settings.reference
    on = f"of {reference[0]} {', '.join(reference[1])}" if reference else "of everybody"
    counts = f" ({made.false_matches:,} of {counted(made.trials, 'comparison')})"
    if reference and evidence.suppressed(reference[0]) & set(reference[1]):
        counts = ""
    return (
        f"{text}, set so that the false match rate {on} with each other "
        f"is at most {figure(made.target, 6)}{counts}"
    )


def _probes(evidence: Evidence) -> dict[str, str]:
    """Say how probes were degraded, and what they are compared with."""
    if not evidence.scores.degraded:
        return {}
    return {
        "Degraded probes": evidence.scores.degraded,
        "Compared": "each probe with enrolled photos as they are; of one person, or of relatives, "
        "the later photo is the probe; two other people are compared both ways",
    }


def _listed(evidence: Evidence) -> dict[str, str]:
    """Say which share of all pairs a file of scores lists."""
    if not isinstance(evidence.scores, ListedScores):
        return {}
    said = "; said to be drawn by chance" if evidence.scores.drawn_by_chance else ""
    return {"Pairs listed": f"{listing(evidence.scores)}, of the compared photos{said}"}


def _set_aside(evidence: Grouped) -> str:
    reasons = Counter(item.why for item in evidence.cohort.set_aside if not item.refused)
    return "; ".join(f"{count}: {why}" for why, count in sorted(reasons.items())) or "nothing"


def _suspicious(evidence: Evidence) -> str:
    found = evidence.suspicious
    if evidence.scores.degraded:
        return "not looked for: the probes are degraded; an audit of the photos as they are does"
    if found is None:
        return "not looked for: too few scores, or scores that overlap too much"
    if not found:
        return "none found"
    expected = figure(EXPECTED_FALSE_ALARMS)
    return (
        f"{len(found)}, listed apart from this report; at most about {expected} of each kind is to "
        "be expected if all labels are right"
    )


def _left_out(evidence: Grouped) -> dict[str, str]:
    if not evidence.left_out:
        return {}
    named = ", ".join(evidence.left_out)
    return {"Left out": f"the photos of groups of fewer than {FEWEST_SUBJECTS} people: {named}"}


def _spellings(evidence: Grouped) -> dict[str, str]:
    """Say which labels of this audit were written in several ways."""
    found = [str(spelling) for spelling in evidence.spellings]
    return {"Spellings": f"{'; '.join(found)}"} if found else {}


def _refused(cohort: Cohort) -> dict[str, str]:
    """Name each row that was refused; without photo and content, for the card is passed on."""
    if not cohort.refused:
        return {}
    return {
        "Rows refused": f"{len(cohort.refused)}. {'; '.join(row.why for row in cohort.refused)}"
    }


def _shares(evidence: Grouped, field: str) -> str:
    """Name the values of a label; with their shares, unless a value belongs to few people."""
    cohort, grouping = evidence.cohort, evidence.shared(field)
    found = sorted(cohort.coverage(grouping), key=lambda group: -group.photos)
    if any(group.subjects < FEWEST_SUBJECTS for group in found):
        return ", ".join(grouping.names)
    return ", ".join(f"{g.group} {figure(100 * g.photos / len(cohort))} %" for g in found)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
