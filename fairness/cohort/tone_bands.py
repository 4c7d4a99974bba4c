"""Bands of skin tone: annotated, or measured over all photos of a subject.

A measured tone is apparent: light, camera and processing change it, and the measurements of one
subject vary. A band is therefore given to a subject and not to a photo, and only if the
measurements of the subject vary little enough.
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
"""A tone counts as light from this L* on, and as yellow from this hue angle in degrees on
(Thong, Joniak and Xiang, ICCV 2023, arXiv 2309.05148)."""

_LIGHTNESS_OF_SKIN, _HUE_OF_SKIN = (20.0, 95.0), (35.0, 80.0)
"""Approximate range of human skin. It closes the two outer bands, so that they have a width."""


@dataclass(frozen=True)
class SubjectTone:
    """The apparent tone of one subject.

    Parameters
    ----------
    subject
        Identifier of the person.
    photos
        Number of photos with a measured tone, at least one.
    lightness, hue
        Medians over these photos: L* in [0, 100], and degrees.
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
        """One of four bands; `UNKNOWN` if a standard deviation is half its band's width or more.

        A subject with one photo has no standard deviation, and so always gets a band.
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
    """Return the apparent tone of each subject with a measured photo, sorted by subject."""
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
    """How well the measurements of one subject agree.

    Parameters
    ----------
    subjects
        Number of subjects with at least two measured photos.
    within
        Pooled standard deviation of L* within subjects; nan without such subjects.
    agreement
        Intraclass correlation of L*, one-way, single measurement (Shrout and Fleiss 1979, ICC(1,1),
        with the mean group size of unequal groups). It is 1 if all photos of a subject agree, and
        about 0 or below if they agree no better than photos of different subjects. nan with fewer
        than two such subjects, or if L* does not vary.
    """

    subjects: int
    within: float
    agreement: float


def tone_spread(samples: Sequence[Sample]) -> ToneSpread:
    """Measure how well the lightness agrees between photos of one subject."""
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
    total_variance = between + (size - 1) * within
    return (between - within) / total_variance if total_variance > 0 else math.nan


def monk_band(step: int | None) -> str:
    """Return the band of an annotated Monk step: light (1-3), medium (4-6) or dark (7-10)."""
    if step is None:
        return UNKNOWN
    if step <= 3:
        return "Monk 1-3 (light)"
    return "Monk 4-6 (medium)" if step <= 6 else "Monk 7-10 (dark)"


def fitzpatrick_band(phototype: int | None) -> str:
    """Return the band of an annotated phototype; a band holds two phototypes.

    A phototype describes how skin burns and tans. It does not measure tone (Howard et al. 2021,
    arXiv 2106.11240).
    """
    if phototype is None:
        return UNKNOWN
    return ("phototype I-II", "phototype III-IV", "phototype V-VI")[(phototype - 1) // 2]
