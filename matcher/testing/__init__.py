"""Test helpers for backends and users: fakes that need no weights, and conformance kits."""

from matcher.testing.fake import (
    FakeDetector,
    FakeEmbedder,
    clustered_unit_vectors,
    random_unit_vectors,
)

__all__ = ["FakeDetector", "FakeEmbedder", "clustered_unit_vectors", "random_unit_vectors"]
