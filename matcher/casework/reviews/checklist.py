"""The checklist of a comparison: what a reviewer looks at, region by region, from top to bottom.

The regions follow the components of the Facial Image Comparison Feature List for Morphological
Analysis, version 2.0 of 2018-09-11, of the Facial Identification Scientific Working Group (FISWG);
ASTM E3149 is the same list as a standard. The words are our own, and the list is shorter. FISWG had
no part in it.

A mark says what a reviewer sees. Marks are never counted or weighed, and nothing adds them up.

What changes with growth: the face of a boy is grown at 12 to 15, that of a girl two years earlier,
by surface measurements (Farkas, Posnick and Hreczko, Cleft Palate-Craniofacial Journal 29, 1992);
between 12 and 18 most lengths and angles still change in both (Wen, Wong and McGrath, PLoS ONE 12,
e0186598, 2017). So a shape counts as stable only from `GROWN` on. It is a cautious rule, and no
measurement by this library.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from matcher.words import figure

FeatureMark = Literal["similar", "different", "not visible"]
"""What a reviewer sees of a feature in both photos."""

MARKS: Final[tuple[FeatureMark, ...]] = ("similar", "different", "not visible")

Change = Literal["stays", "until grown", "at any age"]
"""When a feature changes by itself: hardly ever; while the face grows; also later."""

GROWN: Final = 18.0
"""Age in years from which the shape of a face counts as grown."""

SHORT_GAP: Final = 1.0
"""Years between two photos within which no feature counts as changed by growth."""


@dataclass(frozen=True)
class Feature:
    """One feature of a region.

    Parameters
    ----------
    key
        Stable name, `region/feature`, by which a mark refers to it.
    region
        The region, in words.
    words
        What to look at.
    change
        When the feature changes by itself.
    """

    key: str
    region: str
    words: str
    change: Change

    @property
    def changes_with_growth(self) -> bool:
        """Whether a child's feature may look different years later."""
        return self.change != "stays"

    def unstable_between(self, younger: float | None, gap: float | None) -> bool:
        """Return whether the feature may have changed between two photos of one person.

        Parameters
        ----------
        younger
            Age at the earlier photo, in years; None if unknown, which counts as a child's.
        gap
            Years between the photos; None if unknown, which counts as long.
        """
        if not self.changes_with_growth or (gap is not None and abs(gap) < SHORT_GAP):
            return False
        return self.change == "at any age" or younger is None or younger < GROWN


