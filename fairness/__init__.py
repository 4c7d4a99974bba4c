"""Error rates with honest intervals, by group. Knows scores and labels, nothing of any matcher.

The way of the data, from left to right; a module knows only its own row and those before:

=============  ==================================================================================
cohort         who is in the photos: `sample`, `cohort`, `manifest`, `lfw_pairs`, `layouts`,
               `duplicates`, `groups`, `factors`, and tones: `colour`, `skin_tone`, `tone_bands`,
               `confounds`
rates          errors by subject and by pair of subjects: `uncertainty`, `trials`, `counts`, `tally`
differences    `resampling`, `significance`, `measures`, `differentials`
scores         `pairs`, `tiles`, `scores`, `score_file`, `listed_scores`, `histogram`,
               `false_matches`, `thresholds`, `verification`, `score_shift`
searches       `identification`, `plan`, `searches`, `open_set`, `candidate_lists`, `discard`
calibration    `impostors`, `gallery_sizes`, `calibration_record`, `calibration`
report         `table`, `catalogue`, `curves`, `audit_report`, `report`, `acceptance`
auditing       puts it all together: `auditing`
=============  ==================================================================================
"""

from fairness.acceptance import Bound, read_bounds
from fairness.audit_report import AuditReport
from fairness.auditing import AuditSettings, audit
from fairness.calibration import calibrate
from fairness.cohort import Cohort, Sample
from fairness.errors import AuditError, BoundsError, CalibrationError, CohortError, ScoresError
from fairness.groups import UNKNOWN
from fairness.identification import (
    GroupGap,
    GroupRates,
    ProbeResult,
    group_gaps,
    rates_by_group,
)
from fairness.layouts import read_cohort
from fairness.score_file import read_scores
from fairness.scores import EmbeddingScores, Scores
from fairness.significance import benjamini_hochberg, holm
from fairness.uncertainty import Rate, Status, clopper_pearson, clustered_rate, wilson

__all__ = [
    "UNKNOWN",
    "AuditError",
    "AuditReport",
    "AuditSettings",
    "Bound",
    "BoundsError",
    "CalibrationError",
    "Cohort",
    "CohortError",
    "EmbeddingScores",
    "GroupGap",
    "GroupRates",
    "ProbeResult",
    "Rate",
    "Sample",
    "Scores",
    "ScoresError",
    "Status",
    "audit",
    "benjamini_hochberg",
    "calibrate",
    "clopper_pearson",
    "clustered_rate",
    "group_gaps",
    "holm",
    "rates_by_group",
    "read_bounds",
    "read_cohort",
    "read_scores",
    "wilson",
]
