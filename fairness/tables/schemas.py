"""The tables of an audit, and the meaning of each of their columns."""

from __future__ import annotations

from collections.abc import Iterable

from fairness.tables.table import Column, Row, Table

FACTOR = Column("factor", "Factor", "text", "What divides the photos into groups.")
GROUP = Column("group", "Group", "text", 'The group; "all" is everyone together.')
_METRIC = Column("metric", "Error rate", "text", "Which error rate, see the glossary.")
STATUS = Column("status", "Reading", "status", "What the data can carry, see the glossary.")
_LOW = Column("low", "Lower limit", "rate", "Lower confidence limit.")
_HIGH = Column("high", "Upper limit", "rate", "Upper confidence limit.")
_SUBJECTS = Column("subjects", "Subjects", "count", "People with at least one trial.")
_TRIALS = Column("trials", "Trials", "count", "Comparisons, searches or photos counted.")
_PHOTOS = Column("photos", "Photos", "count", "Photos in the group.")

RATE_COLUMNS = (
    STATUS,
    Column("estimate", "Rate", "rate", "Errors divided by trials."),
    _LOW,
    _HIGH,
    Column("bound", "Upper bound", "rate", "One-sided bound, where errors are too few for a rate."),
    Column("errors", "Errors", "count", "Trials that went wrong."),
    _TRIALS,
    _SUBJECTS,
    Column(
        "effective",
        "Effective trials",
        "number",
        "Independent trials that the limits are made from; fewer than the trials where photos "
        "of one person succeed or fail together.",
    ),
    Column(
        "people",
        "People who carry it",
        "number",
        "How many people with like numbers of trials would carry the rate as these do.",
    ),
    Column(
        "largest",
        "Largest part of one person",
        "rate",
        "Share of the errors that the person with most of them takes part in.",
    ),
)
"""The columns that `fairness.tables.rate_row` fills."""

NOT_A_SHARE = frozenset({"false_leads", "false_leads_own", "selectivity"})
"""Metrics whose estimate is a mean count and not a share."""

MORE_THAN_CHANCE = "more than chance"
CHANCE = "not told from chance"
"""Results of a test: whether chance alone explains a difference."""

_P = Column("p", "p", "p", "Chance of a difference this large if there were none.")
_P_LIMIT = Column(
    "p_limit",
    "p at most",
    "p",
    "Upper 99 % limit of the p that all dealings would give; only some were drawn.",
)
_HOLM = Column("holm", "p (Holm)", "p", "Adjusted: chance of any false report in the family.")
_RESULT = Column("result", "Result", "text", "Whether chance explains the difference.")

_CHANGE = (
    Column("before", "Baseline", "rate", "The rate in the baseline."),
    Column("after", "Now", "rate", "The rate in this audit."),
    Column("difference", "Difference", "points", "Now less baseline, on the same subjects."),
    Column("low", "Lower limit", "points", "Lower confidence limit of the difference."),
    Column("high", "Upper limit", "points", "Upper confidence limit of the difference."),
    Column("errors_before", "Errors, baseline", "count", "Trials that went wrong in the baseline."),
    Column("errors", "Errors, now", "count", "Trials that go wrong now."),
    _P,
    _HOLM,
    _RESULT,
)

