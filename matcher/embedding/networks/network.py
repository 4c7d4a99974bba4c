"""What a network is to the rest of the library."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Network = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Maps normalised pixels, float32 (n, size, size, 3), to raw vectors, float32 (n, d).

That of a model with a distant look returns (n, 2 d + 1): the vector, what it makes of the face if
that is worn, and how worn the face seems to it, positive where it is.
"""
