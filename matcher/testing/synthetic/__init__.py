"""Rendered faces that may be shipped: people who do not exist, at any age from 2 to 60.

Nothing here is a photograph of anybody, and every file that is written says so. See
`docs/synthetic-faces.md` for the recipe and for what a synthetic audit can and cannot show.
"""

from matcher.testing.synthetic.cohort import (
    SOURCE,
    CohortSpec,
    ManifestRow,
    SyntheticPhoto,
    render_photo,
    sample_photos,
    save_photo,
    write_cohort,
)
from matcher.testing.synthetic.identity import (
    Identity,
    make_identity,
    with_fixed_colour,
    with_tone,
)
from matcher.testing.synthetic.render import render
from matcher.testing.synthetic.sheet import contact_sheet, save_sheet
from matcher.testing.synthetic.tone import SkinTone, tone_of_monk, tone_of_pixels

__all__ = [
    "SOURCE",
    "CohortSpec",
    "Identity",
    "ManifestRow",
    "SkinTone",
    "SyntheticPhoto",
    "contact_sheet",
    "make_identity",
    "render",
    "render_photo",
    "sample_photos",
    "save_photo",
    "save_sheet",
    "tone_of_monk",
    "tone_of_pixels",
    "with_fixed_colour",
    "with_tone",
    "write_cohort",
]
