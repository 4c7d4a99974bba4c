"""Tables of results, what their columns mean, and disclosure control."""

from fairness.tables.curves import CmcCurve, Curves, DetCurve, DiscardCurve, ScoreSpread, factors
from fairness.tables.disclosure import (
    MANY_SUBJECTS,
    hidden_groups,
    people_shown,
    suppress_secondary,
)
from fairness.tables.schemas import FACTOR, GROUP, STATUS, TABLE_NAMES, audit_table
from fairness.tables.table import OVERALL, Column, Row, Table, Unit, Value, rate_row

__all__ = [
    "FACTOR",
    "GROUP",
    "MANY_SUBJECTS",
    "OVERALL",
    "STATUS",
    "TABLE_NAMES",
    "CmcCurve",
    "Column",
    "Curves",
    "DetCurve",
    "DiscardCurve",
    "Row",
    "ScoreSpread",
    "Table",
    "Unit",
    "Value",
    "audit_table",
    "factors",
    "hidden_groups",
    "people_shown",
    "rate_row",
    "suppress_secondary",
]
