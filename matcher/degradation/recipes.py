"""Degrade photos by a known amount, in the ways that investigators meet.

A `Degradation` is a kind and a strength from 0 (the photo as it is, exactly) to 1 (hardly usable).
The physical meaning of a strength is the formula of each effect in `matcher.degradation.effects`.
It is also in the table of `docs/reference/degradation-recipes.md`. Steps are applied in the given
order:

    degrade(pixels, parse("downsample:0.5;jpeg:0.3"), seed=7)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from matcher.degradation.effects import EFFECTS, KINDS, Kind, Pixels, shrunk, strength_of_quality
from matcher.errors import InputError
from matcher.photos import saved_as_jpeg

__all__ = [
    "KINDS",
    "RECIPES",
    "Degradation",
    "Kind",
    "Recipe",
    "degrade",
    "parse",
    "shrink",
    "text_of",
]


@dataclass(frozen=True)
class Degradation:
    """One kind of degradation, and its strength.

    Parameters
    ----------
    kind
        One of `KINDS`.
    strength
        In [0, 1]; 0 leaves the photo exactly as it is.

    Raises
    ------
    InputError
        If the kind is unknown or the strength out of range.
    """

    kind: Kind
    strength: float

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise _bad("the kind of degradation", f"must be one of {', '.join(KINDS)}", self.kind)
        if not 0.0 <= self.strength <= 1.0:
            raise _bad(f"the strength of {self.kind}", "must be in [0, 1]", self.strength)

    def __str__(self) -> str:
        return f"{self.kind}:{float(self.strength)!r}"


@dataclass(frozen=True)
class Recipe:
    """A named mixture of degradations, used in evaluations.

    Parameters
    ----------
    meaning
        What the mixture stands for, in plain words.
    steps
        The degradations, applied in this order.
    side
        If given, the longer side in pixels to which the picture is shrunk before the steps. It is
        meant for a face crop, where it tells how large the face is.
    """

    meaning: str
    steps: tuple[Degradation, ...]
    side: int | None = None

    def apply(self, pixels: Pixels, *, seed: int) -> Pixels:
        """Return the degraded copy of a uint8 array of shape (height, width, 3)."""
        if self.side is not None:
            pixels = shrunk(_checked(pixels), self.side)
        return degrade(pixels, self.steps, seed=seed)


def parse(text: str) -> tuple[Degradation, ...]:
    """Read steps from their text form, "kind:strength" joined by ";". Empty text has no steps.

    Raises
    ------
    InputError
        If the text is not of that form.
    """
    return tuple(_parse_one(part.strip()) for part in text.split(";") if part.strip())


def _parse_one(text: str) -> Degradation:
    kind, _, strength = text.partition(":")
    try:
        value = float(strength)
    except ValueError as error:
        raise _bad("a degradation step", 'must read "kind:strength"', repr(text)) from error
    return Degradation(kind.strip(), value)  # type: ignore[arg-type] # checked by Degradation


def text_of(steps: Sequence[Degradation]) -> str:
    """Write steps as text, which `parse` reads back to equal steps."""
    return ";".join(map(str, steps))


def degrade(pixels: Pixels, steps: Sequence[Degradation], *, seed: int) -> Pixels:
    """Apply the steps in order.

    Parameters
    ----------
    pixels
        uint8 array of shape (height, width, 3), RGB in sRGB.
    steps
        The degradations to apply. Each step draws from its own random stream, made from the seed
        and its position.
    seed
        Not negative. The same pixels, steps and seed give the same bytes with the same versions
        of NumPy and Pillow.

    Returns
    -------
    uint8 array of shape (height', width', 3)
        A copy. It has the same size except after `downsample` and `crop`, which leave fewer pixels.

    Raises
    ------
    InputError
        If the pixels have another shape or type, or the seed is negative.
    """
    if seed < 0:
        raise _bad("the seed", "must not be negative", seed)
    result = _checked(pixels).copy()
    for position, step in enumerate(steps):
        if step.strength > 0.0:
            rng = np.random.default_rng([seed, position])
            result = EFFECTS[step.kind](result, float(step.strength), rng)
    return np.ascontiguousarray(result)


def shrink(pixels: Pixels, side: int, quality: int) -> Pixels:
    """Shrink a picture to a size in pixels and save it once as JPEG: the evaluation ladder.

    Parameters
    ----------
    pixels
        uint8 array of shape (height, width, 3).
    side
        Longer side of the result in pixels, at least 1. A smaller picture keeps its size.
    quality
        JPEG quality in [1, 100], libjpeg's scale, chroma halved in both directions.
    """
    if side < 1 or not 1 <= quality <= 100:
        rule = "need a side of at least 1 pixel and a quality in [1, 100]"
        raise _bad("the ladder's step", rule, f"side {side}, quality {quality}")
    return saved_as_jpeg(shrunk(_checked(pixels), side), quality)


def _checked(pixels: Pixels) -> Pixels:
    shape = pixels.shape
    if pixels.dtype != np.uint8 or len(shape) != 3 or shape[2] != 3 or pixels.size == 0:
        rule = "must be a uint8 array of shape (height, width, 3)"
        raise _bad("the pixels to degrade", rule, f"{pixels.dtype} of shape {shape}")
    return pixels


def _bad(what: str, rule: str, got: object) -> InputError:
    return InputError(
        what, rule=rule, got=got, next_step="See docs/reference/degradation-recipes.md."
    )


RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        "phone": Recipe(
            "a phone picture sent through a messenger",
            parse("motion:0.15;noise:0.25;downsample:0.25;jpeg:0.4"),
        ),
        "cctv": Recipe(
            "a frame of a cheap camera under the ceiling",
            parse("blur:0.15;low-light:0.2;noise:0.4;downsample:0.5;jpeg-twice:0.6"),
        ),
        "night": Recipe("lit by a street lamp", parse("low-light:0.6;colour-cast:0.5;noise:0.5")),
        "old-print": Recipe(
            "a faded print from an album, scanned", parse("print-scan:0.8;jpeg:0.2")
        ),
        "newspaper": Recipe(
            "a black-and-white print, scanned", parse("grey:1;print-scan:1;jpeg:0.4")
        ),
        "screenshot": Recipe("a screenshot of a posted picture", parse("jpeg:0.3;screenshot:0.6")),
        "close-crop": Recipe("cut out of a group picture", parse("crop:0.4;jpeg:0.3")),
    }
    | {
        f"px{side}-q{quality}": Recipe(
            f"a face crop of {side} pixels, saved at JPEG quality {quality}",
            (Degradation("jpeg", strength_of_quality(quality)),),
            side,
        )
        for side, quality in ((64, 50), (48, 40), (32, 30), (24, 30), (16, 30))
    }
)
"""Named mixtures by their name."""
