"""Short codes of vectors, and a first pass over them that proposes candidates.

A code has four bits for each two numbers of a vector (product quantisation: Jégou, Douze and
Schmid, "Product quantization for nearest neighbor search", IEEE TPAMI 33, 2011). FAISS compares a
query with all codes in registers of the processor (André, Kermarrec and Le Scouarnec, "Cache
locality is not enough: high-performance nearest neighbor search with product quantization fast
scan", VLDB 2015).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matcher.gallery.index.paged_scan import faiss

BITS: Final = 4
LEAST: Final = 1_000
"""Fewer vectors than this are no sample to learn from; FAISS advises 39 for each of 16 centres."""

MOST_TRAINING: Final = 65_536
"""Largest number of vectors to learn from. More changed nothing that we measured."""

_BLOCK: Final = 32
"""Codes that FAISS compares at once."""


class Coder:
    """Turns vectors into codes.

    Parameters
    ----------
    centres
        float32 array of shape (parts, 16, d / parts): for each part of a vector, what its 16 codes
        stand for.
    """

    def __init__(self, centres: NDArray[np.float32]) -> None:
        self.centres = np.ascontiguousarray(centres, dtype=np.float32)
        parts, _, width = centres.shape
        self._quantizer = faiss().ProductQuantizer(parts * width, parts, BITS)
        faiss().copy_array_to_vector(self.centres.ravel(), self._quantizer.centroids)

    @classmethod
    def learnt(cls, sample: NDArray[np.float32]) -> Coder:
        """Learn the centres from vectors, float32 of shape (n, d), n >= `LEAST`."""
        parts = parts_for(sample.shape[1])
        quantizer = faiss().ProductQuantizer(sample.shape[1], parts, BITS)
        quantizer.train(np.ascontiguousarray(sample))
        centres = faiss().vector_to_array(quantizer.centroids).reshape(parts, 1 << BITS, -1)
        return cls(centres)

    def codes(self, vectors: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Return the code of each vector, uint8 of shape (n, `code_bytes`)."""
        codes: NDArray[np.uint8] = self._quantizer.compute_codes(np.ascontiguousarray(vectors))
        return codes

    def first_pass(self, codes: NDArray[np.uint8]) -> Any:
        """Return FAISS's index over codes; its rows are those of `codes`."""
        parts, _, width = self.centres.shape
        plain = faiss().IndexPQ(parts * width, parts, BITS, faiss().METRIC_INNER_PRODUCT)
        faiss().copy_array_to_vector(self.centres.ravel(), plain.pq.centroids)
        plain.is_trained = True
        faiss().copy_array_to_vector(np.ascontiguousarray(codes).ravel(), plain.codes)
        plain.ntotal = len(codes)
        return faiss().IndexPQFastScan(plain, _BLOCK)


def parts_for(dimension: int) -> int:
    """Return the number of parts of a vector: of two numbers each, or of one."""
    return dimension // 2 if dimension % 2 == 0 else dimension


def code_bytes(dimension: int) -> int:
    """Return the length of a code in bytes."""
    return (parts_for(dimension) * BITS + 7) // 8
