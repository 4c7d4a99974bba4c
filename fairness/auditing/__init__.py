"""An audit: from scores and labels to a report on error rates by group, with intervals.

It follows the vocabulary and practice of ISO/IEC 19795-1 and ISO/IEC 19795-10.
"""

from fairness.auditing.acceptance import (
    EXIT_CODES,
    Acceptance,
    Bound,
    BoundJudgement,
    BoundOutcome,
    RowJudgement,
    judge,
    read_bounds,
    worst,
)
from fairness.auditing.list_audit import audit_lists
from fairness.auditing.pipeline import audit
from fairness.auditing.settings import AuditSettings

__all__ = [
    "EXIT_CODES",
    "Acceptance",
    "AuditSettings",
    "Bound",
    "BoundJudgement",
    "BoundOutcome",
    "RowJudgement",
    "audit",
    "audit_lists",
    "judge",
    "read_bounds",
    "worst",
]
