"""Light on surfaces: the colour of every visible fragment in linear RGB."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.synthetic.person import Identity
from matcher.synthetic.rendering.assembly import Material, Mesh
from matcher.synthetic.rendering.cast_shadows import visibility
from matcher.synthetic.rendering.scene import Scene
from matcher.synthetic.rendering.skin import SkinPoints, hair_albedo, iris_albedo, skin_albedo
from matcher.synthetic.rendering.vectors import blend, dot, rotate, unit
from matcher.synthetic.shape import grain, load_pack, smoothstep
from matcher.synthetic.shape.noise import noise

Float = NDArray[np.float32]
_SCATTER = np.array([0.34, 0.20, 0.14], np.float32)
"""Distance over which light of each colour bleeds around an edge of skin; red goes farthest."""


@dataclass(frozen=True, eq=False)
class Points:
    """The surface at the covered pixels, one row for each pixel, in the head's frame."""

    triangle: NDArray[np.int64]
    weights: Float
    corner: NDArray[np.int64]
    position: Float
    normal: Float
    light: Float

    def take(self, rows: NDArray[np.int64]) -> Points:
        """Return the given rows."""
        return Points(
            self.triangle[rows],
            self.weights[rows],
            self.corner[rows],
            self.position[rows],
            self.normal[rows],
            self.light[rows],
        )

    def of(self, values: Float) -> Float:
        """Interpolate values of the mesh's vertices."""
        return blend(values, self.corner, self.weights)


def shade(
    mesh: Mesh,
    triangle: NDArray[np.int64],
    weights: Float,
    identity: Identity,
    age: float,
    scene: Scene,
    view: Float,
) -> Float:
    """Return float32 (n, 3) linear RGB of n fragments.

    Parameters
    ----------
    triangle, weights
        Triangle and barycentric weights of each fragment.
    view
        (3, 3) rotation from the head's frame to the camera's.
    """
    lamp = rotate(np.array(scene.light.direction), view.T)
    eye = view[2]
    corner = mesh.faces[triangle]
    every = Points(triangle, weights, corner, weights, weights, weights)
    normal = unit(every.of(mesh.normals))
    facing = dot(normal, eye)
    normal = np.where((facing < 0)[:, None], -normal, normal).astype(np.float32)
    lit = every.of(visibility(mesh, lamp, scene.light.softness))
    every = Points(triangle, weights, corner, every.of(mesh.vertices), normal, lit)
    colour = np.zeros((len(triangle), 3), np.float32)
    material = mesh.material[triangle]
    surface = _Surface(mesh, identity, age, scene, lamp, eye, view)
    for kind, paint in surface.painters().items():
        rows = np.flatnonzero(material == kind)
        if rows.size:
            colour[rows] = paint(every.take(rows))
    return colour


