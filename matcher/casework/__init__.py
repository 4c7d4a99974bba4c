"""Leads of a governed gallery: who reviews them, what a reviewer is told, and what came of it."""

from matcher.casework.counting import AuditedGroup, GroupCount, ReviewerAudit, YearReport
from matcher.casework.errors import ReviewError, UnknownLeadError
from matcher.casework.exports import (
    LANGUAGES,
    REPORT_FORMATS,
    FacePictures,
    GalleryState,
    LeadReport,
    LogPlace,
    ReportLead,
    ReportPhoto,
    ReportReview,
    ReportSearch,
    lead_report_of,
    report_photo,
    write_lead_report,
)
from matcher.casework.leads import Lead
from matcher.casework.replaying import Listed, Replay, replay
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
    "LANGUAGES",
    "MARKS",
    "OUTCOMES",
    "PURPOSES",
    "REPORT_FORMATS",
    "STATES",
    "ActivityLog",
    "AuditedGroup",
    "Briefing",
    "CaseContext",
    "Casework",
    "FacePictures",
    "FalseLeadFigures",
    "Feature",
    "FeatureAdvice",
    "FeatureMark",
    "GalleryState",
    "GroupCount",
    "Lead",
    "LeadReport",
    "LeadState",
    "Listed",
    "LogPlace",
    "Opinion",
    "Outcome",
    "PhotoNotes",
    "Purpose",
    "Reach",
    "Replay",
    "ReportLead",
    "ReportPhoto",
    "ReportReview",
    "ReportSearch",
    "Review",
    "ReviewError",
    "ReviewerAudit",
    "SearchIndex",
    "Step",
    "UnknownLeadError",
    "YearReport",
    "erase_review_texts",
    "lead_report_of",
    "replay",
    "report_photo",
    "write_lead_report",
]
