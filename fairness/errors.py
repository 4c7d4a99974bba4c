"""Every error the package raises on purpose: what was wrong, the rule, what was found, what to do.

AuditError (ValueError)
├── CohortError                 photos and labels that contradict each other, or are missing
├── ScoresError                 scores that cannot be compared or do not belong to the cohort
├── BoundsError                 a file of bounds that cannot be understood
├── CalibrationError            a target that the data cannot support, or a record unfit for use
└── MissingExtraError           an optional package is not installed (also an ImportError)
"""

from __future__ import annotations

from pathlib import Path


class AuditError(ValueError):
    """Base of the errors of this package.

    Parameters
    ----------
    what
        The thing that was wrong, named as the user knows it.
    rule
        What is required of it.
    got
        What was found instead.
    next_step
        What the user can do about it, as a sentence.
    path
        The file concerned, if there is one.
    """

    def __init__(
        self, what: str, *, rule: str, got: object, next_step: str, path: Path | None = None
    ) -> None:
        super().__init__(what, rule, got, next_step, path)
        self.what = what
        self.rule = rule
        self.got = got
        self.next_step = next_step
        self.path = path

    def __str__(self) -> str:
        where = f" ({self.path})" if self.path is not None else ""
        return f"{self.what}{where}: {self.rule}; got {self.got}. {self.next_step}"


class CohortError(AuditError):
    """Photos and labels that contradict each other, or are missing."""


class ScoresError(AuditError):
    """Scores that cannot be compared, or do not belong to the cohort."""


class BoundsError(AuditError):
    """A file of bounds that cannot be understood."""


class CalibrationError(AuditError):
    """A target that the data cannot support, or a record that does not fit its use."""


class MissingExtraError(AuditError, ImportError):  # type: ignore[misc]  # ImportError.path
    """An optional package is not installed."""