@dataclass(frozen=True, eq=False)
class _Surface:
    mesh: Mesh
    identity: Identity
    age: float
    scene: Scene
    lamp: Float
    eye: Float
    view: Float

    def painters(self) -> dict[Material, Callable[[Points], Float]]:
        return {
            Material.SKIN: self.skin,
            Material.LEFT_EYE: lambda p: self.eyeball(p, self.mesh.head.left_eye),
            Material.RIGHT_EYE: lambda p: self.eyeball(p, self.mesh.head.right_eye),
            Material.LASHES: self.lashes,
            Material.TEETH: self.teeth,
            Material.HAIR: self.hair,
            Material.CLOTH: self.cloth,
            Material.FRAME: self.frame,
        }

    def diffuse(self, p: Points, open_sky: Float, wrap: Float) -> Float:
        """Return the light of lamp, sky and ground on a matt white surface, (n, 3)."""
        light = self.scene.light
        cosine = dot(p.normal, self.lamp)[:, None]
        direct = np.clip((cosine + wrap) / (1 + wrap), 0, 1) * p.light[:, None]
        up = dot(p.normal, self.view[1])[:, None]
        front = dot(p.normal, self.eye)[:, None]
        high = np.clip(0.5 + 0.35 * up + 0.15 * front, 0, 1)
        around = high * np.array(light.sky) + (1 - high) * np.array(light.ground)
        return np.asarray(direct * np.array(light.key) + around * open_sky[:, None], np.float32)

    def gloss(self, p: Points, exponent: float) -> Float:
        """Return the Blinn highlight of the lamp with Fresnel's rise towards the rim, (n, 1)."""
        half = unit(self.lamp + self.eye)
        lobe = np.clip(dot(p.normal, half), 0, 1) ** exponent
        rim = (1 - np.clip(dot(p.normal, self.eye), 0, 1)) ** 5
        return np.asarray((lobe * p.light * (1 + 4 * rim))[:, None], np.float32)

    def skin(self, p: Points) -> Float:
        pack = load_pack()
        masks = {name: p.of(_padded(mask, self.mesh)) for name, mask in pack.masks.items()}
        points = SkinPoints(
            rest=p.of(self.mesh.texture), openness=p.of(_padded(pack.openness, self.mesh)), **masks
        )
        albedo = skin_albedo(points, self.identity, self.age, self.scene.hairdo)
        hollow = 0.25 + 0.75 * points.openness**1.1
        light = self.diffuse(p, hollow.astype(np.float32), _SCATTER)
        bounce = np.exp((1 - hollow)[:, None] * np.array([0.10, -0.10, -0.14], np.float32))
        pores = 0.75 + 0.5 * grain(points.rest, 55, 9)
        oily = pores * (0.7 + 0.6 * smoothstep(0.35, 0.0, np.abs(points.rest[:, 0])))
        shine = 0.050 * self.gloss(p, 14) + 0.030 * self.gloss(p, 50)
        wet = 0.10 * smoothstep(0.4, 0.8, points.lips)[:, None] * self.gloss(p, 45)
        glare = (shine * oily[:, None] + wet) * np.array(self.scene.light.key) * hollow[:, None]
        return np.asarray(albedo * light * bounce + glare, np.float32)

    def eyeball(self, p: Points, centre: NDArray[np.float64]) -> Float:
        toward = unit(p.position - centre.astype(np.float32))
        albedo = iris_albedo(toward, self.identity, self.scene.gaze)
        under_lid = 1 - 0.62 * smoothstep(0.02, 0.46, toward[:, 1])
        corner = 1 - 0.45 * smoothstep(0.35, 0.85, np.abs(toward[:, 0]))
        shadow = (under_lid * corner).astype(np.float32)
        light = self.diffuse(p, shadow, np.float32(0.4) * np.ones(3, np.float32))
        spot = unit(self.lamp + 0.25 * self.view[1] + 1.1 * self.eye)
        glint = smoothstep(0.976, 0.990, dot(toward, spot))[:, None]
        return np.asarray(
            albedo * light * (0.35 + 0.65 * shadow[:, None]) + 0.75 * glint, np.float32
        )

    def lashes(self, p: Points) -> Float:
        dark = 0.25 * hair_albedo(self.identity, self.age) + 0.006
        return np.tile(np.asarray(dark, np.float32), (len(p.triangle), 1))

    def teeth(self, p: Points) -> Float:
        ivory = np.array([0.50, 0.46, 0.39], np.float32)
        light = self.diffuse(p, np.full(len(p.triangle), 0.30, np.float32), _SCATTER)
        return np.asarray(0.6 * ivory * light, np.float32)

    def hair(self, p: Points) -> Float:
        mesh, curl = self.mesh, self.scene.hairdo.curl
        strand, level = p.of(mesh.texture), p.of(mesh.level)
        fine = noise(strand * _strand_scale(curl), 42.0, 31) + 0.5 * noise(
            strand * _strand_scale(curl), 15.0, 32
        )
        albedo = hair_albedo(self.identity, self.age) * (0.45 + 0.75 * fine)[:, None]
        down = p.position - np.array([0.0, 0.40, -0.36], np.float32) * mesh.head.height
        tangent = unit(down - dot(down, p.normal)[:, None] * p.normal)
        across = np.sqrt(np.clip(1 - dot(tangent, self.lamp) ** 2, 0, 1))
        half = unit(self.lamp + self.eye)
        tilted = tangent + (0.35 * (fine - 0.75))[:, None] * p.normal
        line = np.sqrt(np.clip(1 - dot(tilted, half) ** 2, 0, 1))
        depth = (0.30 + 0.70 * level).astype(np.float32)
        light = (
            self.diffuse(p, depth, np.full(3, 0.25, np.float32)) * (0.45 + 0.55 * across)[:, None]
        )
        sleek = (1 - 0.75 * curl) * p.light * depth
        shine = (0.035 * line**70)[:, None] + albedo * (0.55 * line**18)[:, None]
        return np.asarray(
            albedo * light * depth[:, None]
            + shine * sleek[:, None] * np.array(self.scene.light.key),
            np.float32,
        )

    def cloth(self, p: Points) -> Float:
        garment = self.scene.garment
        along = p.of(self.mesh.texture)[:, 0]
        weave = 0.90 + 0.20 * noise(p.position, 30, 5)
        band = smoothstep(0.26, 0.24, along)
        if garment.stripes:
            bars = np.sin(p.position[:, 1] * garment.stripes * 2 * np.pi)
            band = np.maximum(band, smoothstep(-0.1, 0.1, bars))
        colour = (
            np.array(garment.colour) * (1 - band)[:, None]
            + np.array(garment.second) * band[:, None]
        )
        folds = noise(
            p.position * np.array([1.0, 0.5, 1.0], np.float32), 2.2, self.scene.seed % 997
        )
        shade = (0.55 + 0.45 * smoothstep(0.15, 0.5, along)) * (0.80 + 0.4 * folds)
        light = self.diffuse(p, shade.astype(np.float32), np.full(3, 0.15, np.float32))
        return np.asarray(colour * light * weave[:, None], np.float32)

    def frame(self, p: Points) -> Float:
        light = self.diffuse(p, np.ones(len(p.triangle), np.float32), np.full(3, 0.1, np.float32))
        return np.asarray(
            np.array(self.scene.glasses) * light + 0.04 * self.gloss(p, 30), np.float32
        )


