"""Leads of a governed gallery: who reviews them, what a reviewer is told, and what came of it."""

from matcher.casework.counting import AuditedGroup, GroupCount, ReviewerAudit, YearReport
from matcher.casework.errors import ReviewError, UnknownLeadError
from matcher.casework.leads import Lead
from matcher.casework.replaying import Listed, Replay, replay
from matcher.casework.retention import (
    Erasure,
    ErasureProof,
    RetentionDate,
    RetentionOutcome,
    due,
    erase_case,
    erase_subject,
    finish_erasures,
    retention_dates,
    run_retention,
    set_retention,
)
from matcher.casework.reviewing import Casework, erase_review_texts
from matcher.casework.reviews import (
    FEATURES,
    MARKS,
    OUTCOMES,
    STATES,
    Feature,
    FeatureAdvice,
    FeatureMark,
    LeadState,
    Opinion,
    Outcome,
    Review,
    Step,
)
from matcher.casework.searches import SearchIndex
from matcher.casework.telling import Briefing, FalseLeadFigures, PhotoNotes, Reach
from matcher.governance import PURPOSES, ActivityLog, CaseContext, Purpose

__all__ = [
    "FEATURES",
    "MARKS",
    "OUTCOMES",
    "PURPOSES",
    "STATES",
    "ActivityLog",
    "AuditedGroup",
    "Briefing",
    "CaseContext",
    "Casework",
    "Erasure",
    "ErasureProof",
    "FalseLeadFigures",
    "Feature",
    "FeatureAdvice",
    "FeatureMark",
    "GroupCount",
    "Lead",
    "LeadState",
    "Listed",
    "Opinion",
    "Outcome",
    "PhotoNotes",
    "Purpose",
    "Reach",
    "Replay",
    "RetentionDate",
    "RetentionOutcome",
    "Review",
    "ReviewError",
    "ReviewerAudit",
    "SearchIndex",
    "Step",
    "UnknownLeadError",
    "YearReport",
    "due",
    "erase_case",
    "erase_review_texts",
    "erase_subject",
    "finish_erasures",
    "replay",
    "retention_dates",
    "run_retention",
    "set_retention",
]
