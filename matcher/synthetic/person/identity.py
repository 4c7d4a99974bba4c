"""The identity of a person: one row of random numbers, and the traits that follow from it.

Everything that a person is born with is a function of the `genome`, a vector of independent
standard normal numbers. Children inherit half of their parents' deviation (the infinitesimal model
of quantitative genetics). Relatives are therefore alike in shape and colour without being the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from matcher.errors import InputError
from matcher.synthetic.person.growth import drift_size
from matcher.synthetic.person.morphs import ASYMMETRIES, OFFSETS, REGIONS
from matcher.synthetic.person.skin_tone import SkinTone, linear

ANCESTRIES = ("african", "asian", "caucasian")
"""Names that the mesh's authors gave to three groups of shapes. They are not populations."""

_SIZES = {
    "lasting": len(OFFSETS),
    "drift": len(OFFSETS) * drift_size(),
    "region": len(REGIONS),
    "asymmetry": len(ASYMMETRIES),
    "build": 1 + drift_size(),
    "ancestry": len(ANCESTRIES),
    "timing": 1,
    "sexual_shape": 1,
    "tone": 2,
    "hair": 4,
    "eyes": 2,
    "freckles": 1,
    "brows": 4,
    "style": 2,
    "moles": 6,
}
_ENDS = np.cumsum(list(_SIZES.values()))
_PLACES = {
    name: slice(int(end) - size, int(end))
    for (name, size), end in zip(_SIZES.items(), _ENDS, strict=True)
}
GENOME_SIZE = int(_ENDS[-1])

_IDENTITY, _FAMILY = 101, 102
"""First numbers of the random streams, so that no two kinds of draw share a stream."""

FIXED_TONE = SkinTone(58.0, 62.0)
"""Skin of every person in the colour-fixed arm."""


@dataclass(frozen=True, eq=False)
class Identity:
    """One rendered person, with the traits that last for life.

    Parameters
    ----------
    seed, subject
        The numbers that the person was made from.
    family
        Number of the family. Strangers have different numbers.
    male
        Sex, as far as it affects shape, puberty and haircut.
    genome
        float64 (GENOME_SIZE,): independent standard normal numbers.
    chosen_tone
        Colour of the skin; None reads it from the genome.
    fixed_colour
        Whether skin, hair and eyes have the same colour as those of everybody else, without
        freckles, so that only shape tells people apart.
    """

    seed: int
    subject: int
    family: int
    male: bool
    genome: NDArray[np.float64]
    chosen_tone: SkinTone | None = None
    fixed_colour: bool = False

    def genes(self, name: str) -> NDArray[np.float64]:
        """Return the part of the genome that decides one group of traits."""
        return self.genome[_PLACES[name]]

    @cached_property
    def ancestry(self) -> NDArray[np.float64]:
        """Weights of the three groups of shapes (`ANCESTRIES`); they sum to 1."""
        weights = np.exp(1.9 * self.genes("ancestry"))
        return np.asarray(weights / weights.sum())

    @cached_property
    def tone(self) -> SkinTone:
        """Colour of the skin, drawn evenly over L* from 27 to 85, whatever the shape."""
        if self.chosen_tone is not None:
            return self.chosen_tone
        if self.fixed_colour:
            return FIXED_TONE
        lightness, hue = self.genes("tone")
        evenly = 0.5 * (1 + math.erf(lightness / math.sqrt(2)))
        lightness = 27 + 58 * evenly
        centre = float(np.interp(lightness, [27, 40, 65, 85], [51, 55, 58, 57]))
        return SkinTone(lightness, float(np.clip(centre + 5 * hue, 38, 82)))

    @cached_property
    def hair_colour(self) -> NDArray[np.float64]:
        """Adult hair colour, linear sRGB. Fair and red hair occur only with light skin."""
        if self.fixed_colour:
            return linear(np.array([44, 32, 25]) / 255)
        fairness, redness, shade, _ = self.genes("hair")
        light_skin = 1 / (1 + math.exp(-(self.tone.lightness - 64) / 5))
        fair = light_skin / (1 + math.exp(-1.4 * fairness))
        red = light_skin * float(np.clip(redness - 1.4, 0, 1))
        dark, blond, ginger = (
            linear(np.array(c) / 255) for c in ([26, 21, 19], [168, 132, 88], [136, 66, 30])
        )
        colour = dark ** (1 - fair) * blond**fair
        return np.asarray((colour * (1 - red) + ginger * red) * math.exp(0.12 * shade))

    @cached_property
    def hair_curl(self) -> float:
        """Curl of the hair, from 0 (straight) to 1 (coily)."""
        if self.fixed_colour:
            return 0.3
        lean = 1.6 * (self.ancestry[0] - 0.4)
        return float(1 / (1 + math.exp(-(1.5 * self.genes("hair")[3] + 3 * lean - 0.7))))

    @cached_property
    def eye_colour(self) -> NDArray[np.float64]:
        """Colour of the iris, linear sRGB. Light irises occur only with light skin."""
        brown, blue, green = (
            linear(np.array(c) / 255) for c in ([70, 44, 26], [92, 118, 138], [98, 104, 68])
        )
        if self.fixed_colour:
            return brown
        first, second = self.genes("eyes")
        light_skin = 1 / (1 + math.exp(-(self.tone.lightness - 68) / 4))
        pale = light_skin / (1 + math.exp(-2.5 * first))
        mixed = blue if second > 0 else green
        depth = math.exp(0.25 * second) * (0.55 + 0.45 * self.tone.lightness / 88)
        return np.asarray(brown * depth * (1 - pale) + mixed * pale)

    @cached_property
    def freckles(self) -> float:
        """Density of freckles in [0, 1]; 0 for most people."""
        if self.fixed_colour:
            return 0.0
        light = 1 / (1 + math.exp(-(self.tone.lightness - 68) / 4))
        return float(light * np.clip(0.7 * (self.genes("freckles")[0] - 0.5), 0, 1))


