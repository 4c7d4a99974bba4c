"""Leads of a governed gallery: who reviews them, what a reviewer is told, and what came of it."""

from matcher.casework.briefing import Briefing, PhotoNotes
from matcher.casework.checklist import (
    FEATURES,
    MARKS,
    Feature,
    FeatureAdvice,
    FeatureMark,
    advice_for,
)
from matcher.casework.false_leads import FalseLeadFigures
from matcher.casework.leads import Lead
from matcher.casework.opinions import OUTCOMES, Opinion, Outcome, Review
from matcher.casework.reach import Reach
from matcher.casework.reviewing import Casework, erase_review_texts
from matcher.casework.searches import SearchIndex
from matcher.casework.states import STATES, LeadState, Step
from matcher.governance import PURPOSES, ActivityLog, CaseContext, Purpose

__all__ = [
    "FEATURES",
    "MARKS",
    "OUTCOMES",
    "PURPOSES",
    "STATES",
    "ActivityLog",
    "Briefing",
    "CaseContext",
    "Casework",
    "FalseLeadFigures",
    "Feature",
    "FeatureAdvice",
    "FeatureMark",
    "Lead",
    "LeadState",
    "Opinion",
    "Outcome",
    "PhotoNotes",
    "Purpose",
    "Reach",
    "Review",
    "SearchIndex",
    "Step",
    "advice_for",
    "erase_review_texts",
]
