"""Photos made worse by a known amount, the same for the same seed."""

from matcher.degradation.effects import strength_of_quality
from matcher.degradation.recipes import (
    RECIPES,
    Degradation,
    Recipe,
    degrade,
    parse,
    shrink,
    text_of,
)

__all__ = [
    "RECIPES",
    "Degradation",
    "Recipe",
    "degrade",
    "parse",
    "shrink",
    "strength_of_quality",
    "text_of",
]
