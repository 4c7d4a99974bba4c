"""The data behind the tables of an audit: groups, threshold and counts, each computed once."""

from fairness.auditing.evidence.grouped import SHARED, TONES, Grouped, scaled, with_trials
from fairness.auditing.evidence.scored import Evidence

__all__ = ["SHARED", "TONES", "Evidence", "Grouped", "scaled", "with_trials"]
