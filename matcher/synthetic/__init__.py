"""Render faces that may be shipped: people who do not exist, at any age from 2 to 60.

No picture from here is a photograph of a person, and every written file says so. See
`docs/explanation/rendered-people.md` for the recipe, and for what a synthetic audit can and cannot
show.
"""

from matcher.synthetic.cohort import (
    SOURCE,
    CohortSpec,
    ManifestRow,
    SyntheticPhoto,
    render_photo,
    sample_photos,
    save_photo,
    write_cohort,
)
from matcher.synthetic.person import (
    Identity,
    SkinTone,
    make_identity,
    tone_of_monk,
    tone_of_pixels,
    with_fixed_colour,
    with_tone,
)
from matcher.synthetic.rendering import render
from matcher.synthetic.sheets import contact_sheet, save_sheet

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
