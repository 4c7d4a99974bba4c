"""A sum for each row of an index file, by which a changed row is noticed.

The sum is that of the row's 64-bit words, each times an odd number of its own, modulo 2**64
(multilinear hashing: Lemire and Kaser, "Strongly universal string hashing is fast", The Computer
Journal 57, 2014). A row with one changed word has another sum; of other changes, about one in 2**63
is missed. It guards against damage, not against somebody who can write the file.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_AT_ONCE: Final = 1 << 14
_FACTORS: Final = np.random.Generator(np.random.PCG64(20_261_130))
_TABLE: Final = _FACTORS.integers(0, 1 << 63, 2_048, dtype=np.uint64) * np.uint64(2) + np.uint64(1)


def row_sums(rows: NDArray[np.float32] | NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return the sum of each row, uint64 of shape (n,); never 0.

    Parameters
    ----------
    rows
        Array of shape (n, m) with contiguous rows of at most 16,384 bytes.
    """
    words = _words(rows)
    factors = np.resize(_TABLE, words.shape[1])
    sums = np.empty(len(words), dtype=np.uint64)
    for start in range(0, len(words), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        sums[some] = np.einsum("nw,w->n", words[some], factors)
    return sums | np.uint64(1)


def _words(rows: NDArray[np.float32] | NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return the rows as 64-bit words, padded with zeros if they do not fill the last one."""
    octets = (
        np.ascontiguousarray(rows).view(np.uint8).reshape(len(rows), rows.itemsize * rows.shape[1])
    )
    missing = -octets.shape[1] % 8
    if missing:
        octets = np.pad(octets, ((0, 0), (0, missing)))
    return octets.view("<u8")
