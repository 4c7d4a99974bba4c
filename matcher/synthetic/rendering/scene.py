"""The parts of a photo that change: pose, expression, light, camera, clothes, haircut."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from matcher.synthetic.person import Identity, drift
from matcher.synthetic.shape import Garment, Hairdo

_SHOT, _HAIRCUT = 201, 202
Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Light:
    """One lamp, a sky and a camera exposure, in linear light.

    Parameters
    ----------
    direction
        Unit vector towards the lamp.
    key, sky, ground
        Linear RGB of the lamp, of the light from above and of the light from below.
    softness
        Angular radius of the lamp in radians.
    """

    direction: tuple[float, float, float]
    key: Colour
    sky: Colour
    ground: Colour
    softness: float


@dataclass(frozen=True)
class Camera:
    """Pose of the head in front of the camera, and the effect of the camera on the light.

    Parameters
    ----------
    yaw, pitch, roll
        Angles in radians.
    distance
        Distance from the camera to the eyes, in head heights.
    field
        Width of the picture at the eyes, in head heights.
    centre
        Position in the picture of the point between the eyes, in [0, 1].
    gain
        Exposure.
    contrast
        Exponent of the tone curve about middle grey; 1 is neutral.
    noise
        Standard deviation of the sensor noise at middle grey, in grey levels of 255.
    blur
        Radius of the lens blur in pixels of a 256-pixel picture.
    """

    yaw: float
    pitch: float
    roll: float
    distance: float
    field: float
    centre: tuple[float, float]
    gain: float
    contrast: float
    noise: float
    blur: float


@dataclass(frozen=True)
class Scene:
    """All facts of one photo except the person.

    Parameters
    ----------
    seed
        Seed of textures and noise.
    backdrop
        Linear RGB of the upper and of the lower background.
    glasses
        Linear RGB of a spectacle frame, or None.
    gaze
        Direction of the eyes relative to the head, in radians: to the subject's left and upwards.
    """

    seed: int
    expression: Mapping[str, float]
    light: Light
    camera: Camera
    hairdo: Hairdo
    garment: Garment
    backdrop: tuple[Colour, Colour]
    glasses: Colour | None
    gaze: tuple[float, float]


def scene_for(identity: Identity, age: float, shot: int) -> Scene:
    """Return the scene of one photo. It depends only on the three arguments."""
    rng = np.random.default_rng([_SHOT, identity.seed, identity.subject, round(age * 1000), shot])
    camera = _camera(rng)
    return Scene(
        seed=int(rng.integers(2**31)),
        expression=_expression(rng, age),
        light=_light(rng),
        camera=camera,
        hairdo=_haircut(identity, age),
        garment=_garment(rng, identity, age),
        backdrop=_backdrop(rng),
        glasses=_glasses(rng, identity, age),
        gaze=(-0.75 * camera.yaw + rng.normal(0, 0.04), -0.7 * camera.pitch + rng.normal(0, 0.03)),
    )


def _camera(rng: Generator) -> Camera:
    yaw, pitch, roll = (math.radians(float(x)) for x in rng.normal(0, (11, 6, 3)))
    limit = math.radians(24)
    return Camera(
        yaw=float(np.clip(yaw, -limit, limit)),
        pitch=float(np.clip(pitch, -limit / 2, limit / 2)),
        roll=roll,
        distance=float(rng.uniform(4.0, 8.0)),
        field=float(rng.uniform(1.48, 1.78)),
        centre=(float(rng.normal(0.5, 0.012)), float(rng.normal(0.485, 0.012))),
        gain=float(np.exp(rng.normal(0.12, 0.10))),
        contrast=float(rng.uniform(0.92, 1.15)),
        noise=float(rng.uniform(0.8, 3.0)),
        blur=float(rng.uniform(0.25, 0.65)),
    )


def _warmth(kelvins: float) -> NDArray[np.float64]:
    """Return the colour of light of a temperature, relative to daylight and half balanced out."""
    away = math.log(kelvins / 5600) * 0.5
    return np.array([math.exp(-0.45 * away), 1.0, math.exp(0.65 * away)])


def _light(rng: Generator) -> Light:
    turn = math.radians(float(rng.normal(0, 38)))
    rise = math.radians(float(rng.uniform(12, 52)))
    share = float(rng.uniform(0.45, 0.85))
    key = 1.05 * share * _warmth(float(rng.uniform(3600, 6200)))
    sky = 0.98 * (1 - share) * _warmth(float(rng.uniform(5000, 8500)))
    ground = sky * float(rng.uniform(0.45, 0.75)) * np.array([1.05, 1.0, 0.94])
    return Light(
        direction=(
            math.sin(turn) * math.cos(rise),
            math.sin(rise),
            math.cos(turn) * math.cos(rise),
        ),
        key=_colour(key),
        sky=_colour(sky),
        ground=_colour(ground),
        softness=float(rng.uniform(0.05, 0.30)),
    )


def _expression(rng: Generator, age: float) -> Mapping[str, float]:
    lids = float(np.clip(rng.normal(0.07, 0.035), 0.0, 0.18))
    weights = {"eyeBlinkLeft": lids, "eyeBlinkRight": lids}
    smile = float(np.clip(rng.normal(0.22 if age < 12 else 0.18, 0.26), 0, 0.75))
    for side in ("Left", "Right"):
        weights[f"mouthSmile{side}"] = smile * float(rng.uniform(0.9, 1.1))
        weights[f"eyeSquint{side}"] = 0.30 * smile
        weights[f"cheekSquint{side}"] = 0.40 * smile
        weights[f"browDown{side}"] = float(np.clip(rng.normal(0, 0.05), 0, 0.15))
    weights["browInnerUp"] = float(np.clip(rng.normal(0.02, 0.12), 0, 0.4))
    if rng.random() < 0.25 and smile > 0.25:
        weights["jawOpen"] = float(rng.uniform(0.03, 0.12))
        weights["mouthUpperUpLeft"] = weights["mouthUpperUpRight"] = 0.25 * smile
    elif rng.random() < 0.15:
        weights["mouthFrownLeft"] = weights["mouthFrownRight"] = float(rng.uniform(0.1, 0.35))
    elif rng.random() < 0.15:
        weights["mouthPucker"] = float(rng.uniform(0.05, 0.2))
    return weights


def _haircut(identity: Identity, age: float) -> Hairdo:
    """Return the hairdo at an age. Hair is cut anew every two years."""
    rng = np.random.default_rng([_HAIRCUT, identity.seed, identity.subject, int(age // 2)])
    curl = identity.hair_curl
    length_taste, volume_taste = identity.genes("style")
    draw = float(rng.random())
    if identity.male:
        length, bun = (0.75, False) if draw > 0.93 and age > 8 else (0.0, False)
        volume = float(rng.choice([0.045, 0.10, 0.15], p=[0.3, 0.45, 0.25]))
    else:
        long = 0.6 * length_taste + rng.normal(0, 0.8)
        bun = bool(-0.9 < long < -0.1)
        length = 0.0 if long < -0.1 else float(np.clip(0.75 + 0.7 * long, 0.75, 1.9))
        volume = 0.07 if bun else float(rng.uniform(0.10, 0.17))
    if curl > 0.7 and not bun:
        volume = volume * 1.5 + 0.10 * float(rng.random() < 0.4) * (1 + 0.4 * float(volume_taste))
        length *= 0.7
    fringe = float(rng.uniform(0.18, 0.36)) if rng.random() < 0.3 and curl < 0.7 else 0.0
    if age < 5:
        volume, length = volume * 0.8, min(length, 0.9)
    return Hairdo(
        volume=float(np.clip(volume, 0.03, 0.42)),
        length=length,
        fringe=0.0 if bun else fringe,
        bun=bun,
        curl=curl,
        parting=float(rng.uniform(-1, 1)),
        seed=int(rng.integers(2**31)),
    )


def _cloth_colour(rng: Generator) -> NDArray[np.float64]:
    hue, grey, bright = rng.uniform(0, 1), rng.uniform(0.35, 1.0), rng.uniform(0.03, 0.5)
    wheel = 0.5 + 0.5 * np.cos(2 * math.pi * (hue + np.array([0, 1 / 3, 2 / 3])))
    return np.asarray(bright * (grey + (1 - grey) * wheel * 1.6))


def _garment(rng: Generator, identity: Identity, age: float) -> Garment:
    colour = _cloth_colour(rng)
    second = colour * 0.8 if rng.random() < 0.6 else _cloth_colour(rng)
    grown = float(np.interp(age, [2, 6, 12, 17, 20], [0.60, 0.68, 0.78, 0.93, 0.98]))
    grown *= 1.04 if identity.male else 0.93
    heavy = float(drift(identity.genes("build")[1:], age))
    return Garment(
        colour=_colour(colour),
        second=_colour(second),
        collar=float(rng.choice([0.02, 0.06, 0.16], p=[0.5, 0.35, 0.15])),
        stripes=float(rng.choice([0.0, 3.0, 5.0], p=[0.7, 0.15, 0.15])),
        shoulders=grown * (1 + 0.03 * heavy),
    )


def _backdrop(rng: Generator) -> tuple[Colour, Colour]:
    base = rng.uniform(0.06, 0.62) * np.exp(rng.normal(0, 0.07, 3))
    other = base * np.exp(rng.normal(0, 0.35)) * np.exp(rng.normal(0, 0.05, 3))
    return _colour(base), _colour(other)


def _glasses(rng: Generator, identity: Identity, age: float) -> Colour | None:
    chance = 0.04 + 0.10 * (identity.genes("style")[1] > 0.8) + 0.004 * min(age, 25)
    drawn, shade = rng.random(), rng.uniform(0.01, 0.12)
    tint = np.exp(rng.normal(0, 0.3, 3))
    return _colour(shade * tint) if drawn < chance else None


def _colour(values: NDArray[np.floating]) -> Colour:
    red, green, blue = (float(v) for v in values)
    return red, green, blue
