"""The similarity from which two faces may be of one person: measured for one model only."""

from __future__ import annotations

from typing import Final

from matcher.arguments import expect_number
from matcher.embedding import ModelIdentity
from matcher.errors import InputError

MEASURED: Final = {("youth-resnet", "6"): 0.58}
"""Threshold by name and version of a model; docs/groups.md tells how it was measured."""

_HOW_SURE: Final = {
    ("youth-resnet", "6"): "Groups of young children are the least sure. In the measurement about "
    "45 % of the faces under 6 stayed in no group, and 2 to 5 % of the children's faces were with "
    "another person; of the adults' 3 % and less than 1 %. The larger the folder, the more groups "
    "are wrong."
}

_NEXT: Final = (
    "Give a threshold that was measured for this model: see docs/groups.md, or "
    "`python benchmarks/groups.py`."
)


def threshold_for(model: ModelIdentity, given: float | None) -> float:
    """Return the threshold that was given; the measured one of the model if none was.

    Raises
    ------
    InputError
        If it is no cosine similarity in [-1, 1], or if none was given and the model has none.
    """
    if given is not None:
        expect_number("threshold", given)
        if not -1 <= given <= 1:
            rule = "must be a cosine similarity in [-1, 1]"
            raise InputError("threshold", rule=rule, got=given, next_step=_NEXT)
        return float(given)
    if (model.name, model.version) not in MEASURED:
        names = ", ".join(f"{name} {version}" for name, version in MEASURED)
        raise InputError(
            "threshold",
            rule=f"must be given, because it was measured for {names} only",
            got=f"none for {model.name} {model.version}",
            next_step=_NEXT,
        )
    return MEASURED[model.name, model.version]


def how_sure(model: ModelIdentity, threshold: float | None) -> str:
    """Return for whom groups are less sure, as a sentence that was measured or says it was not."""
    key = (model.name, model.version)
    if key in MEASURED and threshold == MEASURED[key]:
        return _HOW_SURE[key]
    return "How often groups are wrong was not measured for this model with this threshold."
