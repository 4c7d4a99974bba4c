"""Error rates with honest intervals, by group. The package knows scores and labels, but no matcher.

Each room is a folder with a door of its own, its ``__init__.py``. The list follows the data from
the ground up. A room imports only from the rows above its own. Rooms of one row do not import each
other:

==================================================  ===============================================
`manifests`                                         tables that people write, read strictly
`cohort`                                            the photos, their labels, their groups
`imaging`, `rates`                                  measurements on a picture; a rate with its
                                                    counts and interval
`verification`, `differentials`, `calibration`,     1:1 comparison; how far groups lie apart; what
`tables`                                            a score means by age; tables of results
`identification`, `report`                          1:N search; page, plots and folder
`auditing`                                          the whole audit, from scores to report
==================================================  ===============================================
"""

from fairness.auditing import AuditSettings, Bound, audit, audit_lists, read_bounds
from fairness.calibration import calibrate
from fairness.cohort import UNKNOWN, Cohort, Sample, read_cohort
from fairness.differentials import benjamini_hochberg, holm
from fairness.errors import AuditError, BoundsError, CalibrationError, CohortError, ScoresError
from fairness.identification import (
    GroupGap,
    GroupRates,
    ProbeResult,
    group_gaps,
    rates_by_group,
    read_lists,
)
from fairness.rates import Rate, Status, clopper_pearson, clustered_rate, wilson
from fairness.report import AuditReport
from fairness.verification import EmbeddingScores, Probes, Scores, read_scores

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
    "Probes",
    "Rate",
    "Sample",
    "Scores",
    "ScoresError",
    "Status",
    "audit",
    "audit_lists",
    "benjamini_hochberg",
    "calibrate",
    "clopper_pearson",
    "clustered_rate",
    "group_gaps",
    "holm",
    "rates_by_group",
    "read_bounds",
    "read_cohort",
    "read_lists",
    "read_scores",
    "wilson",
]
