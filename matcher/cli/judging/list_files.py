"""A file of candidate lists, which is audited alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from matcher.cli.judging.identity import identity, kind_of

if TYPE_CHECKING:
    from fairness import AuditReport, AuditSettings, Bound, Cohort


@dataclass(frozen=True)
class ListFile:
    """A file of candidate lists as it is named on the command line.

    Parameters
    ----------
    path
        The file.
    distances
        Whether lower is closer.
    gallery
        File of the enrolled photos; None if the labels state them.
    enrolled
        Number of people in the gallery; None if all are of the cohort.
    name
        Name and version of the matcher that made it; None if not given.
    """

    path: Path
    distances: bool
    gallery: Path | None
    enrolled: int | None
    name: str | None

    @classmethod
    def of(
        cls,
        path: Path | None,
        distances: bool,
        gallery: Path | None,
        enrolled: int | None,
        name: str | None,
    ) -> Self | None:
        """Return the file; None without a path."""
        return None if path is None else cls(path, distances, gallery, enrolled, name)

    def audit(
        self, people: Cohort, settings: AuditSettings, bounds: Sequence[Bound]
    ) -> AuditReport:
        """Read the lists and count their errors.

        Raises
        ------
        AuditError
            As `fairness.read_lists` and `fairness.audit_lists`.
        """
        from fairness import audit_lists, read_lists

        lists = read_lists(
            self.path,
            people,
            kind=kind_of(self.distances),
            gallery=self.gallery,
            enrolled=self.enrolled,
        )
        matcher = identity("lists", self.path, self.name)
        return audit_lists(lists, settings, matcher=matcher, bounds=bounds)
