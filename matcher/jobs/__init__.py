"""Batch work on a gallery: plan, re-index, compare, switch, roll back.

Names are loaded when first used: a worker process that decodes photos needs none of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matcher.gallery.tasks import Outcome
    from matcher.jobs.decoding import Decoding
    from matcher.jobs.drift import DriftReport, SavedProbe, compare
    from matcher.jobs.planning import Plan, plan
    from matcher.jobs.ray_executor import RayExecutor
    from matcher.jobs.running import JobReport, JobSettings, outcomes, reindex
    from matcher.jobs.switching import Switched, discard, prune, rollback, switch

__all__ = [
    "Decoding",
    "DriftReport",
    "JobReport",
    "JobSettings",
    "Outcome",
    "Plan",
    "RayExecutor",
    "SavedProbe",
    "Switched",
    "compare",
    "discard",
    "outcomes",
    "plan",
    "prune",
    "reindex",
    "rollback",
    "switch",
]

_MODULES = {
    "gallery.shadow": ("Outcome",),
    "jobs.decoding": ("Decoding",),
    "jobs.drift": ("DriftReport", "SavedProbe", "compare"),
    "jobs.planning": ("Plan", "plan"),
    "jobs.ray_executor": ("RayExecutor",),
    "jobs.running": ("JobReport", "JobSettings", "outcomes", "reindex"),
    "jobs.switching": ("Switched", "discard", "prune", "rollback", "switch"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'matcher.jobs' has no attribute {name!r}")
    value = getattr(import_module(f"matcher.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
