"""The project's own network: an expert for clear and one for degraded photos, one vector."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from matcher.embedding.networks.dlib_network import DIMENSION, DlibResnet
from matcher.embedding.networks.float32_layers import in_float32
from matcher.embedding.networks.sface_network import FEATURES, MobileNet

RESNET_SIDE: Final = 150
"""Side in pixels of the crops for `DlibResnet`."""

# Cosines of the two experts' vectors between which a photo passes from degraded to clear. They were
# chosen on FG-NET, see docs/design/youth-resnet-trials.md.
WORN_AT, CLEAR_AT = 0.80, 0.87

# Degree of degradation from which on the vector of the degraded expert is used alone.
WHOLLY_WORN = 4.0

# Degree at which both experts' vectors of a probe count alike. Above it, a probe is compared with
# low-resolution vectors, where a gallery has them. Chosen on FG-NET, see
# docs/design/youth-resnet-trials.md.
HALF_WORN = WHOLLY_WORN / 2

DEGRADATION_SIGNS = 2 * DIMENSION + 1
"""Number of signs of degradation, see `degradation_signs`."""


class WhitenedNetwork(nn.Module):
    """A network, followed by a linear map that does partial whitening.

    Vectors of young faces crowd on one side of the sphere. The map `spread` moves the centre of the
    faces of all ages to the origin, and evens out the directions in which they differ.

    The input is the same as for `DlibResnet`.

    Parameters
    ----------
    body
        Returns `width` numbers for a crop. Their length as a vector does not count.
    """

    def __init__(self, body: nn.Module, width: int) -> None:
        super().__init__()
        self.body = body
        self.spread = nn.Linear(width, DIMENSION)

    def forward(self, crops: Tensor) -> Tensor:
        """Return unit vectors, (n, 128), for (n, 3, 150, 150)."""
        features = functional.normalize(self.body(crops).float(), dim=1)
        vectors = in_float32(self.spread, features)
        return functional.normalize(vectors, dim=1)


def whitened_resnet() -> WhitenedNetwork:
    """Return dlib's network followed by a whitening map."""
    return WhitenedNetwork(DlibResnet(), DIMENSION)


def whitened_mobile(corner: tuple[int, int] = (0, 0)) -> WhitenedNetwork:
    """Return SFace's network followed by a whitening map; `corner` as for `MobileNet`."""
    return WhitenedNetwork(MobileNet(corner), FEATURES)


class Expert(nn.Module):
    """Two networks that see the same crop, and a fusion layer that makes one vector of both.

    The networks were trained on different people by different means, and they err on different
    faces. The fusion layer is `joint`.

    The input is normalised as for `DlibResnet`.

    Parameters
    ----------
    corner
        Position (x, y) in the crop, in pixels, of the corner of the crop for `DlibResnet`.
    """

    def __init__(self, corner: tuple[int, int] = (0, 0)) -> None:
        super().__init__()
        self._corner = corner
        self.resnet = whitened_resnet()
        self.mobile = whitened_mobile(corner)
        self.joint = nn.Linear(2 * DIMENSION, DIMENSION, bias=False)

    def forward(self, crops: Tensor) -> Tensor:
        """Return unit vectors, (n, 128), for (n, 3, size, size)."""
        left, top = self._corner
        inner = crops[:, :, top : top + RESNET_SIDE, left : left + RESNET_SIDE]
        outputs = torch.cat((self.resnet(inner), self.mobile(crops)), dim=1)
        return functional.normalize(in_float32(self.joint, outputs), dim=1)


def degradation_signs(clear: Tensor, worn: Tensor) -> Tensor:
    """Return signs of degradation, (n, 257): both unit vectors, (n, 128), and their cosine."""
    return torch.cat((clear, worn, (clear * worn).sum(dim=1, keepdim=True)), dim=1)


class YouthResnet(nn.Module):
    """Maps a face crop to a vector, a vector for degraded faces, and a degree of degradation.

    Both vectors have 128 numbers.

    `clear` is the expert with the published weights. `worn` is the expert for degraded photos. It
    was trained to return for a degraded photo what `clear` returns for the same photo undegraded,
    so that both experts share one vector space. On a clear photo the experts agree, and the vector
    of `clear` counts. The less they agree, the more the vector of `worn` counts. Their MobileNets
    share one last layer, two thirds of the weights of each. That layer was not trained.

    `wear` decides which of the two vectors a search uses. It is a linear boundary between degraded
    and undegraded photos in the space of both experts' vectors.

    The input is normalised as for `DlibResnet`; `corner` as for `Expert`.
    """

    def __init__(self, corner: tuple[int, int] = (0, 0)) -> None:
        super().__init__()
        self.clear = Expert(corner)
        self.worn = Expert(corner)
        self.worn.mobile.body.last = self.clear.mobile.body.last
        self.wear = nn.Linear(DEGRADATION_SIGNS, 1)

    def forward(self, crops: Tensor) -> Tensor:
        """Return (n, 257) for (n, 3, size, size): the vector, that of `worn`, and the degree."""
        clear, worn = self.clear(crops), self.worn(crops)
        signs = degradation_signs(clear, worn)
        agreement = signs[:, -1:]
        share = ((agreement - WORN_AT) / (CLEAR_AT - WORN_AT)).clamp(0.0, 1.0)
        vectors = share * clear + (1.0 - share) * worn
        return torch.cat((vectors, worn, in_float32(self.wear, signs)), dim=1)


class YouthDlib(nn.Module):
    """Two experts like those of `YouthResnet`, but of dlib's network alone.

    The input is the same as for `DlibResnet`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.clear = whitened_resnet()
        self.worn = whitened_resnet()
        self.wear = nn.Linear(DEGRADATION_SIGNS, 1)


class GradedProbe(nn.Module):
    """Two experts that embed a probe, and weigh its two vectors by how degraded it is.

    A gallery keeps the vector of `clear`. A degraded probe gets a mean of both experts' vectors.
    The more degraded it is, the more the vector of `worn` counts.

    The input is the same as for the experts.
    """

    def __init__(self, experts: YouthResnet | YouthDlib) -> None:
        super().__init__()
        self.clear, self.worn, self.wear = experts.clear, experts.worn, experts.wear

    def forward(self, crops: Tensor) -> Tensor:
        """Return (n, 257) for (n, 3, size, size), see `matcher.embedding.networks.Networks`."""
        clear, worn = self.clear(crops), self.worn(crops)
        degree = in_float32(self.wear, degradation_signs(clear, worn))
        share = (degree / WHOLLY_WORN).clamp(0.0, 1.0)
        return torch.cat((clear, (1.0 - share) * clear + share * worn, degree), dim=1)


class BlendedVector(nn.Module):
    """A `YouthResnet` that returns its first vector only, for a gallery."""

    def __init__(self, youth: YouthResnet) -> None:
        super().__init__()
        self.youth = youth

    def forward(self, crops: Tensor) -> Tensor:
        """Return (n, 128) for (n, 3, size, size). The length of a vector does not count."""
        vectors: Tensor = self.youth(crops)[:, :DIMENSION]
        return vectors
