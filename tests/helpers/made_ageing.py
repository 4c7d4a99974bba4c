"""People photographed at several ages, added to a cohort of `made_ages` quickly."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

AGES = (2.0, 8.0, 15.0)
PEOPLE = 60


def add(manifest: Path, people: int = PEOPLE, ages: Sequence[float] = AGES) -> None:
    """Add photos to a manifest that `made_ages` wrote.

    All are one rendered face. Each person has shades of its own over it; with age, everybody's face
    turns lighter on one side and darker on the other, and there is a little noise.
    """
    rng = np.random.default_rng(7)
    with manifest.open(newline="", encoding="utf-8") as file:
        first = next(row for row in csv.DictReader(file) if row["age_at_capture"] == "8.0")
    face = np.asarray(Image.open(manifest.parent / first["photo"])).astype(np.float64)
    size = face.shape[0]
    across, down = np.meshgrid(np.linspace(-1, 1, size), np.linspace(-1, 1, size))
    waves = np.stack([np.cos(a * across + b * down) for a in range(1, 5) for b in range(1, 5)])
    with manifest.open("a", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        for number in range(people):
            own = np.tensordot(rng.normal(0, 6, len(waves)), waves, axes=1)
            for age in ages:
                light = 60 * np.log((age + 2) / 8) * across
                shown = face + (own + light)[..., None] + rng.normal(0, 3, face.shape)
                name = f"grown{number}-{age:g}.png"
                picture = np.clip(shown, 0, 255).astype(np.uint8)
                Image.fromarray(picture).save(manifest.parent / name)
                rows.writerow([name, f"grown{number}", age])
