"""Tables of results, the meaning of their columns, and statistical disclosure control."""

from fairness.tables.curves import (
    CmcCurve,
    Curves,
    DetCurve,
    DiscardCurve,
    ScoreDistribution,
    factors,
)
from fairness.tables.disclosure import (
    People,
    parts_of,
    people_by_group,
    people_shown,
    suppressed_groups,
    too_few_together,
    withheld,
)
from fairness.tables.schemas import (
    CHANCE,
    FACTOR,
    GROUP,
    MORE_THAN_CHANCE,
    NOT_A_SHARE,
    RATE_COLUMNS,
    STATUS,
    TABLE_NAMES,
    audit_table,
)
from fairness.tables.table import OVERALL, Column, Row, Table, Unit, Value, number, rate_row

__all__ = [
    "CHANCE",
    "FACTOR",
    "GROUP",
    "MORE_THAN_CHANCE",
    "NOT_A_SHARE",
    "OVERALL",
    "RATE_COLUMNS",
    "STATUS",
    "TABLE_NAMES",
    "CmcCurve",
    "Column",
    "Curves",
    "DetCurve",
    "DiscardCurve",
    "People",
    "Row",
    "ScoreDistribution",
    "Table",
    "Unit",
    "Value",
    "audit_table",
    "factors",
    "number",
    "parts_of",
    "people_by_group",
    "people_shown",
    "rate_row",
    "suppressed_groups",
    "too_few_together",
    "withheld",
]
