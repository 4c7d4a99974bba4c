"""What a file of groups says of itself: model, threshold, policy, what the last run left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from matcher.embedding import ModelIdentity
from matcher.strict_reading import number_of, object_of, text_of, whole_of


@dataclass(frozen=True)
class Settings:
    """How the faces of a file were grouped.

    Parameters
    ----------
    stamp
        Random name of the grouping. It tells its subjects in a gallery from those of another.
    model
        The model of the vectors.
    threshold
        The threshold of the last run, a cosine similarity in [-1, 1]; None before the first.
    policy
        Name of the quality policy of the last run.
    next_group
        The number that the next new group gets. No number is used twice.
    left_out
        What the folder of the last run held beside photos: a count for each reason.
    not_there
        Photos of earlier runs that were not in the folder of the last one.
    """

    stamp: str
    model: ModelIdentity
    threshold: float | None = None
    policy: str = ""
    next_group: int = 1
    left_out: Mapping[str, int] = field(default_factory=dict)
    not_there: int = 0

    def facts(self) -> dict[str, Any]:
        """Return the settings as the file holds them."""
        return {
            "stamp": self.stamp,
            "model": self.model.facts(),
            "threshold": self.threshold,
            "policy": self.policy,
            "next_group": self.next_group,
            "left_out": dict(self.left_out),
            "not_there": self.not_there,
        }

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Self:
        """Return the settings from what `facts` returned.

        Raises
        ------
        KeyError, TypeError, ValueError
            When a fact is missing, or of a kind that it cannot be.
        """
        threshold = facts["threshold"]
        return cls(
            stamp=text_of(facts["stamp"]),
            model=ModelIdentity.of(object_of(facts["model"])),
            threshold=None if threshold is None else number_of(threshold, -1, 1),
            policy=text_of(facts["policy"]),
            next_group=whole_of(facts["next_group"], 1),
            left_out={
                text_of(name): whole_of(count)
                for name, count in object_of(facts["left_out"]).items()
            },
            not_there=whole_of(facts["not_there"]),
        )
