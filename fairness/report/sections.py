"""The chapters of the report: the order of tables and pictures, and the sentences before them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from fairness.report.figures import Picture
from fairness.report.odds_view import odds_views
from fairness.report.result import AuditResult
from fairness.report.table_view import TableView, build_view, matrix
from fairness.report.wording import (
    INTERVAL_OF_MEASURE,
    RATES,
    age_gap_caption,
    factor_title,
    rate_caption,
    rate_meaning,
    rate_title,
    slug,
    table_caption,
)
from fairness.tables import TABLE_NAMES, Row, Table

_PARTS = (
    *("summary", "Summary", "summary-title", "contents", "Contents", "card", "Run card"),
    *("caveats", "Caveats", "glossary", "Glossary", "signature", "Signature"),
)
"""Anchors and titles of the parts of the page that are no chapters."""

_MOST_PAIRS = 12
_BY_FACTOR = (
    "differentials",
    "tests",
    "within",
    "shift",
    "cross",
    "open_set",
    "gallery",
    "refused",
    "discard",
)


@dataclass(frozen=True)
class Heading:
    """A heading inside a chapter, and a sentence about what follows."""

    text: str
    lead: str = ""


Block = Heading | TableView | Picture


@dataclass(frozen=True)
class Chapter:
    """A chapter: heading, introductory sentences, and tables and pictures in order."""

    anchor: str
    title: str
    lead: str
    blocks: tuple[Block, ...]


def chapters(report: AuditResult, pictures: Sequence[Picture]) -> tuple[Chapter, ...]:
    """Return the chapters of a report. Chapters without a table or picture are left out."""
    every = [
        _plain(
            report,
            "acceptance",
            "Bounds that were declared before the audit. Inconclusive "
            "means that the interval holds the bound: more data could decide it.",
        ),
        _coverage(report),
        *(_factor(report, pictures, factor) for factor in _factors(report)),
        _age_gap(report, pictures),
        _odds(report),
        _plain(
            report,
            "worst_cells",
            "Intersections of factors can hide what each factor alone "
            "shows; these have the highest measured rates among those with enough data.",
        ),
        _plain(
            report,
            "kin",
            "Relatives look alike, and a relative may be who is looked for. "
            "They are in no other false match rate of this report.",
        ),
        _plain(
            report,
            "tone_confound",
            "A difference by skin tone that is not there among photos "
            "of one exposure and quality comes from how the photos were taken.",
        ),
        _plain(
            report,
            "changes",
            "The same subjects in both audits; a difference below zero "
            "means that the rate is lower now. An interval that holds zero does not show that "
            "nothing has changed.",
        ),
        *(
            _plain(report, table.name, "")
            for table in report.tables
            if table.name not in TABLE_NAMES
        ),
    ]
    return tuple(_distinct(chapter for chapter in every if chapter.blocks))


def _distinct(chapters: Iterable[Chapter]) -> Iterator[Chapter]:
    """Yield the chapters, numbered where another part of the page has their anchor or title."""
    taken = set(_PARTS)
    for chapter in chapters:
        number = 1
        anchor, title = chapter.anchor, chapter.title
        while {anchor, title} & taken:
            number += 1
            anchor, title = f"{chapter.anchor}-{number}", f"{chapter.title} ({number})"
        taken |= {anchor, title}
        yield replace(chapter, anchor=anchor, title=title)


def _factors(report: AuditResult) -> list[str]:
    """Return the factors that have a chapter of their own."""
    tables = [report.table(name) for name in ("rates", *_BY_FACTOR) if report.has(name)]
    return [str(f) for f in dict.fromkeys(f for table in tables for f in table.values("factor"))]


def _plain(report: AuditResult, name: str, lead: str) -> Chapter:
    if not report.has(name):
        return Chapter(name, name, lead, ())
    table = report.table(name)
    return Chapter(slug(name), table.title, lead, (build_view(table, level=report.level),))


def _coverage(report: AuditResult) -> Chapter:
    lead = (
        "A photo belongs to the group of its own label, so that one person may be in several age "
        "bands. Photos without a label are in “unknown”."
    )
    if not report.has("coverage"):
        return Chapter("coverage", "Coverage", lead, ())
    table = report.table("coverage")
    blocks = tuple(
        _factor_view(report, table, factor, table_caption(table.title, factor))
        for factor in map(str, table.values("factor"))
    )
    return Chapter("coverage", table.title, lead, blocks)


def _factor_view(report: AuditResult, table: Table, factor: str, caption: str) -> TableView:
    rows = table.where(factor=factor)
    return build_view(table, rows, level=report.level, caption=caption, hide=("factor",))


def _factor(report: AuditResult, pictures: Sequence[Picture], factor: str) -> Chapter:
    of_factor = [picture for picture in pictures if picture.key[0] == factor]
    blocks = (
        *_rates(report, of_factor, factor),
        *_differences(report, factor),
        *_trade_off(report, of_factor, factor),
        *_between(report, of_factor, factor),
        *_searches(report, of_factor, factor),
        *_quality(report, of_factor, factor),
    )
    title = factor_title(factor)
    return Chapter(slug(f"by-{factor}"), f"By {title}", "", blocks)


def _rates(report: AuditResult, pictures: Sequence[Picture], factor: str) -> Iterator[Block]:
    if not report.has("rates"):
        return
    table = report.table("rates")
    metrics = dict.fromkeys(str(row["metric"]) for row in table.where(factor=factor))
    for metric in sorted(metrics, key=_place):
        rows = table.where(factor=factor, metric=metric)
        yield Heading(rate_title(metric), rate_meaning(metric))
        yield from (p for p in pictures if p.kind == "forest" and p.key[1:] == (metric,))
        caption = rate_caption(metric, factor)
        yield build_view(
            table, rows, level=report.level, caption=caption, hide=("factor", "metric")
        )


def _place(metric: str) -> int:
    known = list(RATES)
    return known.index(metric) if metric in known else len(known)


def _differences(report: AuditResult, factor: str) -> Iterator[Block]:
    blocks: tuple[Block, ...] = (
        *_by_metric(report, "differentials", factor, "Differences: "),
        *_of(report, "tests", factor),
        *_of(report, "within", factor),
    )
    if blocks:
        tested = bool(_rows(report, "tests", factor))
        where = (
            f"The table “{table_caption(report.table('tests').title, factor)}” says which "
            "differences are more than chance."
            if tested
            else "This audit has no test of these differences."
        )
        yield Heading(
            "Differences between groups",
            "Each measure sums up all groups in one number. Read it beside the value that chance "
            f"alone would give if all groups were equal. {INTERVAL_OF_MEASURE} {where}",
        )
        yield from blocks


def _trade_off(report: AuditResult, pictures: Sequence[Picture], factor: str) -> Iterator[Block]:
    blocks: tuple[Block, ...] = (
        *_drawn(pictures, "det"),
        *_drawn(pictures, "scores"),
        *_of(report, "shift", factor),
    )
    if blocks:
        yield Heading(
            "Trade-off and scores",
            "Every threshold trades false leads against misses. The signs mark where the one "
            "threshold of this audit puts each group; signs far apart are the difference that "
            "people meet.",
        )
        yield from blocks


def _between(report: AuditResult, pictures: Sequence[Picture], factor: str) -> Iterator[Block]:
    rows = _rows(report, "cross", factor)
    if not rows:
        return
    yield Heading(
        "False matches between groups",
        "Two people of one group (the diagonal) are often more alike to the model than people "
        "of different groups.",
    )
    yield from _drawn(pictures, "cross")
    highest = _highest(rows)
    table = report.table("cross")
    caption = table_caption(table.title, factor)
    view = build_view(table, highest, level=report.level, caption=caption, hide=("factor",))
    if len(highest) < len(rows):
        more = f"The {len(highest)} highest of {len(rows)}; all are in tables/cross.csv."
        view = replace(view, note=f"{more} {view.note}".rstrip())
    yield view


def _highest(rows: Sequence[Row]) -> Sequence[Row]:
    if len(rows) <= _MOST_PAIRS:
        return rows
    read = [row for row in rows if row["estimate"] is not None]
    return sorted(read, key=lambda row: -float(row["estimate"] or 0))[:_MOST_PAIRS]


def _searches(report: AuditResult, pictures: Sequence[Picture], factor: str) -> Iterator[Block]:
    blocks: tuple[Block, ...] = (
        *_by_metric(report, "open_set", factor),
        *_drawn(pictures, "cmc"),
        *_by_metric(report, "gallery", factor),
    )
    if blocks:
        yield Heading(
            "Searches in a gallery",
            "What an investigator meets: searches for people who are in the gallery and for "
            "people who are not. These rates hold for a gallery of the stated size and make-up "
            "only.",
        )
        yield from blocks


def _quality(report: AuditResult, pictures: Sequence[Picture], factor: str) -> Iterator[Block]:
    blocks: tuple[Block, ...] = (
        *_of(report, "refused", factor),
        *_drawn(pictures, "discard"),
        *_of(report, "discard", factor),
    )
    if blocks:
        yield Heading(
            "Quality and refused photos",
            "A demand on quality can lower the rate of misses by turning away one group more "
            "than another.",
        )
        yield from blocks


def _by_metric(
    report: AuditResult, name: str, factor: str, prefix: str = ""
) -> Iterator[TableView]:
    if not report.has(name):
        return
    table = report.table(name)
    found = dict.fromkeys(str(row["metric"]) for row in table.where(factor=factor))
    metrics = sorted(found, key=_place)
    for metric in metrics:
        rows = table.where(factor=factor, metric=metric)
        caption = f"{prefix}{rate_caption(metric, factor)}"
        once = table if metric == metrics[-1] else replace(table, note="")
        yield build_view(once, rows, level=report.level, caption=caption, hide=("factor", "metric"))


def _rows(report: AuditResult, name: str, factor: str) -> Sequence[Row]:
    return report.table(name).where(factor=factor) if report.has(name) else ()


def _of(report: AuditResult, name: str, factor: str) -> Iterator[TableView]:
    if _rows(report, name, factor):
        table = report.table(name)
        yield _factor_view(report, table, factor, table_caption(table.title, factor))


def _drawn(pictures: Sequence[Picture], kind: str) -> Iterator[Picture]:
    return (picture for picture in pictures if picture.kind == kind)


def _odds(report: AuditResult) -> Chapter:
    lead = (
        "A logistic regression of misses: does a gap between groups remain when age, years "
        "between the photos, quality, tone and sex are held fixed?"
    )
    table = report.table("odds") if report.has("odds") else None
    views = () if table is None else tuple(odds_views(table, level=report.level))
    return Chapter("odds", "What goes with misses", lead, views)


def _age_gap(report: AuditResult, pictures: Sequence[Picture]) -> Chapter:
    title = "Age and years between photos"
    lead = (
        "A child changes with every year. Age and the years between photos are shown together, "
        "because older photos of small children are usually also further apart."
    )
    if not report.has("age_gap"):
        return Chapter("age-gap", title, lead, ())
    table = report.table("age_gap")
    blocks: list[Block] = []
    for metric in sorted(map(str, table.values("metric")), key=_place):
        name = rate_title(metric)
        blocks += [
            Heading(name),
            *(p for p in pictures if p.kind == "age_gap" and p.key[1:] == (metric,)),
            matrix(
                table.where(metric=metric),
                "age",
                "gap",
                caption=age_gap_caption(metric),
                corner="Age ↓ years →",
                note=table.note,
            ),
        ]
    return Chapter("age-gap", title, lead, tuple(blocks))
