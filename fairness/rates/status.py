"""How far the data support a rate."""

from __future__ import annotations

from typing import Literal

Status = Literal["ok", "limited", "bound_only", "insufficient", "suppressed"]
"""How far the data support a rate; see `status_of`."""

FEWEST_SUBJECTS = 10
"""A rate of fewer subjects is suppressed, so that no table identifies a child."""

FEWEST_ERRORS = 5
"""With fewer errors, or fewer trials without an error, no variance between subjects is used."""

FEWEST_CARRIERS = 10
"""A rate whose trials are carried by fewer people says more of these people than of the group."""

FEWEST_ERRING = 5
"""A rate whose errors are carried by fewer people says more of these people than of the group."""


def status_of(
    errors: int,
    subjects: int,
    effective: float,
    *,
    people: float | None = None,
    erring: float | None = None,
    target: float = 0.05,
) -> Status:
    """Return how far data of this size support a rate.

    Not the number of people decides, but the number who carry the information
    (`effective_people`): in the trials, and in the errors.

    =============  ==========================================  ===============================
    status         rule; the first that holds applies          shown
    =============  ==========================================  ===============================
    suppressed     fewer than 10 subjects                      nothing
    ok             30 errors or more, carried by 30 people or  rate and interval
                   more; trials carried by 100 or more
    limited        5 errors or more, carried by 5 people or    rate and interval, marked
                   more; trials carried by 10 or more
    bound_only     fewer than 5 errors, and `effective`        one-sided upper bound
                   trials of at least 3 / `target`
    insufficient   otherwise                                   counts only
    =============  ==========================================  ===============================

    With thirty errors, the true rate is within 30 % of the estimate at 90 % confidence
    (Doddington's rule of 30). No error in 3 / r independent trials excludes a rate of r at 95 %
    confidence (rule of 3). `benchmarks/interval_coverage.py` shows that limits of rates with the
    status `limited` hold.

    Parameters
    ----------
    errors, subjects, effective
        As in `Rate`.
    people, erring
        Effective number of people who carry the trials, and the errors. By default everybody
        carries alike.
    target
        The rate that an upper bound must be able to exclude.
    """
    people = subjects if people is None else people
    erring = min(errors, subjects) if erring is None else erring
    if subjects < FEWEST_SUBJECTS:
        return "suppressed"
    if errors >= 30 and erring >= 30 and people >= 100:
        return "ok"
    if errors >= FEWEST_ERRORS and erring >= FEWEST_ERRING and people >= FEWEST_CARRIERS:
        return "limited"
    if errors < FEWEST_ERRORS and effective >= 3 / target:
        return "bound_only"
    return "insufficient"
