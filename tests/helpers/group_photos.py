"""Photos of several rendered people, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image


def write(path: Path, pictures: Sequence[Path], scales: Sequence[float] = ()) -> Path:
    """Write the pictures side by side, each scaled by its factor (1 if none is given)."""
    scaled = []
    for picture, scale in zip(pictures, scales or [1.0] * len(pictures), strict=True):
        with Image.open(picture) as image:
            size = round(image.width * scale), round(image.height * scale)
            scaled.append(image.convert("RGB").resize(size))
    width, height = sum(one.width for one in scaled), max(one.height for one in scaled)
    group = Image.new("RGB", (width, height), "grey")
    left = 0
    for one in scaled:
        group.paste(one, (left, 0))
        left += one.width
    group.save(path)
    return path
