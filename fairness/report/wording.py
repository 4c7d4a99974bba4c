"""The words of the report: names of rates, measures and factors, readings, and the glossary."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fairness.rates import FEWEST_SUBJECTS
from fairness.words import exact_threshold, visible

if TYPE_CHECKING:
    from fairness.report.result import AuditResult

RATES = {
    "FMR": "False match rate (FMR)",
    "FMR_random": "False match rate, all pairs of different people (FMR)",
    "FNMR": "False non-match rate (FNMR), refused photos left out",
    "FNMR_counted": "False non-match rate, refused photos counted as misses",
    "FTE": "Failure to enrol (FTE)",
    "FTA": "Failure to acquire (FTA)",
    "FPIR": "False positive identification rate (FPIR)",
    "FNIR": "False negative identification rate (FNIR), refused photos left out",
    "FNIR_counted": "False negative identification rate, refused photos counted as misses",
    "FNIR_ranks": "Misses among the first candidates, threshold left aside (1 - CMC)",
    "selectivity": "Selectivity, candidates in a list",
    "false_leads": "False leads in a search, gallery of the size asked about",
    "false_leads_own": "False leads in a search, gallery of the person's own group only",
    "not_listed": "Not on the list, gallery of the size asked about",
    "not_listed_counted": "Not on the list, refused photos counted as misses",
}
"""Titles of error rates. A rate without an entry keeps its own name."""

MEASURES = {
    "max-min": "Largest less smallest (never under 0)",
    "max/min": "Largest ÷ smallest (never under 1)",
    "max/mean": "Largest ÷ mean (never under 1)",
    "max/geomean": "Largest ÷ geometric mean (never under 1)",
    "mean |log10(x/geomean)|": "Mean distance from the geometric mean, log10",
    "Gini": "Gini coefficient (0 = no difference)",
    "Gini (raw)": "Gini coefficient, not corrected for the number of groups",
    "FDR": "FDR (1 = no difference)",
    "IR": "Inequity rate IR (1 = no difference)",
    "GARBE": "GARBE (0 = no difference)",
    "difference": "Now less baseline",
    "shift": "Shift of the scores",
    "equalised odds difference": "Equalised odds, larger difference",
    "equalised odds difference (mean)": "Equalised odds, mean difference",
    "equalised odds ratio": "Equalised odds, smaller ratio",
    "equalised odds ratio (mean)": "Equalised odds, mean ratio",
}
"""Titles of summary measures. A measure without an entry keeps its own name."""

INTERVAL_OF_MEASURE = (
    "A largest rate over a smallest one is never under 1, and its interval neither, even if all "
    "groups are equal: that 1 lies outside it shows no difference."
)
"""How to read the interval of a summary measure."""

FACTORS = {
    "age": "age at capture",
    "sex": "sex or gender",
    "tone": "skin tone",
    "capture_type": "kind of photo",
}

READINGS = {
    "shown": "shown",
    "ok": "● enough data",
    "limited": "○ limited data",
    "bound_only": "◁ upper bound only",
    "at_least": "▷ lower bound only",
    "insufficient": "not enough data",
    "suppressed": "not shown",
}
"""Texts for a status. The signs are those of the plots."""

GLOSSARY = (
    ("Subject", "A person; several photos may show one subject."),
    (
        "Score",
        "A number that says how alike two photos look to the model: higher is closer, or lower "
        "if it is a distance. It is not a probability.",
    ),
    (
        "Threshold",
        "The score from which on two photos are put forward for review, or the distance up to "
        "which they are; one threshold serves everybody in this report.",
    ),
    ("Mated comparison", "A comparison of two photos of one person."),
    (
        "Non-mated comparison",
        "A comparison of photos of two different people; unless stated otherwise, of people of "
        "one group, because a child is most easily taken for a child of the same age and sex.",
    ),
    (
        "False match rate (FMR)",
        "Of the comparisons of different people, the share that reaches the threshold.",
    ),
    (
        "False non-match rate (FNMR)",
        "Of the comparisons of two photos of one person, the share that misses the threshold.",
    ),
    (
        "Failure to enrol (FTE)",
        "Of the photos offered for the gallery, the share from which no template could be made.",
    ),
    (
        "Failure to acquire (FTA)",
        "Of the photos offered for a search or comparison, the share in which no usable face was "
        "found.",
    ),
    (
        "False positive identification rate (FPIR)",
        "Of the searches for people who are not in the gallery, the share that returns at least "
        "one candidate at or above the threshold; it grows with the gallery.",
    ),
    (
        "False negative identification rate (FNIR)",
        "Of the searches for people who are in the gallery, the share whose candidate list misses "
        "them: not at or above the threshold, or not among the candidates looked at.",
    ),
    (
        "Selectivity",
        "The mean number of candidates that a search for a person who is not in the gallery "
        "returns.",
    ),
    (
        "False leads in a search",
        "The mean number of wrong people at or above the threshold in a search of a gallery of the "
        "stated size.",
    ),
    (
        "Not on the list",
        "Of the searches for people who are in a gallery of the stated size, the share that does "
        "not have them among the candidates looked at, the threshold left aside.",
    ),
    (
        "CMC, rank hit rate",
        "Of the searches for people who are in the gallery, the share that has them among the "
        "first so many candidates, the threshold left aside.",
    ),
    (
        "DET curve",
        "How the two errors trade off: each point of a curve is one threshold, and a lower "
        "threshold misses fewer people but gives more false leads.",
    ),
    (
        "EDC, error versus discard",
        "How the rate of misses changes when the photos of the lowest quality are put aside.",
    ),
    (
        "Interval",
        "Where the true rate plausibly lies: intervals made this way hold it as often as their "
        "level says. Photos of one person are not counted as independent.",
    ),
    (
        "Effective trials",
        "How many independent trials would tell as much as the trials made; fewer, because photos "
        "of one person succeed or fail together.",
    ),
    (
        "If all groups were equal",
        "Even then the largest and the smallest of several measured rates differ by chance; the "
        "table gives the value to be expected, and the one exceeded in 5 of 100 such audits.",
    ),
    (
        "FDR, IR, GARBE, Gini",
        "Published one-number summaries of differences between groups; each hides something, "
        "which is why the rates by group come first.",
    ),
    (
        "p, Holm, BH",
        "p is the chance of a difference at least this large if there were none. Holm and BH "
        "(Benjamini and Hochberg) raise it to allow for the number of tests. A large p does not "
        "show that groups are alike.",
    ),
    (
        "● enough data",
        "At least 30 errors, carried by 30 people, in trials carried by 100: rate and interval "
        "are given. People who make most of the errors or trials count for fewer.",
    ),
    (
        "○ limited data",
        "At least 5 errors, carried by 5 people, in trials carried by 10: rate and interval are "
        "given, marked.",
    ),
    (
        "◁ upper bound only",
        "Too few errors for a rate, but enough trials to say what it is at most.",
    ),
    (
        "▷ lower bound only",
        "The smallest rate of all has few errors or people, so that the largest divided by it is "
        "known to be at least so much.",
    ),
    ("Not enough data", "Counts are given and no rate; nothing is to be concluded from them."),
    (
        "Not shown",
        f"Fewer than {FEWEST_SUBJECTS} subjects, or a group whose counts would reveal such a "
        "group; held back to protect the people in it.",
    ),
    ("unknown", "Photos without a label of the kind; they are counted, never guessed."),
)
"""Terms with one or two sentences on each, following the vocabulary of ISO/IEC 19795-1."""


def rate_title(metric: str) -> str:
    """Return the name of an error rate for a reader."""
    return RATES.get(metric, metric)


def rate_meaning(metric: str) -> str:
    """Return the sentence of the glossary on an error rate; "" if there is none."""
    short = metric.partition("_")[0]
    return next((text for term, text in GLOSSARY if f"({short})" in term), "")


def slug(text: str) -> str:
    """Return a text as part of a file name or an anchor."""
    return "".join(sign if sign.isalnum() or sign in "-_" else "-" for sign in text)


def rate_name(metric: str) -> str:
    """Return the short name of an error rate, for an axis or a sentence."""
    short, _, rest = metric.partition("_")
    return f"{short} ({rest.replace('_', ' ')})" if rest and short.isupper() else plain(metric)


def measure_title(measure: str) -> str:
    """Return the name of a summary measure for a reader."""
    return MEASURES.get(measure, plain(measure))


def reached(report: AuditResult) -> str:
    """Return when a comparison reaches the threshold, as in "score is at or above 0.62"."""
    side = "score is at or above" if report.kind == "similarity" else "distance is at or below"
    return f"{side} {exact_threshold(report.threshold)}"


def factor_title(factor: str) -> str:
    """Return the name of a factor for a reader. A multiplication sign joins several factors."""
    title = " \N{MULTIPLICATION SIGN} ".join(
        FACTORS.get(part, plain(part)) for part in factor.split("*")
    )
    return visible(title)


def group_title(group: str) -> str:
    """Return the name of a group without leading zeros, as in "4 to under 8"."""
    group = re.sub(r"(?<![\d.])0(?=\d+(\.\d+)? (to under|and over))", "", group)
    return visible(re.sub(r"(?<=to under )0(?=\d)", "", group))


def rate_caption(metric: str, factor: str) -> str:
    """Return the caption of the table of an error rate by group."""
    return f"{rate_title(metric)} by {factor_title(factor)}"


def table_caption(title: str, factor: str) -> str:
    """Return the caption of the rows of a table on one factor."""
    return f"{title}: {factor_title(factor)}"


def age_gap_caption(metric: str) -> str:
    """Return the caption of the table of an error rate by age and years between photos."""
    return f"{rate_title(metric)} by age in the earlier photo and years between the photos"


def plain(name: str) -> str:
    """Return a name with spaces for underscores."""
    return name.replace("_", " ")