def make_identity(seed: int, subject: int, *, family_size: int = 1) -> Identity:
    """Make a person from two numbers.

    Subjects `0 … family_size - 1` are the first family, and so on. In a family of three or more,
    the last member is a parent of the others, and the others are full siblings. In a family of two,
    both are siblings.

    Parameters
    ----------
    seed
        Seed of the whole cohort, 0 or more.
    subject
        Number of the person, 0 or more.
    family_size
        Number of members of a family. With 1, everybody is a stranger.
    """
    if seed < 0 or subject < 0 or family_size < 1:
        raise InputError(
            "identity",
            rule="seed and subject are 0 or more, family_size 1 or more",
            got=(seed, subject, family_size),
            next_step="Give whole numbers in these ranges.",
        )
    family, member = divmod(subject, family_size)
    rng = np.random.default_rng([_IDENTITY, seed, subject])
    male = bool(rng.random() < 0.5)
    genome = rng.standard_normal(GENOME_SIZE)
    if family_size > 1:
        genome = _inherit(
            seed, family, genome, is_parent=family_size > 2 and member == family_size - 1
        )
    return Identity(seed=seed, subject=subject, family=family, male=male, genome=genome)


def _inherit(
    seed: int, family: int, own: NDArray[np.float64], *, is_parent: bool
) -> NDArray[np.float64]:
    """Mix the parents' genomes with the person's own; each side gives half of the variance."""
    shared = np.random.default_rng([_FAMILY, seed, family])
    mother, father = shared.standard_normal((2, GENOME_SIZE))
    if is_parent:
        return np.asarray(mother)
    return np.asarray((mother + father) / 2 + own / math.sqrt(2))


def with_tone(identity: Identity, tone: SkinTone) -> Identity:
    """Return the same person with another skin tone. The shape stays as it is."""
    return replace(identity, chosen_tone=tone)


def with_fixed_colour(identity: Identity) -> Identity:
    """Return the same person in the colours that everybody has in the colour-fixed arm."""
    return replace(identity, fixed_colour=True)
