"""Every error that the package raises on purpose.

Each error states four facts: what was wrong, the rule, what was found, and what to do next.

AuditError (ValueError)
├── CohortError                 photos and labels that contradict each other, or are missing
├── ScoresError                 scores that cannot be compared or do not belong to the cohort
├── BoundsError                 a file of bounds that cannot be understood
├── CalibrationError            data, bands or a model that cannot give a calibration
└── MissingExtraError           an optional package is not installed (also an ImportError)
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from fairness.words import counted


def printable(text: str) -> str:
    r"""Return a text with a file's name in it as Unicode, with `\xe9` for a byte that is not UTF-8.

    Python keeps such bytes as lone surrogates, which no file of a report can hold.
    """
    try:
        return os.fsencode(text).decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # characters that no file of this system has in its name
        return text.encode("utf-8", "backslashreplace").decode("utf-8")


class AuditError(ValueError):
    """Base of the errors of this package.

    Parameters
    ----------
    what
        The thing that was wrong, in the user's words.
    rule
        The requirement that it breaks.
    got
        What was found instead.
    next_step
        A sentence that says what the user can do.
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
        return printable(f"{self.what}{where}: {self.rule}; got {self.got}. {self.next_step}")

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments do not survive the default pickling between worker processes.
        facts = (self.what, self.rule, self.got, self.next_step, self.path)
        return _rebuild, (type(self), *facts)


def _rebuild(
    kind: type[AuditError], what: str, rule: str, got: object, next_step: str, path: Path | None
) -> AuditError:
    return kind(what, rule=rule, got=got, next_step=next_step, path=path)


class CohortError(AuditError):
    """Photos and labels that contradict each other, or are missing."""


class ScoresError(AuditError):
    """Scores that cannot be compared, or do not belong to the cohort."""


class BoundsError(AuditError):
    """A file of bounds that cannot be understood."""


class CalibrationError(AuditError):
    """Too few data for a calibration, bands that overlap, or a model that is not identified."""


class MissingExtraError(AuditError, ImportError):  # type: ignore[misc]  # ImportError.path
    """An optional package is not installed."""


SHOWN = 10
"""A message names at most this many faults and counts the others."""


def require_none(
    faults: Iterable[str], *, what: str, rule: str, next_step: str, path: Path | None = None
) -> None:
    """Raise one `CohortError` for all faults; it counts them and names the first ten.

    Raises
    ------
    CohortError
        If there is a fault.
    """
    found = list(faults)
    if found:
        raise CohortError(what, rule=rule, got=listed(found), next_step=next_step, path=path)


def listed(faults: list[str]) -> str:
    """Return a text with the number of faults and the first ten of them."""
    more = f"; and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
    return f"{counted(len(faults), 'fault')}: {'; '.join(faults[:SHOWN])}{more}"
