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
    MANY_SUBJECTS,
    WiderGrouping,
    people_shown,
    suppress_complementary,
    suppressed_groups,
)
from fairness.tables.schemas import (
    CHANCE,
    FACTOR,
    GROUP,
    MORE_THAN_CHANCE,
    RATE_COLUMNS,
    STATUS,
    TABLE_NAMES,
    audit_table,
)
from fairness.tables.table import OVERALL, Column, Row, Table, Unit, Value, rate_row

__all__ = [
    "CHANCE",
    "FACTOR",
    "GROUP",
    "MANY_SUBJECTS",
    "MORE_THAN_CHANCE",
    "OVERALL",
    "RATE_COLUMNS",
    "STATUS",
    "TABLE_NAMES",
    "CmcCurve",
    "Column",
    "Curves",
    "DetCurve",
    "DiscardCurve",
    "Row",
    "ScoreDistribution",
    "Table",
    "Unit",
    "Value",
    "WiderGrouping",
    "audit_table",
    "factors",
    "people_shown",
    "rate_row",
    "suppress_complementary",
    "suppressed_groups",
]
