"""A cohort of several hundred photos with ages and no identities, made quickly of a few faces."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from matcher.synthetic import CohortSpec, write_cohort

PEOPLE: Mapping[float, int] = {2.0: 90, 8.0: 90, 15.0: 90, 30.0: 260}
"""How many people of each age: hardly more than `matcher adapt` needs for a small model."""


def write(folder: Path, people: Mapping[float, int] = PEOPLE, **columns: str) -> Path:
    """Write the photos, each of a person of its own, and their manifest; return the manifest.

    The photos of an age are variants of two rendered faces: moved and noisy.
    """
    rng = np.random.default_rng(0)
    rendered = folder / "rendered"
    write_cohort(CohortSpec(2, ages=tuple(people), size=96, seed=4), rendered, workers=1)
    with (rendered / "manifest.csv").open(newline="", encoding="utf-8") as file:
        faces = [(float(row["age_at_capture"]), row["photo"]) for row in csv.DictReader(file)]
    manifest = folder / "ages.csv"
    with manifest.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["photo", "subject", "age_at_capture", *columns])
        for age, count in people.items():
            pictures = [np.asarray(Image.open(rendered / name)) for of, name in faces if of == age]
            for number in range(count):
                name = f"p{age:g}-{number}.png"
                picture = pictures[number % 2].astype(np.float64)
                moved = np.roll(picture, rng.integers(-3, 4, 2), axis=(0, 1))
                noisy = rng.uniform(0.7, 1.1) * moved + rng.normal(0, 4, moved.shape)
                Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(folder / name)
                rows.writerow([name, name, age, *columns.values()])
    return manifest
