"""Bands of skin tone: annotated, or measured over all photos of a subject.

A measured tone is apparent: light, camera and processing are in it. One subject's measurements
spread, so a band is given to subjects, not to photos, and only if the spread allows it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairness.cohort.groups import UNKNOWN
from fairness.cohort.sample import Sample

LIGHTNESS_EDGE, HUE_EDGE = 60.0, 55.0
"""L* from which a tone counts as light, hue angle in degrees from which it counts as yellow
(Thong, Joniak and Xiang, ICCV 2023, arXiv 2309.05148)."""

_LIGHTNESS_OF_SKIN, _HUE_OF_SKIN = (20.0, 95.0), (35.0, 80.0)
"""About the extent of skin, from which the widths of the two outer bands are taken."""


@dataclass(frozen=True)
class SubjectTone:
    """The apparent tone of one subject.

    Parameters
    ----------
    subject
        Who.
    photos
        Photos with a measured tone, at least one.
    lightness, hue
        Medians over these photos: L* in [0, 100], degrees.
    lightness_sd, hue_sd
        Standard deviations over these photos; nan with one photo.
    """

    subject: str
    photos: int
    lightness: float
    hue: float
    lightness_sd: float
    hue_sd: float

    @property
    def band(self) -> str:
        """One of four bands, or `UNKNOWN` if a deviation is half the width of its band or more.

        A subject with one photo has no spread that could speak against a band.
        """
        light, yellow = self.lightness >= LIGHTNESS_EDGE, self.hue >= HUE_EDGE
        steady = not (
            self.lightness_sd >= _half_width(_LIGHTNESS_OF_SKIN, LIGHTNESS_EDGE, light)
            or self.hue_sd >= _half_width(_HUE_OF_SKIN, HUE_EDGE, yellow)
        )
        name = f"{'light' if light else 'dark'} {'yellow' if yellow else 'red'}"
        return name if steady else UNKNOWN


def _half_width(extent: tuple[float, float], edge: float, upper: bool) -> float:
    return (extent[1] - edge if upper else edge - extent[0]) / 2


def apparent_tones(samples: Sequence[Sample]) -> tuple[SubjectTone, ...]:
    """Return the apparent tone of every subject with a measured photo, sorted by subject."""
    measured: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for sample in samples:
        if sample.skin_tone_l is not None and sample.skin_tone_hue is not None:
            measured[sample.subject].append((sample.skin_tone_l, sample.skin_tone_hue))
    return tuple(_tone(subject, measured[subject]) for subject in sorted(measured))


def _tone(subject: str, values: list[tuple[float, float]]) -> SubjectTone:
    lightness, hue = np.median(values, axis=0)
    deviations = np.std(values, axis=0, ddof=1) if len(values) > 1 else (math.nan, math.nan)
    return SubjectTone(
        subject,
        len(values),
        float(lightness),
        float(hue),
        float(deviations[0]),
        float(deviations[1]),
    )


@dataclass(frozen=True)
class ToneSpread:
    """How far measurements of one subject agree.

    Parameters
    ----------
    subjects
        Subjects with at least two measured photos.
    within
        Pooled standard deviation of L* within subjects; nan without such subjects.
    agreement
        Intraclass correlation of L*, one-way, single measurement (Shrout and Fleiss 1979, ICC(1,1),
        with the mean group size of unequal groups); 1 if all photos of a subject agree, about 0 or
        below if they agree no better than those of strangers. nan if it cannot be told.
    """

    subjects: int
    within: float
    agreement: float


def tone_spread(samples: Sequence[Sample]) -> ToneSpread:
    """Return how far the measured lightness agrees between photos of one subject."""
    values: dict[str, list[float]] = defaultdict(list)
    for sample in samples:
        if sample.skin_tone_l is not None:
            values[sample.subject].append(sample.skin_tone_l)
    groups = [np.array(group) for group in values.values() if len(group) > 1]
    if not groups:
        return ToneSpread(0, math.nan, math.nan)
    sizes = np.array([len(group) for group in groups], dtype=np.float64)
    within = float(sum(((group - group.mean()) ** 2).sum() for group in groups))
    mean_square = within / float(sizes.sum() - len(groups))
    return ToneSpread(len(groups), math.sqrt(mean_square), _agreement(groups, sizes, mean_square))


def _agreement(
    groups: list[NDArray[np.float64]], sizes: NDArray[np.float64], within: float
) -> float:
    count, total = len(groups), float(sizes.sum())
    if count < 2:
        return math.nan
    means = np.array([group.mean() for group in groups])
    centre = float((sizes * means).sum() / total)
    between = float((sizes * (means - centre) ** 2).sum()) / (count - 1)
    size = (total - float((sizes**2).sum()) / total) / (count - 1)
    spread = between + (size - 1) * within
    return (between - within) / spread if spread > 0 else math.nan


def monk_band(step: int | None) -> str:
    """Return light (1 to 3), medium (4 to 6) or dark (7 to 10) for an annotated Monk step."""
    if step is None:
        return UNKNOWN
    if step <= 3:
        return "Monk 1-3 (light)"
    return "Monk 4-6 (medium)" if step <= 6 else "Monk 7-10 (dark)"


def fitzpatrick_band(phototype: int | None) -> str:
    """Return the band of an annotated phototype, in pairs.

    Phototypes describe how skin burns and tans; they are no measure of tone (Howard et al. 2021,
    arXiv 2106.11240).
    """
    if phototype is None:
        return UNKNOWN
    return ("phototype I-II", "phototype III-IV", "phototype V-VI")[(phototype - 1) // 2]
