"""Clips of rendered people who move, turn their heads and cross: for `benchmarks/video.py`.

Each clip shows three people for six seconds: two walk past each other, and one comes nearer. Faces
are 28 to 75 pixels wide. Frames have motion blur and noise, and are compressed as H.264. The truth
is known: where each person is at each time. Nobody in a clip exists.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from matcher.synthetic import make_identity, render
from matcher.synthetic.rendering.scene import Scene, scene_for

SECONDS, RATE, POSES_A_SECOND = 6, 25, 2.5
WIDTH, HEIGHT = 960, 540
PATCH = 192
SEED = 20261129

Pixels = NDArray[np.uint8]
Way = tuple[tuple[float, float, float], tuple[float, float, float]]
"""x and y of the middle of a picture and its width, in pixels, at the start and at the end."""


@dataclass(frozen=True, eq=False)
class Actor:
    """One person of a clip.

    Parameters
    ----------
    subject
        Number of the person.
    poses
        Pictures of the person, uint8 (PATCH, PATCH, 3), one after the other in time.
    path
        Where the head is: x, y and width of the picture, in pixels, at the start and at the end.
    """

    subject: int
    poses: tuple[Pixels, ...]
    path: Way

    def at(self, time: float) -> tuple[float, float, float]:
        """Return x and y of the middle, and the width, at a time in seconds."""
        return place_at(self.path, self.subject, time)


def photo_of(subject: int, age: float, shot: int) -> Pixels:
    """Return a photo of a person, as a gallery has it."""
    return render(make_identity(SEED, subject), age, shot)


def paths_of(clip: int) -> tuple[Way, ...]:
    """Return the paths of the three people of a clip."""
    return _paths(np.random.default_rng([SEED, clip]))


def _paths(draw: np.random.Generator) -> tuple[Way, ...]:
    near, far = draw.uniform(150, 210), draw.uniform(95, 150)
    line = draw.uniform(190, 260)
    return (
        ((150, line, near), (760, line + 10, near)),
        ((780, line - 15, far), (170, line - 5, far)),
        ((480 + draw.uniform(-60, 60), 410, 75), (480, 330, 130)),
    )


def place_at(path: Way, subject: int, time: float) -> tuple[float, float, float]:
    """Return x and y of the middle of the picture, and its width, at a time in seconds."""
    share = time / SECONDS
    x, y, width = ((1 - share) * start + share * end for start, end in zip(*path, strict=True))
    return x, y + 6 * math.sin(9 * time + subject), width


def actors_of(clip: int, age: float) -> tuple[Actor, ...]:
    """Return the three people of a clip."""
    draw = np.random.default_rng([SEED, clip])
    return tuple(
        Actor(3 * clip + place, tuple(_poses(3 * clip + place, age, draw)), path)
        for place, path in enumerate(_paths(draw))
    )


def _poses(subject: int, age: float, draw: np.random.Generator) -> Iterator[Pixels]:
    """Render a head that turns to and fro, in one light and one set of clothes."""
    identity = make_identity(SEED, subject)
    scene = scene_for(identity, age, 100)
    phase, wide = draw.uniform(0, 2 * math.pi), draw.uniform(25, 55)
    for pose in range(round(SECONDS * POSES_A_SECOND)):
        angle = 2 * math.pi * pose / (SECONDS * POSES_A_SECOND) + phase
        yaw, pitch = wide * math.sin(angle), 12 * math.sin(2.3 * angle + 1)
        yield render(identity, age, size=PATCH, scene=_turned(scene, yaw, pitch, pose))


def _turned(scene: Scene, yaw: float, pitch: float, pose: int) -> Scene:
    camera = replace(scene.camera, yaw=math.radians(yaw), pitch=math.radians(pitch))
    return replace(scene, camera=camera, seed=scene.seed + pose, gaze=(0.0, 0.0))


def frames_of(actors: tuple[Actor, ...], clip: int) -> Iterator[Pixels]:
    """Draw the frames of a clip; the person with the larger picture is in front."""
    draw = np.random.default_rng([SEED, clip, 1])
    small = draw.integers(40, 200, (9, 16, 3), dtype=np.uint8)
    room = Image.fromarray(small).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    for number in range(SECONDS * RATE):
        time = number / RATE
        canvas = np.asarray(room, np.float32).copy()
        for actor in sorted(actors, key=lambda one: one.at(time)[2]):
            _paste(canvas, actor, time)
        canvas += draw.normal(0, 4, canvas.shape).astype(np.float32)
        yield np.clip(canvas, 0, 255).astype(np.uint8)


def _paste(canvas: NDArray[np.float32], actor: Actor, time: float) -> None:
    """Put a person on the canvas, three times at a third, for the blur of the motion."""
    width = actor.at(time)[2]
    pose = actor.poses[min(len(actor.poses) - 1, int(time * POSES_A_SECOND))]
    side = round(width)
    patch = np.asarray(Image.fromarray(pose).resize((side, side)), np.float32)
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    mask = np.clip((1.0 - np.hypot(x / 0.72, y)) * 6, 0, 1).astype(np.float32)[..., None]
    cover = np.zeros_like(canvas)
    alpha = np.zeros((*canvas.shape[:2], 1), np.float32)
    for moment in (time - 0.012, time, time + 0.012):
        left, top = (round(middle - side / 2) for middle in actor.at(moment)[:2])
        rows, columns = _inside(top, side, HEIGHT), _inside(left, side, WIDTH)
        part = (slice(rows[0] - top, rows[1] - top), slice(columns[0] - left, columns[1] - left))
        there = (slice(*rows), slice(*columns))
        cover[there] += patch[part] * mask[part] / 3
        alpha[there] += mask[part] / 3
    canvas *= 1 - alpha
    canvas += cover


def _inside(start: int, length: int, end: int) -> tuple[int, int]:
    return min(max(start, 0), end), max(min(start + length, end), 0)


def write_clip(path: Path, frames: Iterator[Pixels], *, crf: int) -> None:
    """Write frames as H.264 in MP4; a larger `crf` compresses more."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"crf": str(crf)})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = Fraction(1, RATE)
        for pixels in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels)))
        container.mux(stream.encode())
