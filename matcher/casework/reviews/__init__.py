"""Opinions on leads: what they hold, the state that follows, and how they are kept and logged."""

from matcher.casework.reviews.checklist import FEATURES, MARKS, Feature, FeatureAdvice, FeatureMark
from matcher.casework.reviews.opinions import OUTCOMES, Opinion, Outcome, Review
from matcher.casework.reviews.states import STATES, LeadState, Reviewed, Step

__all__ = [
    "FEATURES",
    "MARKS",
    "OUTCOMES",
    "STATES",
    "Feature",
    "FeatureAdvice",
    "FeatureMark",
    "LeadState",
    "Opinion",
    "Outcome",
    "Review",
    "Reviewed",
    "Step",
]
