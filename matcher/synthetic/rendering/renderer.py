"""Render a picture from a person, an age and a shot number."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from matcher.errors import InputError
from matcher.synthetic.person import Identity, encoded
from matcher.synthetic.rendering.assembly import Material, Mesh, assemble
from matcher.synthetic.rendering.raster import Fragments, rasterise
from matcher.synthetic.rendering.scene import Camera, Scene, scene_for
from matcher.synthetic.rendering.shading import opaque, shade
from matcher.synthetic.rendering.vectors import dot, rotate
from matcher.synthetic.shape import smoothstep

Float = NDArray[np.float32]
Exposure = Literal["physical", "equalised"]
SUPERSAMPLING = 2
SKIN_GREY = 0.22
"""Mean linear luminance of the visible skin under "equalised" exposure."""
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


def render(
    identity: Identity,
    age: float,
    shot: int = 0,
    *,
    size: int = 256,
    exposure: Exposure = "physical",
    scene: Scene | None = None,
) -> NDArray[np.uint8]:
    """Render one photo.

    Parameters
    ----------
    identity
        The person to show.
    age
        Age in years, from 2 to 60.
    shot
        Number of the photo of this person at this age. Pose, light, clothes and so on follow from
        it.
    size
        Side of the picture in pixels, 64 or more.
    exposure
        "physical": every skin has the same exposure, so dark skin gives dark pixels. "equalised":
        the exposure brings the mean luminance of the skin to the same grey for everybody.
    scene
        Use this scene instead of the one that follows from `shot`.

    Returns
    -------
    ndarray
        uint8 (size, size, 3), sRGB. The same arguments give the same pixels.
    """
    if size < 64:
        raise InputError(
            "size", rule="64 pixels or more", got=size, next_step="Ask for a larger picture."
        )
    scene = scene_for(identity, age, shot) if scene is None else scene
    mesh = assemble(identity, age, scene)
    view = _view(scene.camera)
    side = size * SUPERSAMPLING
    fragments = _draw(mesh, scene, view, side)
    covered = fragments.triangle >= 0
    triangle, weights = fragments.triangle[covered], fragments.weights[covered]
    colour = shade(mesh, triangle, weights, identity, age, scene, view)
    if exposure == "equalised":
        skin = mesh.material[triangle] == Material.SKIN
        colour *= SKIN_GREY / max(float(dot(colour[skin], _LUMA).mean()), 1e-4)
    picture = _backdrop(scene, size).repeat(SUPERSAMPLING, 0).repeat(SUPERSAMPLING, 1)
    picture[covered] = colour
    return _develop(picture, scene, size)


def _view(camera: Camera) -> Float:
    cy, sy = math.cos(camera.yaw), math.sin(camera.yaw)
    cp, sp = math.cos(camera.pitch), math.sin(camera.pitch)
    cr, sr = math.cos(camera.roll), math.sin(camera.roll)
    yaw = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    pitch = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    roll = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return np.asarray(np.einsum("ij,jk,kl->il", roll, pitch, yaw), np.float32)


def _draw(mesh: Mesh, scene: Scene, view: Float, side: int) -> Fragments:
    camera = scene.camera
    turned = rotate(mesh.vertices, view)
    height = mesh.head.height
    distance = camera.distance * height
    scale = side / (camera.field * height) * distance / (distance - turned[:, 2])
    screen = np.stack(
        [
            side * camera.centre[0] + turned[:, 0] * scale,
            side * camera.centre[1] - turned[:, 1] * scale,
            -turned[:, 2],
        ],
        axis=1,
    )
    solid = (mesh.material != Material.HAIR) & (mesh.material != Material.LASHES)
    shown = np.flatnonzero(solid & ~_faces_away(screen, mesh))
    firm = rasterise(screen, mesh.faces[shown], side)
    triangle = np.where(firm.triangle >= 0, shown[firm.triangle], -1)
    airy = np.flatnonzero(~solid & ~_faces_away(screen, mesh))

    def there(row: NDArray[np.int64], weights: Float) -> NDArray[np.bool_]:
        return opaque(mesh, airy[row], weights, scene.hairdo.curl)

    hair = rasterise(screen, mesh.faces[airy], side, alpha_test=there, nearer_than=firm.depth)
    on_top = hair.triangle >= 0
    return Fragments(
        hair.depth,
        np.where(on_top, airy[hair.triangle], triangle),
        np.where(on_top[..., None], hair.weights, firm.weights),
    )


def _faces_away(screen: Float, mesh: Mesh) -> NDArray[np.bool_]:
    """Return which triangles of closed surfaces show their back."""
    closed = np.isin(mesh.material, [Material.SKIN, Material.LEFT_EYE, Material.RIGHT_EYE])
    x, y = screen[mesh.faces, 0], screen[mesh.faces, 1]
    turn = (x[:, 1] - x[:, 0]) * (y[:, 2] - y[:, 0]) - (y[:, 1] - y[:, 0]) * (x[:, 2] - x[:, 0])
    return np.asarray(closed & (turn > 0))


def _backdrop(scene: Scene, side: int) -> Float:
    rng = np.random.default_rng([scene.seed, 1])
    y, x = np.meshgrid(np.linspace(0, 1, side), np.linspace(0, 1, side), indexing="ij")
    high, low = (np.array(colour) for colour in scene.backdrop)
    mix = smoothstep(0.0, 1.0, y + 0.25 * np.sin(3 * x + rng.uniform(0, 6)))
    picture = high * (1 - mix)[..., None] + low * mix[..., None]
    for _ in range(int(rng.integers(0, 6))):
        cx, cy, wide, tall = rng.uniform([0, 0, 0.05, 0.1], [1, 1, 0.35, 0.6])
        soft = rng.uniform(0.02, 0.08)
        inside = smoothstep(wide / 2 + soft, wide / 2 - soft, np.abs(x - cx)) * smoothstep(
            tall / 2 + soft, tall / 2 - soft, np.abs(y - cy)
        )
        picture *= (1 + inside * rng.uniform(-0.4, 0.5))[..., None]
    return picture.astype(np.float32)


def _develop(picture: Float, scene: Scene, size: int) -> NDArray[np.uint8]:
    """Apply lens, sensor and tone curve: linear light in, 8-bit sRGB out."""
    camera = scene.camera
    rng = np.random.default_rng([scene.seed, 2])
    small = _mean_of_blocks(picture)
    small = _soften(small, camera.blur * size / 256) * camera.gain
    grey = encoded(_shoulder(small))
    grey = 0.46 * (grey / 0.46) ** camera.contrast
    noise = rng.standard_normal(grey.shape, dtype=np.float32) * camera.noise / 255
    grey = grey + noise * (0.6 + 0.8 * np.sqrt(np.clip(grey, 0, 1)))
    return np.rint(255 * np.clip(grey, 0, 1)).astype(np.uint8)


def _mean_of_blocks(picture: Float) -> Float:
    """Average squares of SUPERSAMPLING pixels."""
    step = SUPERSAMPLING
    parts = [picture[row::step, column::step] for row in range(step) for column in range(step)]
    return np.asarray(sum(parts) / step**2, np.float32)


def _shoulder(light: Float) -> Float:
    """Compress highlights above 0.7 smoothly towards 1."""
    knee = 0.7
    above = np.clip(light - knee, 0, None)
    rolled = (1 - knee) * (1 - np.exp(-above / (1 - knee)))
    return np.asarray(np.minimum(light, knee) + rolled, np.float32)


def _soften(picture: Float, sigma: float) -> Float:
    """Blur with a five-tap Gaussian along both axes."""
    taps = np.exp(-0.5 * (np.arange(-2, 3) / max(sigma, 0.05)) ** 2).astype(np.float32)
    taps /= taps.sum()
    for axis in (0, 1):
        edge = [(0, 0)] * 3
        edge[axis] = (2, 2)
        padded = np.pad(picture, edge, mode="edge")
        length = picture.shape[axis]
        picture = np.sum(
            [t * np.take(padded, range(k, k + length), axis) for k, t in enumerate(taps)],
            axis=0,
            dtype=np.float32,
        )
    return picture