def opaque(
    mesh: Mesh, triangle: NDArray[np.int64], weights: Float, curl: float
) -> NDArray[np.bool_]:
    """Return which fragments of hair and lashes are opaque; others lie between the strands."""
    keep = np.ones(len(triangle), bool)
    material = mesh.material[triangle]
    rows = np.flatnonzero(material == Material.HAIR)
    corner, hair_weights = mesh.faces[triangle[rows]], weights[rows]
    strand = blend(mesh.texture, corner, hair_weights)
    cover, level = blend(mesh.cover, corner, hair_weights), blend(mesh.level, corner, hair_weights)
    density = noise(strand * _strand_scale(curl), 55.0, 33)
    keep[rows] = density < np.clip(cover, 0, 1) ** 0.6 * (1.45 - 0.62 * level)
    lash = np.flatnonzero(material == Material.LASHES)
    spot = blend(mesh.texture, mesh.faces[triangle[lash]], weights[lash])
    keep[lash] = grain(spot, 400, 6) < 0.6
    return keep


def _padded(values: Float, mesh: Mesh) -> Float:
    """Extend values of the pack's vertices to the whole mesh with zeros."""
    return np.pad(values, (0, len(mesh.vertices) - len(values)))


def _strand_scale(curl: float) -> Float:
    """Return the stretch of the strand texture: streaks in straight hair, curls in coily hair."""
    return np.array([1.0, 1.0, 0.35 + 2.6 * curl**2], np.float32)
