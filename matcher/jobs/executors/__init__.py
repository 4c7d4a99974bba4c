"""Executors embed the photos of a job: on this machine, or on a Ray cluster.

Names are loaded when first used.
"""

from typing import TYPE_CHECKING

from matcher._lazy import lazy_names

if TYPE_CHECKING:
    from matcher.jobs.executors.local_executor import LocalExecutor, default_workers
    from matcher.jobs.executors.protocol import Executor
    from matcher.jobs.executors.ray_executor import RayExecutor

__all__ = ["Executor", "LocalExecutor", "RayExecutor", "default_workers"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "matcher.jobs.executors.local_executor": ["LocalExecutor", "default_workers"],
        "matcher.jobs.executors.protocol": ["Executor"],
        "matcher.jobs.executors.ray_executor": ["RayExecutor"],
    },
)
