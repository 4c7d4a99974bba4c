"""The similarity from which two faces may be of one person: measured for one model only.

The more faces there are, the more strangers each face has, and the higher the threshold has to be.
It was measured for 1,000, 10,000 and 100,000 faces; of these sizes the nearest counts, as a factor.
"""

from __future__ import annotations

import math
from typing import Final

from matcher.arguments import expect_number
from matcher.embedding import ModelIdentity
from matcher.errors import InputError

_STEPS: Final = ((3_000, 0.58), (30_000, 0.66), (math.inf, 0.74))
MEASURED: Final = {("youth-resnet", "6"): _STEPS}
"""For name and version of a model: up to so many faces, and the threshold. docs/evidence/groups.md
tells how it was measured."""

_NEXT: Final = (
    "Give a threshold that was measured for this model: see docs/evidence/groups.md, or "
    "`python benchmarks/groups.py`."
)


def check_threshold(model: ModelIdentity, given: float | None) -> None:
    """Refuse, before any photo is read, a threshold that is none, or none for such a model.

    Raises
    ------
    InputError
        If it is no cosine similarity in [-1, 1], or if none was given and the model has none.
    """
    if given is None and (model.name, model.version) not in MEASURED:
        names = ", ".join(f"{name} {version}" for name, version in MEASURED)
        raise InputError(
            "threshold",
            rule=f"must be given, because it was measured for {names} only",
            got=f"none for {model.name} {model.version}",
            next_step=_NEXT,
        )
    if given is not None:
        expect_number("threshold", given)
        if not -1 <= given <= 1:
            rule = "must be a cosine similarity in [-1, 1]"
            raise InputError("threshold", rule=rule, got=given, next_step=_NEXT)


def measured_threshold(model: ModelIdentity, faces: int) -> float:
    """Return the threshold of a model that has one, for so many faces."""
    steps = MEASURED[model.name, model.version]
    return next(threshold for most, threshold in steps if faces <= most)


def how_sure(model: ModelIdentity, threshold: float | None) -> str:
    """Return for whom groups are less sure, in sentences that were measured; or that none was."""
    steps = MEASURED.get((model.name, model.version), ())
    if threshold not in [value for _, value in steps]:
        return "How often groups are wrong was not measured for this model with this threshold."
    return (
        "Groups of young children are the least sure. In the measurement at 0.58, 43 % of the "
        "faces under 6 stayed in no group, and up to 5 % of the children's faces were with another "
        "person; of the adults' faces 1 % each. In a large folder more groups are wrong. Therefore "
        "the default threshold is 0.58 for up to 3,000 faces, 0.66 for up to 30,000, and 0.74 for "
        "more: then more faces stay in no group."
    )
