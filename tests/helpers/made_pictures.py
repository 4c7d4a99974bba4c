"""Pictures that are nobody's face."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def pictures(count: int, size: int, seed: int = 0) -> NDArray[np.uint8]:
    """Blurred blobs of colour, some noise: uint8 (count, size, size, 3)."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:size, 0:size] / size
    waves = rng.uniform(2, 12, (count, 6, 2))
    phases = rng.uniform(0, 2 * np.pi, (count, 6))
    colours = rng.uniform(-40, 40, (count, 6, 3))
    angles = (waves[..., 0, None, None] * rows + waves[..., 1, None, None] * columns) + phases[
        ..., None, None
    ]
    field = np.einsum("nkrc,nkd->nrcd", np.sin(angles), colours)
    noisy = 128 + field + rng.normal(0, 8, field.shape)
    return noisy.clip(0, 255).astype(np.uint8)
