"""Adapt a model to children: fit a map of its vectors to a cohort, choose it, write a record."""

from matcher.evaluation.adaptation.age_bands import BAND_EDGES
from matcher.evaluation.adaptation.ageing_judging import AgeingGain
from matcher.evaluation.adaptation.faces import Choice
from matcher.evaluation.adaptation.judging import GroupRates, Judgement
from matcher.evaluation.adaptation.pipeline import AdaptationPlan, adapt, plan_adaptation
from matcher.evaluation.adaptation.result import AdaptedModel

__all__ = [
    "BAND_EDGES",
    "AdaptationPlan",
    "AdaptedModel",
    "AgeingGain",
    "Choice",
    "GroupRates",
    "Judgement",
    "adapt",
    "plan_adaptation",
]
