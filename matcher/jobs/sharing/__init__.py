"""A job that many processes share, on this machine or others, by way of a folder of files.

Names are loaded when first used.
"""

from typing import TYPE_CHECKING

from matcher._lazy import lazy_names

if TYPE_CHECKING:
    from matcher.jobs.sharing.dealing import SharedOut, share_out
    from matcher.jobs.sharing.finished import RefusedFile, Unfinished
    from matcher.jobs.sharing.merging import MergeReport, merge_shares
    from matcher.jobs.sharing.plan_files import Share
    from matcher.jobs.sharing.working import ShareReport, run_share

__all__ = [
    "MergeReport",
    "RefusedFile",
    "Share",
    "ShareReport",
    "SharedOut",
    "Unfinished",
    "merge_shares",
    "run_share",
    "share_out",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "matcher.jobs.sharing.dealing": ["SharedOut", "share_out"],
        "matcher.jobs.sharing.finished": ["RefusedFile", "Unfinished"],
        "matcher.jobs.sharing.merging": ["MergeReport", "merge_shares"],
        "matcher.jobs.sharing.plan_files": ["Share"],
        "matcher.jobs.sharing.working": ["ShareReport", "run_share"],
    },
)
