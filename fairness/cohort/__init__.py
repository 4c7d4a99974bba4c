"""Whose photos, which labels, which groups: readers of data sets, and one frozen `Cohort`."""

from fairness.cohort.cohort import Cohort
from fairness.cohort.duplication import without_duplicates
from fairness.cohort.groups import AGE_EDGES, GAP_EDGES, UNKNOWN, Cells, band, bands, thirds
from fairness.cohort.layouts import read_cohort, read_fairface, read_fgnet, read_lfw, read_utkface
from fairness.cohort.lfw_pairs import FoldPairs, read_pairs
from fairness.cohort.manifest import read_manifest
from fairness.cohort.sample import Sample

__all__ = [
    "AGE_EDGES",
    "GAP_EDGES",
    "UNKNOWN",
    "Cells",
    "Cohort",
    "FoldPairs",
    "Sample",
    "band",
    "bands",
    "read_cohort",
    "read_fairface",
    "read_fgnet",
    "read_lfw",
    "read_manifest",
    "read_pairs",
    "read_utkface",
    "thirds",
    "without_duplicates",
]
