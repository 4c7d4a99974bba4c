"""The result of an audit: tables, curves and caveats."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from fairness.tables import Curves, Table, Value
from fairness.verification import Kind, Suspicion

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class AuditResult:
    """The result of an audit.

    Parameters
    ----------
    title
        Heading of the report.
    card
        Run card for a reader, in order: what was tested, on whom and how, as in
        ``{"Model": "…", "Threshold": "0.612, set for …"}``.
    threshold
        The one threshold of the audit, in the matcher's own numbers. A comparison reaches it if and
        only if score >= threshold, or distance <= threshold, in float32.
    tables
        Tables of `fairness.tables.TABLE_NAMES`, and any others. The report leaves out a section
        whose table is missing or empty.
    curves
        Curves for the plots.
    caveats
        Limits of the results, one sentence or paragraph each.
    facts
        Facts of the run for a machine: hashes, seed, versions. They hold no absolute path, and no
        time unless it is an input, so that the same inputs give the same bytes.
    level
        Confidence level of all intervals.
    kind
        What the matcher's own numbers are, "similarity" or "distance".
    suspicious
        Pairs of photos whose scores contradict the labels. They name photos and people: no file of
        the report holds them, see `AuditReport.write_suspicious`.

    Raises
    ------
    ValueError
        If two tables have one name.
    """

    title: str
    card: Mapping[str, str]
    threshold: float
    tables: tuple[Table, ...]
    curves: Curves = field(default_factory=Curves)
    caveats: tuple[str, ...] = ()
    facts: Mapping[str, Value] = field(default_factory=dict)
    level: float = 0.95
    kind: Kind = "similarity"
    suspicious: tuple[Suspicion, ...] = ()

    def __post_init__(self) -> None:
        names = [table.name for table in self.tables]
        if len(set(names)) < len(names):
            raise ValueError(f"tables need names of their own, got {names}")
        object.__setattr__(self, "card", MappingProxyType(dict(self.card)))
        object.__setattr__(self, "facts", MappingProxyType(dict(self.facts)))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything but the curves. The report and ``run.json`` state it."""
        content = {
            "title": self.title,
            "card": list(self.card.items()),
            "threshold": self.threshold,
            "level": self.level,
            "kind": self.kind,
            "tables": [table.to_json() for table in self.tables],
            "caveats": list(self.caveats),
            "facts": dict(self.facts),
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def has(self, name: str) -> bool:
        """Say whether there is a table of this name with at least one row."""
        return any(table.name == name and len(table) > 0 for table in self.tables)

    def table(self, name: str) -> Table:
        """Return a table by its name.

        Raises
        ------
        KeyError
            If there is none.
        """
        for table in self.tables:
            if table.name == name:
                return table
        names = ", ".join(table.name for table in self.tables)
        raise KeyError(f"no table {name!r} in this report, only {names}")

    def frame(self, name: str) -> pd.DataFrame:
        """Return a table as a data frame.

        Raises
        ------
        KeyError
            If there is no such table.
        MissingExtraError
            If pandas is not installed.
        """
        return self.table(name).to_frame()
