"""An audit: from scores and labels to a report that says where a matcher works worse, and how sure.

Follows the vocabulary and practice of ISO/IEC 19795-1 and ISO/IEC 19795-10.
"""

from fairness.auditing.acceptance import (
    EXIT_CODES,
    Acceptance,
    Bound,
    Outcome,
    judge,
    read_bounds,
    worst,
)
from fairness.auditing.pipeline import audit
from fairness.auditing.settings import AuditSettings

__all__ = [
    "EXIT_CODES",
    "Acceptance",
    "AuditSettings",
    "Bound",
    "Outcome",
    "audit",
    "judge",
    "read_bounds",
    "worst",
]
