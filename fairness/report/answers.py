"""The questions of the first page, and their answers: sentences with numbers and counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fairness.report.formatting import interval, one_in, p_value, percent, significant
from fairness.report.result import AuditResult
from fairness.report.wording import factor_title, group_title, plain
from fairness.tables import MORE_THAN_CHANCE, NOT_A_SHARE, OVERALL, Row, Value, number
from fairness.words import counted, exact_threshold

NOUNS = {
    "FNMR": "misses (FNMR)",
    "FNMR_counted": "misses, refused photos counted",
    "FNIR": "searches that miss (FNIR)",
    "FNIR_counted": "searches that miss, refused photos counted",
    "FTA": "refused photos (FTA)",
    "FTE": "photos refused at enrolment (FTE)",
    "FMR": "false matches (FMR)",
    "FPIR": "searches with a false lead (FPIR)",
    "selectivity": "false leads a search",
}
"""Error rates in a sentence, in the order of the first page."""

_MISSES = ("FNMR", "FNMR_counted", "FNIR", "FNIR_counted", "FTA", "FTE")
_FALSE_LEADS = ("FMR", "FPIR", "selectivity")
_SAME_WITHOUT_REFUSALS = {"FNMR_counted": "FNMR", "FNIR_counted": "FNIR"}
_MOST_NAMED = 3


@dataclass(frozen=True)
class Answer:
    """A question of the first page, and the sentences that answer it."""

    question: str
    sentences: tuple[str, ...]


def answers(report: AuditResult) -> tuple[Answer, ...]:
    """Return the questions in the order in which an agency asks them."""
    return (
        Answer("Whose misses?", tuple(_whose(report, _MISSES))),
        Answer("Whose false leads?", tuple(_whose(report, _FALSE_LEADS))),
        Answer("How many false leads in a search of a gallery like ours?", tuple(_leads(report))),
        Answer("How many missing children would not be on the list?", tuple(_missed(report))),
        Answer("What should we set?", tuple(_threshold(report))),
        Answer("Did the new model make it worse for anybody?", tuple(_worse(report))),
    )


def rate_text(row: Row) -> str:
    """Return a rate with its interval and counts, or its counts alone where it has no interval."""
    mean = str(row.get("metric")) in NOT_A_SHARE
    if row.get("errors") is None and row.get("estimate") is None and row.get("bound") is None:
        return "not enough data"
    counts = people(row) if mean else f"{row['errors']:,} of {row['trials']:,}, {people(row)}"
    write = _mean if mean else percent
    if row.get("estimate") is not None:
        estimate, low, high = (number(row[name]) for name in ("estimate", "low", "high"))
        limits = interval(low, high, estimate, "number" if mean else "rate")
        return f"{write(estimate)} ({limits}; {counts})"
    if row.get("bound") is not None:
        return f"at most {write(number(row['bound']))} ({counts})"
    return f"{counts}, not enough data for an interval"


def _mean(value: float) -> str:
    return significant(value, 2)


def people(row: Row) -> str:
    """Return the number of people behind a row."""
    return counted(int(number(row["subjects"])), "person", "people")


def gaps(report: AuditResult) -> list[Row]:
    """Return the tests of single groups whose difference is more than chance, the worse first.

    Of two groups only the one with the higher rate is there. A rate that counts refused photos as
    errors is left out where no photo was refused, so that it says the same twice.
    """
    if not report.has("tests"):
        return []
    found = [
        row
        for row in report.table("tests").where(result=MORE_THAN_CHANCE)
        if row["group"] is not None and not _says_it_twice(report, row)
    ]
    order = list(NOUNS)
    return sorted(
        found,
        key=lambda row: (number(row["difference"]) < 0, order.index(str(row["metric"]))),
    )


def _says_it_twice(report: AuditResult, row: Row) -> bool:
    tests = report.table("tests")
    keys = {"factor": row["factor"], "metric": row["metric"]}
    groups = [other for other in tests.where(**keys) if other["group"] is not None]
    if len(groups) == 2 and number(row["difference"]) < 0:
        return True
    plainer = _SAME_WITHOUT_REFUSALS.get(str(row["metric"]))
    twins = tests.where(factor=row["factor"], metric=plainer, group=row["group"])
    return any((twin["rate"], twin["others"]) == (row["rate"], row["others"]) for twin in twins)


def row_of(report: AuditResult, test: Row) -> Row | None:
    """Return the row with the counts of a group that was tested."""
    keys = {name: test[name] for name in ("factor", "metric", "group")}
    for name in ("rates", "open_set"):
        if report.has(name) and (rows := report.table(name).where(**keys)):
            return rows[0]
    return None


def _whose(report: AuditResult, metrics: Sequence[str]) -> Iterator[str]:
    """Name the groups with more errors than all others; else say what was seen."""
    named = [row for row in gaps(report) if row["metric"] in metrics]
    for factor in _factors(report):
        more = [r for r in named if r["factor"] == factor and number(r["difference"]) > 0]
        yield from (_gap(report, row) for row in more[:_MOST_NAMED])
        if len(more) > _MOST_NAMED:
            yield f"{counted(len(more) - _MOST_NAMED, 'more gap')} by {factor_title(factor)} below."
        if not more:
            yield _no_gap(report, factor, metrics)


def _factors(report: AuditResult) -> list[str]:
    names = ("rates", "open_set")
    tables = [report.table(name) for name in names if report.has(name)]
    return list(dict.fromkeys(str(f) for table in tables for f in table.values("factor")))


def _gap(report: AuditResult, test: Row) -> str:
    row, metric = row_of(report, test), str(test["metric"])
    own = rate_text(row) if row is not None else amount(test["rate"], metric)
    return (
        f"{group_title(str(test['group']))} ({factor_title(str(test['factor']))}): "
        f"{NOUNS.get(metric, plain(metric))} {own}; all others {amount(test['others'], metric)}"
        f"{times(test)}. This is more than chance ({adjusted(test)})."
    )


def amount(value: Value, metric: str) -> str:
    """Write a rate, or a mean number."""
    return (_mean if metric in NOT_A_SHARE else percent)(number(value))


def adjusted(test: Row) -> str:
    """Write the adjusted p-value of a test."""
    text = p_value(number(test["holm"]))
    return f"p {text}" if text.startswith("under") else f"p = {text}"


def times(test: Row) -> str:
    """Say how many times the larger rate is the smaller one at least; "" if it reads as once."""
    least = number(test["at_least"])
    return f", at least {significant(least, 2)} times" if least >= 1.05 else ""


def _no_gap(report: AuditResult, factor: str, metrics: Sequence[str]) -> str:
    title = factor_title(factor)
    for metric in metrics:
        rows = _rows(report, factor, metric)
        read = sorted((r for r in rows if r["estimate"] is not None), key=_estimate)
        if len(read) > 1:
            ends = (read[-1], read[0])
            highest, lowest = (f"{group_title(str(r['group']))} {rate_text(r)}" for r in ends)
            return (
                f"By {title}: no gap that chance does not explain. Of {NOUNS[metric]}, "
                f"highest for {highest}; lowest for {lowest}."
            )
    shown = [row for metric in metrics for row in _rows(report, factor, metric)]
    if not shown:
        return f"By {title}: not tested; the data have no such comparisons or searches."
    return f"By {title}: no gap that chance does not explain, and not enough data for two rates."


def _rows(report: AuditResult, factor: str, metric: str) -> list[Row]:
    tables = [report.table(name) for name in ("rates", "open_set") if report.has(name)]
    rows = [row for table in tables for row in table.where(factor=factor, metric=metric)]
    return [row for row in rows if row["group"] != OVERALL]


def overall(report: AuditResult, *metrics: str) -> Row | None:
    """Return the row of everybody for the first of the metrics that has one."""
    for metric in metrics:
        for name in ("rates", "open_set"):
            rows = (
                report.table(name).where(group=OVERALL, metric=metric) if report.has(name) else ()
            )
            if rows and rows[0]["status"] != "suppressed":
                return rows[0]
    return None


def _leads(report: AuditResult) -> Iterator[str]:
    false_lead, mean = overall(report, "FPIR"), overall(report, "selectivity")
    if false_lead is None:
        yield "Not tested: there were no searches for people who are not enrolled."
    else:
        yield (
            f"In a gallery of {_people_of(false_lead)}, searches for somebody who is not there "
            f"that return a false lead: {rate_text(false_lead)}. A larger gallery returns more."
        )
    if mean is not None:
        yield f"False leads a search: {rate_text(mean)}."
    for row in _asked(report, "false_leads"):
        yield (
            f"In a gallery of {_people_of(row)}, false leads a search, from the comparisons of "
            f"this cohort: {rate_text(row)}."
        )


def _missed(report: AuditResult) -> Iterator[str]:
    missed = overall(report, "FNIR_counted", "FNIR")
    if missed is None:
        pairs = overall(report, "FNMR_counted", "FNMR")
        yield "Not tested: there were no searches for people who are enrolled."
        if pairs is not None:
            yield (
                "Misses among the comparisons of two photos of one person, refused photos counted: "
                f"{rate_text(pairs)}."
            )
        return
    yield (
        f"In a gallery of {_people_of(missed)}, searches without the person at or above the "
        f"threshold among the first {_whole(missed['rank'])}: {rate_text(missed)}. Refused photos "
        "count as misses."
    )

    for row in _asked(report, "not_listed_counted", "not_listed"):
        yield (
            f"In a gallery of {_people_of(row)}, people who would not be among the first "
            f"{_whole(row['rank'])}, whatever the score: {rate_text(row)}; {row['basis']}."
        )


def _asked(report: AuditResult, *metrics: str) -> Sequence[Row]:
    """Return the row of everybody, in the table of galleries, for the first metric that has one."""
    if not report.has("gallery"):
        return ()
    tables = (report.table("gallery").where(group=OVERALL, metric=metric) for metric in metrics)
    return next((rows[:1] for rows in tables if rows), ())


def _people_of(row: Row) -> str:
    return counted(_whole(row["gallery"]), "person", "people")


def _threshold(report: AuditResult) -> Iterator[str]:
    false, missed = overall(report, "FMR_random"), overall(report, "FNMR")
    if false is not None:
        yield f"False match rate at this threshold, over all pairs: {rate_text(false)}."
    if missed is not None:
        yield f"Miss rate at this threshold: {rate_text(missed)}."
    yield from _further(report)
    yield "A lower one misses fewer people and gives more false leads."


def _further(report: AuditResult) -> Iterator[str]:
    """Say what each further threshold gives."""
    if not report.has("thresholds"):
        return
    table = report.table("thresholds")
    factor = table.rows[0]["factor"]
    for target in table.values("target"):
        rows = table.where(factor=factor, target=target, group=OVERALL)
        by_metric = {row["metric"]: row for row in rows}
        false, missed = by_metric.get("FMR_random"), by_metric.get("FNMR")
        share = one_in(number(target)) or percent(number(target))
        if false is None or false["remark"]:
            yield f"For an FMR of {share}: {false['remark'] if false else 'not tested'}."
        else:
            misses = f", misses {rate_text(missed)}" if missed is not None else ""
            value = exact_threshold(number(false["threshold"]))
            yield f"For an FMR of {share}: threshold {value}{misses}."


def _worse(report: AuditResult) -> Iterator[str]:
    if not report.has("changes"):
        yield "Not tested: no earlier matcher was given."
        return
    rows = [row for row in report.table("changes") if row["difference"] is not None]
    told = [row for row in rows if row["result"] == MORE_THAN_CHANCE]
    worse = sorted((r for r in told if number(r["difference"]) > 0), key=_rise, reverse=True)
    yield from (_change(row) for row in worse[:_MOST_NAMED])
    if len(worse) > _MOST_NAMED:
        yield f"{counted(len(worse) - _MOST_NAMED, 'more rate')} rose; see the table of changes."
    if not worse and rows:
        most = max(rows, key=_rise)
        yield "No rate of any group rose by more than chance explains."
        if number(most["difference"]) > 0:
            yield f"The largest rise: {_change(most)}"
    better = sum(number(row["difference"]) < 0 for row in told)
    if better:
        yield f"{counted(better, 'rate')} of a group fell by more than chance explains."


def _change(row: Row) -> str:
    metric = str(row["metric"])
    before, after = (amount(row[name], metric) for name in ("before", "after"))
    chance = f" ({adjusted(row)})" if row["result"] == MORE_THAN_CHANCE else ""
    return (
        f"{group_title(str(row['group']))} ({factor_title(str(row['factor']))}): "
        f"{NOUNS.get(metric, plain(metric))} from {before} to {after} "
        f"({row['errors_before']:,} and {row['errors']:,} of {row['trials']:,}){chance}."
    )


def _rise(row: Row) -> float:
    return number(row["difference"])


def _estimate(row: Row) -> float:
    return number(row["estimate"])


def _whole(value: Value) -> int:
    return int(number(value))
