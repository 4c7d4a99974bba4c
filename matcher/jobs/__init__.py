"""Batch work on a gallery: plan, re-index, compare, switch, roll back.

Names are loaded when first used, because a worker process that decodes photos needs none of them.
"""

from typing import TYPE_CHECKING

from matcher._lazy import lazy_names

if TYPE_CHECKING:
    from matcher.decoding import Decoding
    from matcher.jobs.drift import DriftReport, SavedProbe, compare
    from matcher.jobs.executors import Executor, LocalExecutor, RayExecutor
    from matcher.jobs.planning import Plan, plan
    from matcher.jobs.reindexing import JobReport, outcomes, reindex
    from matcher.jobs.settings import JobSettings
    from matcher.jobs.sharing import (
        MergeReport,
        RefusedFile,
        Share,
        SharedOut,
        ShareReport,
        Unfinished,
        merge_shares,
        run_share,
        share_out,
    )
    from matcher.jobs.switching import Switched, discard, prune, rollback, switch
    from matcher.jobs.tasks import Outcome, ReindexOutcome

__all__ = [
    "Decoding",
    "DriftReport",
    "Executor",
    "JobReport",
    "JobSettings",
    "LocalExecutor",
    "MergeReport",
    "Outcome",
    "Plan",
    "RayExecutor",
    "RefusedFile",
    "ReindexOutcome",
    "SavedProbe",
    "Share",
    "ShareReport",
    "SharedOut",
    "Switched",
    "Unfinished",
    "compare",
    "discard",
    "merge_shares",
    "outcomes",
    "plan",
    "prune",
    "reindex",
    "rollback",
    "run_share",
    "share_out",
    "switch",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "matcher.decoding": ["Decoding"],
        "matcher.jobs.drift": ["DriftReport", "SavedProbe", "compare"],
        "matcher.jobs.executors": ["Executor", "LocalExecutor", "RayExecutor"],
        "matcher.jobs.planning": ["Plan", "plan"],
        "matcher.jobs.reindexing": ["JobReport", "outcomes", "reindex"],
        "matcher.jobs.settings": ["JobSettings"],
        "matcher.jobs.sharing": [
            "MergeReport",
            "RefusedFile",
            "Share",
            "ShareReport",
            "SharedOut",
            "Unfinished",
            "merge_shares",
            "run_share",
            "share_out",
        ],
        "matcher.jobs.switching": ["Switched", "discard", "prune", "rollback", "switch"],
        "matcher.jobs.tasks": ["Outcome", "ReindexOutcome"],
    },
)
