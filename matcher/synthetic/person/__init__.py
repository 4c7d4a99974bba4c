"""The traits of a rendered person: shape, skin tone, and their change with age."""

from matcher.synthetic.person.growth import (
    OLDEST,
    YOUNGEST,
    amplitude,
    drift,
    drift_size,
    stage_weights,
)
from matcher.synthetic.person.identity import (
    ANCESTRIES,
    Identity,
    make_identity,
    with_fixed_colour,
    with_tone,
)
from matcher.synthetic.person.morphs import ASYMMETRIES, OFFSETS, REGIONS
from matcher.synthetic.person.skin_tone import (
    SkinTone,
    encoded,
    linear,
    tone_of_monk,
    tone_of_pixels,
)

__all__ = [
    "ANCESTRIES",
    "ASYMMETRIES",
    "OFFSETS",
    "OLDEST",
    "REGIONS",
    "YOUNGEST",
    "Identity",
    "SkinTone",
    "amplitude",
    "drift",
    "drift_size",
    "encoded",
    "linear",
    "make_identity",
    "stage_weights",
    "tone_of_monk",
    "tone_of_pixels",
    "with_fixed_colour",
    "with_tone",
]
