"""Many faults, one error: so that a file of labels is mended in one go."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from fairness.errors import CohortError

SHOWN = 10


def require_none(
    faults: Iterable[str], *, what: str, rule: str, next_step: str, path: Path | None = None
) -> None:
    """Raise one `CohortError` that counts all faults and names the first ten.

    Raises
    ------
    CohortError
        If there is a fault.
    """
    found = list(faults)
    if found:
        raise CohortError(what, rule=rule, got=listed(found), next_step=next_step, path=path)


def listed(faults: list[str]) -> str:
    """Return the count of faults and the first ten of them."""
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    more = f"; and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
    return f"{count}: {'; '.join(faults[:SHOWN])}{more}"
