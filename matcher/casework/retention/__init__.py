"""How long subjects and cases are kept, and their erasure, with a proof of what is left."""

from matcher.casework.retention.dates import RetentionDate, due, retention_dates, set_retention
from matcher.casework.retention.erasure import (
    Erasure,
    begun_erasures,
    erase_case,
    erase_subject,
    finish_erasures,
)
from matcher.casework.retention.needles import Found
from matcher.casework.retention.proof import BEYOND_REACH, ErasureProof, lines_of
from matcher.casework.retention.running import RetentionOutcome, run_retention

__all__ = [
    "BEYOND_REACH",
    "Erasure",
    "ErasureProof",
    "Found",
    "RetentionDate",
    "RetentionOutcome",
    "begun_erasures",
    "due",
    "erase_case",
    "erase_subject",
    "finish_erasures",
    "lines_of",
    "retention_dates",
    "run_retention",
    "set_retention",
]
