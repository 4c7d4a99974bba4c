"""What reviews and uses of a gallery come to: shares by reviewer and group, figures of a year."""

from matcher.casework.counting.reviewer_audit import AuditedGroup, ReviewerAudit
from matcher.casework.counting.yearly_report import GroupCount, YearReport

__all__ = ["AuditedGroup", "GroupCount", "ReviewerAudit", "YearReport"]
