"""The photos of an evaluation, their labels and groups: readers of data sets, and the `Cohort`."""

from fairness.cohort.cohort import Cohort, Coverage, SetAside
from fairness.cohort.duplication import without_duplicates
from fairness.cohort.factors import FACTORS
from fairness.cohort.groups import (
    AGE_EDGES,
    GAP_EDGES,
    UNKNOWN,
    Grouping,
    band,
    bands,
    in_order,
    spans,
    thirds,
)
from fairness.cohort.layouts import (
    Layout,
    read_cohort,
    read_fairface,
    read_fgnet,
    read_lfw,
    read_utkface,
)
from fairness.cohort.lfw_pairs import FoldPairs, read_pairs
from fairness.cohort.manifest import read_manifest
from fairness.cohort.sample import SEXES, Provenance, Sample
from fairness.cohort.spellings import Spelling
from fairness.cohort.tone_bands import SubjectTone, ToneSpread, apparent_tones, tone_spread

__all__ = [
    "AGE_EDGES",
    "FACTORS",
    "GAP_EDGES",
    "SEXES",
    "UNKNOWN",
    "Cohort",
    "Coverage",
    "FoldPairs",
    "Grouping",
    "Layout",
    "Provenance",
    "Sample",
    "SetAside",
    "Spelling",
    "SubjectTone",
    "ToneSpread",
    "apparent_tones",
    "band",
    "bands",
    "in_order",
    "read_cohort",
    "read_fairface",
    "read_fgnet",
    "read_lfw",
    "read_manifest",
    "read_pairs",
    "read_utkface",
    "spans",
    "thirds",
    "tone_spread",
    "without_duplicates",
]
