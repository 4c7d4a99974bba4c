"""The project's own network: dlib's, trained further, and a map that spreads faces apart."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from matcher.embedding.dlib_network import DIMENSION, DlibResnet


class YouthResnet(nn.Module):
    """Face crop to a vector of 128 numbers, not of unit length.

    dlib's vectors of young faces crowd on one side of the sphere. `spread` moves the centre of
    young and adult faces to the origin and evens out the directions in which they differ.

    Input is that of `DlibResnet`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.body = DlibResnet()
        self.spread = nn.Linear(DIMENSION, DIMENSION)

    def forward(self, crops: Tensor) -> Tensor:
        """Return (n, 128) for (n, 3, 150, 150)."""
        vectors: Tensor = self.spread(functional.normalize(self.body(crops), dim=1))
        return vectors