_REGIONS: Final[tuple[tuple[str, str, tuple[tuple[str, str, Change], ...]], ...]] = (
    (
        "skin",
        "Skin",
        (
            ("surface", "Texture, pores, shine", "at any age"),
            (
                "tone",
                "Tone and patches of other colour, if the light of both photos is alike",
                "at any age",
            ),
        ),
    ),
    (
        "outline",
        "Outline of face and head",
        (
            ("shape", "Shape of the outline as seen from the front", "until grown"),
            ("crown", "Shape of the top of the head", "until grown"),
        ),
    ),
    (
        "proportions",
        "Proportions",
        (
            (
                "heights",
                "Upper, middle and lower part of the face beside each other",
                "until grown",
            ),
            ("symmetry", "Differences between the left and the right side", "until grown"),
        ),
    ),
    (
        "hairline",
        "Hairline",
        (
            ("shape", "Course of the hairline, peaks and corners", "at any age"),
            ("whorls", "Whorls and cowlicks", "stays"),
            ("hair", "Colour, curl and thickness of the hair", "at any age"),
        ),
    ),
    (
        "forehead",
        "Forehead",
        (
            ("shape", "Height, width and slope", "until grown"),
            ("ridges", "Ridges above the eyes", "until grown"),
        ),
    ),
    (
        "eyebrows",
        "Eyebrows",
        (
            ("shape", "Course and arch of each eyebrow", "at any age"),
            ("hair", "Thickness, gaps, and hair between the eyebrows", "at any age"),
        ),
    ),
    (
        "eyes",
        "Eyes",
        (
            ("opening", "Shape and slant of the opening", "until grown"),
            ("folds", "Fold of the upper lid, and fold at the inner corner", "until grown"),
            ("inner_corner", "Shape of the inner corner", "stays"),
            ("iris", "Colour and pattern of the iris", "stays"),
            ("distance", "Distance between the eyes beside the width of the face", "until grown"),
        ),
    ),
    (
        "cheeks",
        "Cheeks",
        (
            ("bones", "Place and prominence of the cheekbones", "until grown"),
            ("fullness", "Fullness, dimples", "at any age"),
        ),
    ),
    (
        "nose",
        "Nose",
        (
            ("bridge", "Height, width and line of the bridge", "until grown"),
            ("tip", "Shape and direction of the tip", "until grown"),
            ("wings", "Shape of the wings", "until grown"),
            ("nostrils", "Shape of the nostrils, and what parts them", "until grown"),
        ),
    ),
    (
        "ears",
        "Ears",
        (
            ("size", "Size, and how far they stand off", "until grown"),
            ("rim", "Shape of the outer and the inner rim", "stays"),
            ("lobe", "Shape of the lobe, and how it is attached", "stays"),
            ("tragus", "Shape of the knobs before the opening", "stays"),
        ),
    ),
    (
        "mouth",
        "Mouth",
        (
            ("lips", "Fullness and line of the lips", "until grown"),
            ("width", "Width beside the nose and the eyes", "until grown"),
            ("groove", "Groove between nose and upper lip", "until grown"),
            ("teeth", "Teeth: gaps, crooked or missing ones", "at any age"),
        ),
    ),
    (
        "chin",
        "Chin and jaw",
        (
            ("chin", "Shape of the chin, dimple or cleft", "until grown"),
            ("jaw", "Line and angle of the jaw", "until grown"),
        ),
    ),
    (
        "neck",
        "Neck",
        (("shape", "Width, length, folds", "at any age"),),
    ),
    (
        "beard",
        "Facial hair",
        (("pattern", "Where it grows, and where not", "at any age"),),
    ),
    (
        "lines",
        "Lines of the face",
        (("pattern", "Creases and wrinkles", "at any age"),),
    ),
    (
        "scars",
        "Scars",
        (("each", "Place, shape and size of each scar", "at any age"),),
    ),
    (
        "marks",
        "Marks",
        (("each", "Place and shape of moles, freckles, birthmarks", "at any age"),),
    ),
    (
        "alterations",
        "Alterations",
        (("each", "Piercings, tattoos, make-up, operations, injuries", "at any age"),),
    ),
)

FEATURES: Final[Mapping[str, Feature]] = MappingProxyType(
    {
        f"{region}/{name}": Feature(f"{region}/{name}", title, words, change)
        for region, title, features in _REGIONS
        for name, words, change in features
    }
)
"""All features by their key, in the order in which they are looked at."""


@dataclass(frozen=True)
class FeatureAdvice:
    """The features of a comparison by whether they may have changed between the photos.

    Parameters
    ----------
    unstable, stable
        A difference in an unstable feature may be growth, age or care. A stable one hardly changes.
    sentence
        For which ages this holds.
    """

    unstable: tuple[Feature, ...]
    stable: tuple[Feature, ...]
    sentence: str


def advice_for(younger: float | None, gap: float | None) -> FeatureAdvice:
    """Return which features may have changed; see `Feature.unstable_between`."""
    unstable = tuple(one for one in FEATURES.values() if one.unstable_between(younger, gap))
    stable = tuple(one for one in FEATURES.values() if one not in unstable)
    return FeatureAdvice(unstable, stable, _sentence(younger, gap))


def _sentence(younger: float | None, gap: float | None) -> str:
    if gap is None:
        return (
            "The time between the photos is not known. Take every feature that changes with "
            "growth as changed."
        )
    if abs(gap) < SHORT_GAP:
        return f"The photos are less than {figure(SHORT_GAP)} year apart: growth explains little."
    years = f"{figure(abs(gap))} years apart"
    if younger is None:
        return f"The photos are {years}, and the age is not known: it may have been a child."
    if younger >= GROWN:
        return f"The photos are {years}, both of a grown person: skin, hair and weight change."
    return (
        f"The photos are {years}, the earlier one at the age of {figure(younger)}: the face grew "
        "in between, most of all its lower part."
    )
