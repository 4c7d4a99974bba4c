"""The colour of skin, lips, brows and eyes at every point of the head."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.synthetic.person import Identity
from matcher.synthetic.rendering.vectors import dot
from matcher.synthetic.shape import Hairdo, grain, hairline, smoothstep
from matcher.synthetic.shape.noise import noise

Float = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class SkinPoints:
    """The visible points of the skin, one row for each pixel.

    Parameters
    ----------
    rest
        float32 (n, 3): position in the pack's rest frame, the same for all heads.
    openness, lips, eyelids, ears, mouth
        float32 (n,) in [0, 1], from the pack.
    """

    rest: Float
    openness: Float
    lips: Float
    eyelids: Float
    ears: Float
    mouth: Float


def hair_albedo(identity: Identity, age: float) -> Float:
    """Return the hair colour at an age, linear RGB (3,). Fair hair darkens as children grow up."""
    colour = identity.hair_colour
    childish = math.exp(-((age / 11) ** 2))
    lift = 1 + 0.7 * childish * float(smoothstep(0.02, 0.12, np.array([colour.mean()]))[0])
    grey = 0.35 * float(smoothstep(38, 60, np.array([age]))[0])
    return (colour * lift * (1 - grey) + 0.25 * grey).astype(np.float32)


def skin_albedo(points: SkinPoints, identity: Identity, age: float, hairdo: Hairdo) -> Float:
    """Return float32 (n, 3) linear RGB of the skin with lips, brows, freckles and hairline."""
    rest = points.rest
    salt = 1000 * identity.subject + identity.seed
    tone = identity.tone.albedo.astype(np.float32)
    mottle = (
        0.5 * noise(rest, 2.5, salt) + 0.3 * noise(rest, 9.0, salt + 1) + 0.2 * grain(rest, 70, 2)
    )
    colour = tone * np.exp(-0.30 * (mottle - 0.5))[:, None]
    colour *= np.exp(-_redness(points, age)[:, None] * np.array([-0.06, 0.26, 0.20], np.float32))
    dark = 0.16 * points.eyelids + 0.20 * _under_eye(rest) * float(
        np.interp(age, [4, 30], [0.5, 1])
    )
    colour *= np.exp(-dark[:, None] * np.array([0.8, 1.0, 0.9], np.float32))
    colour = _freckled(colour, rest, identity, age, salt)
    colour = _shaven(colour, points, identity, age)
    colour = _lips(colour, points, tone, age)
    colour *= (1 - 0.85 * smoothstep(0.25, 0.8, points.mouth * (1 - points.lips)))[:, None]
    hair = hair_albedo(identity, age)
    brow = _brows(rest, identity, age)[:, None]
    colour = colour * (1 - brow) + (0.75 * hair + 0.06 * tone) * brow
    above = hairline(rest, hairdo) + 0.05 * (noise(rest, 24.0, hairdo.seed) - 0.5)
    covered = 0.9 * smoothstep(-0.03, 0.10, above)[:, None]
    return np.asarray(colour * (1 - covered) + (0.5 * hair + 0.04 * tone) * covered, np.float32)


def iris_albedo(toward: Float, identity: Identity, gaze: tuple[float, float]) -> Float:
    """Return float32 (n, 3) linear RGB of an eyeball at unit vectors from its centre."""
    left, up = gaze
    axis = np.array(
        [math.sin(left) * math.cos(up), math.sin(up), math.cos(left) * math.cos(up)], np.float32
    )
    away = np.arccos(np.clip(dot(toward, axis), -1, 1))
    white = np.array([0.60, 0.57, 0.55], np.float32)
    vein = noise(toward, 9.0, identity.subject)[:, None] * np.array([0.0, 0.05, 0.05], np.float32)
    colour = np.tile(white, (len(toward), 1)) - vein * smoothstep(0.5, 1.0, away)[:, None]
    spoke = np.arctan2(toward[:, 1] - axis[1], toward[:, 0] - axis[0])
    rays = noise(np.stack([np.cos(spoke) * 5, np.sin(spoke) * 5, away * 2], 1), 1.6, 3)
    ring = 1 - 0.65 * smoothstep(_IRIS - 0.14, _IRIS, away)
    iris = identity.eye_colour.astype(np.float32) * ((0.75 + 0.7 * rays) * ring)[:, None]
    inside = smoothstep(_IRIS + 0.03, _IRIS - 0.04, away)[:, None]
    pupil = smoothstep(_PUPIL + 0.03, _PUPIL - 0.03, away)[:, None]
    colour = colour * (1 - inside) + iris * inside
    return np.asarray(colour * (1 - pupil) + 0.008 * pupil, np.float32)


_IRIS, _PUPIL = 0.50, 0.20
"""Angular radii of iris and pupil seen from the centre of the eyeball, in radians. They stand for
5.9 mm of a radius of 12 mm, and for a pupil of about 5 mm."""


def _blob(
    rest: Float, centre: tuple[float, float, float], size: tuple[float, float, float]
) -> Float:
    away = np.asarray(np.abs(rest) if centre[0] > 0 else rest) - np.array(centre, np.float32)
    scaled: Float = np.asarray(away / np.array(size, np.float32), np.float32)
    return np.asarray(np.exp(-dot(scaled, scaled)), np.float32)


def _redness(points: SkinPoints, age: float) -> Float:
    rest = points.rest
    young = float(np.interp(age, [3, 16], [1.3, 0.8]))
    return np.asarray(
        young * 0.55 * _blob(rest, (0.45, -0.48, 0.05), (0.26, 0.22, 0.5))
        + 0.5 * _blob(rest, (0.0, -0.42, 0.42), (0.16, 0.14, 0.25))
        + 0.2 * _blob(rest, (0.0, -1.02, 0.2), (0.2, 0.14, 0.3))
        + 0.6 * points.ears
        - 0.15,
        np.float32,
    )


def _under_eye(rest: Float) -> Float:
    return _blob(rest, (0.29, -0.17, 0.12), (0.16, 0.07, 0.3))


def _freckled(colour: Float, rest: Float, identity: Identity, age: float, salt: int) -> Float:
    amount = identity.freckles * float(np.interp(age, [2, 7, 14, 35], [0.2, 1, 1, 0.6]))
    if amount > 0:
        place = _blob(rest, (0.32, -0.36, 0.15), (0.36, 0.24, 0.6)) + 0.25
        spot = noise(rest, 21.0, salt + 5) + 0.5 * noise(rest, 38.0, salt + 6)
        dot = smoothstep(1.04, 1.16, spot + 0.22 * place * amount) * np.clip(place, 0, 1)
        colour = colour * (1 - dot[:, None] * amount * np.array([0.28, 0.42, 0.50], np.float32))
    for k, (x, y, size) in enumerate(identity.genes("moles").reshape(-1, 3)):
        if identity.fixed_colour or age < 2 + 2 * k:
            continue
        away = np.hypot(rest[:, 0] - 0.32 * x, rest[:, 1] + 0.45 - 0.32 * y)
        radius = 0.008 + 0.004 * abs(float(size))
        mole = smoothstep(radius * 1.4, radius * 0.6, away) * (rest[:, 2] > -0.5)
        colour = colour * (1 - 0.4 * mole[:, None])
    return colour


def _shaven(colour: Float, points: SkinPoints, identity: Identity, age: float) -> Float:
    grown = float(smoothstep(15.0, 21.0, np.array([age]))[0])
    if not identity.male or grown == 0:
        return colour
    rest = points.rest
    jaw = smoothstep(-0.38, -0.68, rest[:, 1]) * smoothstep(-1.28, -1.08, rest[:, 1])
    jaw *= smoothstep(-0.75, -0.4, rest[:, 2]) * (1 - points.lips)
    cheek = _blob(rest, (0.42, -0.50, 0.1), (0.20, 0.20, 0.4))
    amount = 0.20 * grown * (jaw * (1 - 0.8 * cheek) * (0.7 + 0.6 * grain(rest, 60, 4)))
    tint = np.array([1.0, 0.9, 0.78], np.float32)
    return np.asarray(colour * (1 - amount[:, None] * tint), np.float32)


def _lips(colour: Float, points: SkinPoints, tone: Float, age: float) -> Float:
    pink = float(np.interp(age, [3, 25], [1.0, 0.8]))
    tint = np.array([0.86, 0.60, 0.61], np.float32) ** pink
    lip = tone * tint + np.array([0.03, 0.004, 0.008], np.float32)
    lines = 0.9 + 0.2 * noise(points.rest * np.array([3.0, 0.6, 1.0], np.float32), 14.0, 11)
    cover = (0.75 * smoothstep(0.30, 0.80, points.lips))[:, None]
    return np.asarray(colour * (1 - cover) + lip * lines[:, None] * cover, np.float32)


def _brows(rest: Float, identity: Identity, age: float) -> Float:
    """Return the share of the skin that brow hair covers, (n,)."""
    thick, dense, arch, height = (
        (0.0, 0.0, 0.0, 0.0) if identity.fixed_colour else np.clip(identity.genes("brows"), -2, 2)
    )
    side = (np.abs(rest[:, 0]) - 0.11) / 0.46
    across = np.clip(side, 0, 1)
    middle = 0.26 + 0.02 * height + (0.045 + 0.02 * arch) * np.sin(across * math.pi * 0.88)
    width = (0.052 + 0.011 * thick) * float(np.interp(age, [3, 18], [0.85, 1.0]))
    width *= 1.08 if identity.male else 0.88
    taper = width * (1 - 0.6 * across**1.5)
    slanted = rest * np.array([1.0, 1.0, 0.0], np.float32)
    slanted[:, 0] += 0.6 * np.sign(rest[:, 0]) * -rest[:, 1]
    hairs = noise(slanted * np.array([3.2, 1.0, 0.0], np.float32), 16.0, 21)
    body = smoothstep(1.25, 0.35, np.abs(rest[:, 1] - middle) / taper + 0.5 * (hairs - 0.5))
    ends = smoothstep(-0.05, 0.16, side) * smoothstep(1.05, 0.75, side)
    strength = float(np.interp(age, [3, 16], [0.72, 0.90])) + 0.08 * dense
    return np.asarray(
        body * ends * (rest[:, 2] > -0.35) * np.clip(strength, 0.35, 0.97), np.float32
    )
