"""Degrade photos by a known amount. The same seed gives the same result."""

from matcher.degradation.cameras import CAMERAS, Camera
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
    "CAMERAS",
    "RECIPES",
    "Camera",
    "Degradation",
    "Recipe",
    "degrade",
    "parse",
    "shrink",
    "strength_of_quality",
    "text_of",
]