_TABLES: dict[str, tuple[str, tuple[Column, ...]]] = {
    "coverage": (
        "Who is in the cohort",
        (
            FACTOR,
            GROUP,
            _SUBJECTS,
            _PHOTOS,
            Column("share", "Share of photos", "rate", "Photos of the group among all photos."),
            Column("mated", "Mated comparisons", "count", "Pairs of photos of one person."),
            Column("non_mated", "Non-mated comparisons", "count", "Pairs of different people."),
            STATUS,
        ),
    ),
    "rates": (
        "Error rates by group",
        (
            FACTOR,
            GROUP,
            _METRIC,
            *RATE_COLUMNS,
            Column(
                "optimistic",
                "Bound if all pairs were independent",
                "rate",
                "For comparison only: the bound is lower because it takes every pair as new "
                "evidence, which pairs that share a person are not.",
            ),
        ),
    ),
    "differentials": (
        "Differences between groups",
        (
            FACTOR,
            _METRIC,
            Column("measure", "Measure", "text", "How the groups are summed up in one number."),
            Column("alpha", "Weight of FMR", "number", "Weight of false matches against misses."),
            Column("value", "Value", "number", "The measure at the global threshold."),
            Column("low", "Lower limit", "number", "Lower confidence limit."),
            Column("high", "Upper limit", "number", "Upper confidence limit."),
            Column("expected", "If equal: typical", "number", "Mean if all groups were equal."),
            Column(
                "expected_95",
                "If equal: up to",
                "number",
                "95th percentile if all groups were equal.",
            ),
            Column("groups_used", "Groups used", "count", "Groups that entered the measure."),
            Column("groups_excluded", "Groups left out", "count", "Groups with too little data."),
            Column("flag", "Remark", "text", "What to bear in mind."),
            Column("status", "Reading", "status", "Whether the measure could be worked out."),
        ),
    ),
    "cross": (
        "False match rate between groups",
        (
            FACTOR,
            GROUP,
            Column("other_group", "Other group", "text", "The group of the other photo."),
            *RATE_COLUMNS,
        ),
    ),
    "age_gap": (
        "False non-match rate by age and age gap",
        (
            Column("age", "Age at enrolment", "text", "Age in the earlier photo, years."),
            Column("gap", "Years between the photos", "text", "Years to the later photo."),
            _METRIC,
            *RATE_COLUMNS,
        ),
    ),
    "shift": (
        "How scores differ by group",
        (
            FACTOR,
            GROUP,
            Column("kind", "Comparisons", "text", "Mated or non-mated."),
            Column("mean", "Mean score", "score", "Mean of the scores."),
            Column("median", "Median score", "score", "Median of the scores."),
            Column("shift", "Shift", "score", "Mean less the mean of all groups together."),
            Column("low", "Lower limit", "score", "Lower confidence limit of the shift."),
            Column("high", "Upper limit", "score", "Upper confidence limit of the shift."),
            _TRIALS,
            _SUBJECTS,
            STATUS,
        ),
    ),
    "open_set": (
        "Searches in a gallery",
        (
            FACTOR,
            GROUP,
            _METRIC,
            Column("rank", "Candidates looked at", "count", "Length of the candidate list."),
            Column(
                "gallery", "Gallery size", "count", "Subjects enrolled; in the smallest gallery."
            ),
            *RATE_COLUMNS,
        ),
    ),
    "gallery": (
        "Searches in a gallery of the size asked about",
        (
            FACTOR,
            GROUP,
            _METRIC,
            Column("gallery", "Gallery size", "count", "People in the gallery asked about."),
            Column("rank", "Candidates looked at", "count", "Length of the candidate list."),
            Column(
                "rank_here",
                "Rank here",
                "count",
                "The rank among the people of this cohort that stands for it, if extrapolated.",
            ),
            Column(
                "basis",
                "Basis",
                "text",
                "Measured up to the number of people of the cohort, else extrapolated.",
            ),
            *RATE_COLUMNS,
        ),
    ),
    "tests": (
        "Tests of equal rates",
        (
            FACTOR,
            _METRIC,
            GROUP,
            Column("test", "Test", "text", "What was compared with what."),
            Column("rate", "Rate", "rate", "The rate of the group."),
            Column("others", "All others", "rate", "The rate of all other groups together."),
            Column(
                "difference", "Difference", "points", "Rate of the group less that of the others."
            ),
            Column(
                "at_least",
                "At least (times)",
                "number",
                "Lower confidence limit of the larger rate divided by the smaller one.",
            ),
            Column("statistic", "Statistic", "number", "The difference in standard errors."),
            _P,
            _P_LIMIT,
            _HOLM,
            Column(
                "subjects",
                "Subjects",
                "count",
                "People who took part: those for whom another group has people with a like number "
                "of photos.",
            ),
            Column("bh", "p (BH)", "p", "Adjusted: share of false reports (exploratory)."),
            _RESULT,
        ),
    ),
    "within": (
        "Differences while other factors are held fixed",
        (
            FACTOR,
            Column("fixed", "Held fixed", "text", "The factors that are held fixed."),
            Column("stratum", "Where", "text", 'Groups of these; "all" is all of them together.'),
            _METRIC,
            GROUP,
            Column("rate", "Rate", "rate", "The rate of the group there."),
            Column("others", "All others", "rate", "The rate of all other groups there."),
            Column(
                "difference",
                "Difference",
                "points",
                "Rate of the group less that of the others; for all strata together their "
                "weighted mean.",
            ),
            Column("strata", "Strata", "count", "Strata with this group and another one."),
            _P,
            _P_LIMIT,
            _HOLM,
            _RESULT,
        ),
    ),
    "odds": (
        "What goes with misses",
        (
            _METRIC,
            FACTOR,
            Column("level", "Level", "text", "Band or group of the factor."),
            Column("crude", "Alone", "number", "Odds ratio with this factor alone."),
            Column("crude_low", "Alone, lower limit", "number", "Lower confidence limit."),
            Column("crude_high", "Alone, upper limit", "number", "Upper confidence limit."),
            Column("crude_p", "p alone", "p", "Chance of a ratio this far from 1 if it were 1."),
            Column(
                "adjusted",
                "With the others",
                "number",
                "Odds ratio with the other factors of the table held fixed.",
            ),
            Column("adjusted_low", "With the others, lower limit", "number", "Lower limit."),
            Column("adjusted_high", "With the others, upper limit", "number", "Upper limit."),
            Column("adjusted_p", "p with the others", "p", "The same, others held fixed."),
            Column("errors", "Errors", "count", "Comparisons of the level that are misses."),
            Column("trials", "Trials", "count", "Comparisons of the level."),
            _SUBJECTS,
            Column("remark", "Remark", "text", "The reference level, or why there is no number."),
        ),
    ),
    "kin": (
        "Comparisons of relatives",
        (FACTOR, GROUP, _METRIC, *RATE_COLUMNS),
    ),
    "refused": (
        "Photos that were refused",
        (
            FACTOR,
            GROUP,
            Column("reason", "Reason", "text", "Why no template was made."),
            *RATE_COLUMNS,
        ),
    ),
    "discard": (
        "False non-match rate when the worst photos are put aside",
        (
            FACTOR,
            GROUP,
            Column("discarded", "Put aside", "rate", "Share of comparisons put aside."),
            *RATE_COLUMNS,
        ),
    ),
    "tone_confound": (
        "Apparent skin tone, exposure and quality",
        (
            Column("tone", "Apparent tone", "text", "Measured or annotated, see the run card."),
            Column("exposure", "Exposure", "text", "How light the whole photo is."),
            Column("quality", "Quality", "text", "Band of the measure of quality."),
            _METRIC,
            _PHOTOS,
            *RATE_COLUMNS,
        ),
    ),
    "worst_cells": (
        "Groups with the highest error rates",
        (_METRIC, FACTOR, GROUP, *RATE_COLUMNS),
    ),
    "acceptance": (
        "Declared bounds",
        (
            Column("bound_name", "Bound", "text", "Name in the file of bounds."),
            FACTOR,
            GROUP,
            _METRIC,
            Column("measure", "Measure", "text", "What is bounded; the error rate where empty."),
            Column("limit", "At most", "number", "The bound."),
            Column("value", "Measured", "number", "The measured value."),
            Column("low", "Lower limit", "number", "Lower confidence limit."),
            Column("high", "Upper limit", "number", "Upper confidence limit."),
            Column("outcome", "Outcome", "text", "pass, fail or inconclusive."),
            Column("reason", "Why", "text", "What decided it."),
        ),
    ),
    "changes": (
        "Compared with the baseline",
        (FACTOR, GROUP, _METRIC, *_CHANGE, _TRIALS, _SUBJECTS, STATUS),
    ),
}

TABLE_NAMES = tuple(_TABLES)
"""The tables that a report has a chapter or section for."""


def audit_table(name: str, rows: Iterable[Row], *, note: str = "") -> Table:
    """Return one of the tables of an audit.

    Parameters
    ----------
    name
        One of `TABLE_NAMES`.
    rows
        Values by column name. A missing value becomes None.
    note
        Text shown under the table.

    Raises
    ------
    ValueError
        If there is no such table, or a row has a column that the table does not have.
    """
    if name not in _TABLES:
        raise ValueError(f"an audit has no table {name!r}, only {', '.join(TABLE_NAMES)}")
    title, columns = _TABLES[name]
    return Table(name, title, columns, tuple(rows), note)
