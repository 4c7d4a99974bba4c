"""Limits beyond which a face is too poor to use, and the weight of a poor face.

A policy refuses nothing by itself. It lists reasons, and the person who decides may override them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from matcher.faces.quality import FaceQuality
from matcher.words import apart


@dataclass(frozen=True)
class QualityPolicy:
    """Limits on the measures of a face; the defaults refuse nothing.

    Parameters
    ----------
    name
        Name for records and reports.
    inter_eye_distance
        Smallest accepted distance, in pixels.
    sharpness, contrast, probability, inside
        Smallest accepted value of each, in [0, 1].
    shading
        Smallest accepted value, 0 or more.
    compression
        Smallest accepted JPEG quality, as estimated, in [1, 100].
    darkest, brightest
        Limits of the exposure, each in [0, 1].
    yaw, pitch
        Largest accepted angle in degrees, either way. There is no limit on roll, because alignment
        removes it.
    """

    name: str
    inter_eye_distance: float = 0.0
    sharpness: float = 0.0
    contrast: float = 0.0
    probability: float = 0.0
    inside: float = 0.0
    shading: float = 0.0
    compression: float = 1.0
    darkest: float = 0.0
    brightest: float = 1.0
    yaw: float = 90.0
    pitch: float = 90.0


OFF = QualityPolicy("off")
STANDARD = QualityPolicy(
    "standard",
    inter_eye_distance=12,
    sharpness=0.02,
    contrast=0.05,
    probability=0.9,
    inside=0.6,
    shading=0.0156,
    compression=10,
    darkest=0.05,
    brightest=0.95,
    yaw=60,
    pitch=45,
)
STRICT = QualityPolicy(
    "strict",
    inter_eye_distance=20,
    sharpness=0.07,
    contrast=0.1,
    probability=0.98,
    inside=0.85,
    shading=0.0156,
    compression=30,
    darkest=0.1,
    brightest=0.85,
    yaw=35,
    pitch=30,
)

POLICIES: Mapping[str, QualityPolicy] = MappingProxyType(
    {policy.name: policy for policy in (OFF, STANDARD, STRICT)}
)
"""The policies by name. "off" refuses nothing. "standard" refuses faces that `dlib-resnet` can
hardly use. "strict" refuses faces that should not stand in a gallery if a better photo exists.
docs/evidence/detection.md tells how the limits were measured."""


@dataclass(frozen=True)
class Refusal:
    """One reason to refuse a face.

    Parameters
    ----------
    code
        Stable short name, for reports.
    measured, limit
        The measured value, and the limit of the policy.
    unit
        Unit of both; empty for shares.
    words
        The sentence that `str` returns.
    """

    code: str
    measured: float
    limit: float
    unit: str
    words: str

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True)
class _Rule:
    code: str
    measured: Callable[[FaceQuality], float]
    limit: Callable[[QualityPolicy], float]
    words: str
    unit: str = ""
    at_most: bool = False
    places: int = 2
    scale: float = 1.0

    def refusal(self, quality: FaceQuality, policy: QualityPolicy) -> Refusal | None:
        measured, limit = self.measured(quality), self.limit(policy)
        kept = measured <= limit if self.at_most else measured >= limit
        if kept:
            return None
        texts = apart(self.scale * measured, self.scale * limit, self.places)
        words = self.words.format(measured=texts[0], limit=texts[1])
        return Refusal(self.code, measured, limit, self.unit, words)


_RULES = (
    _Rule(
        "eyes_close",
        lambda quality: quality.inter_eye_distance,
        lambda policy: policy.inter_eye_distance,
        "eyes {measured} px apart, needs {limit}",
        "px",
        places=0,
    ),
    _Rule(
        "blurred",
        lambda quality: quality.sharpness,
        lambda policy: policy.sharpness,
        "sharpness {measured}, needs {limit}",
    ),
    _Rule(
        "dark",
        lambda quality: quality.exposure,
        lambda policy: policy.darkest,
        "exposure {measured}, needs {limit}",
    ),
    _Rule(
        "bright",
        lambda quality: quality.exposure,
        lambda policy: policy.brightest,
        "exposure {measured}, at most {limit}",
        at_most=True,
    ),
    _Rule(
        "flat",
        lambda quality: quality.contrast,
        lambda policy: policy.contrast,
        "contrast {measured}, needs {limit}",
    ),
    _Rule(
        "unshaded",
        lambda quality: quality.shading,
        lambda policy: policy.shading,
        "shading {measured}, needs {limit}: it may be a drawing",
        places=3,
    ),
    _Rule(
        "compressed",
        lambda quality: quality.compression,
        lambda policy: policy.compression,
        "JPEG quality about {measured}, needs {limit}",
        places=0,
    ),
    _Rule(
        "turned_aside",
        lambda quality: abs(quality.yaw),
        lambda policy: policy.yaw,
        "head turned aside by about {measured} degrees, at most {limit}",
        "degrees",
        at_most=True,
        places=0,
    ),
    _Rule(
        "tilted",
        lambda quality: abs(quality.pitch),
        lambda policy: policy.pitch,
        "head raised or lowered by about {measured} degrees, at most {limit}",
        "degrees",
        at_most=True,
        places=0,
    ),
    _Rule(
        "cut_off",
        lambda quality: quality.inside,
        lambda policy: policy.inside,
        "{measured}% of the face is in the photo, needs {limit}%",
        places=0,
        scale=100,
    ),
    _Rule(
        "doubtful",
        lambda quality: quality.probability,
        lambda policy: policy.probability,
        "detector's probability {measured}, needs {limit}",
    ),
)


def refusals(quality: FaceQuality, policy: QualityPolicy) -> tuple[Refusal, ...]:
    """Return every reason why the policy refuses the face; empty if the policy accepts it."""
    found = (rule.refusal(quality, policy) for rule in _RULES)
    return tuple(refusal for refusal in found if refusal is not None)


LEAST_WEIGHT = 0.05
"""Smallest weight. Even the poorest face counts a little, because it may be the only one."""


def weight(quality: FaceQuality) -> float:
    """Return the weight of a face among several faces of a subject, in [0.05, 1].

    The weight is the product of three shares: for inter-eye distance, sharpness and contrast. A
    share is 1 if the measure reaches the limit of the strict policy, and proportionally less below
    it. A face that passes the strict policy weighs 1.
    """
    shares = (
        quality.inter_eye_distance / STRICT.inter_eye_distance,
        quality.sharpness / STRICT.sharpness,
        quality.contrast / STRICT.contrast,
    )
    product = 1.0
    for share in shares:
        product *= min(1.0, max(0.0, share))
    return max(LEAST_WEIGHT, product)
