"""The project's own network: one expert for clear photos, one for worn photos, one vector."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from matcher.embedding.networks.dlib_network import DIMENSION, DlibResnet
from matcher.embedding.networks.sface_network import FEATURES, MobileNet

# Cosines of the two experts' vectors between which a photo passes from worn to clear. Chosen on
# FG-NET, see docs/youth-resnet.md.
WORN_AT, CLEAR_AT = 0.80, 0.87

DEGRADATION_SIGNS = 2 * DIMENSION + 1
"""How many signs of wear there are, see `degradation_signs`."""


class WhitenedNetwork(nn.Module):
    """A network, and a map that spreads its vectors apart.

    Vectors of young faces crowd on one side of the sphere. `spread` moves the centre of faces of
    all ages to the origin and evens out the directions in which they differ.

    Input is that of `DlibResnet`.

    Parameters
    ----------
    body
        Says so many numbers, `width`, of a crop; their length does not count.
    """

    def __init__(self, body: nn.Module, width: int) -> None:
        super().__init__()
        self.body = body
        self.spread = nn.Linear(width, DIMENSION)

    def forward(self, crops: Tensor) -> Tensor:
        """Return unit vectors, (n, 128), for (n, 3, 150, 150)."""
        vectors = self.spread(functional.normalize(self.body(crops), dim=1))
        return functional.normalize(vectors, dim=1)


def whitened_resnet() -> WhitenedNetwork:
    """Return dlib's network with a map behind it."""
    return WhitenedNetwork(DlibResnet(), DIMENSION)


def whitened_mobile() -> WhitenedNetwork:
    """Return SFace's network with a map behind it."""
    return WhitenedNetwork(MobileNet(), FEATURES)


class Expert(nn.Module):
    """Two networks that look at the same crop, and one vector of what both say.

    They were trained on different people by different means and err on different faces.

    Input is that of `DlibResnet`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.resnet = whitened_resnet()
        self.mobile = whitened_mobile()
        self.joint = nn.Linear(2 * DIMENSION, DIMENSION, bias=False)

    def forward(self, crops: Tensor) -> Tensor:
        """Return unit vectors, (n, 128), for (n, 3, 150, 150)."""
        said = torch.cat((self.resnet(crops), self.mobile(crops)), dim=1)
        return functional.normalize(self.joint(said), dim=1)


def degradation_signs(clear: Tensor, worn: Tensor) -> Tensor:
    """Return what tells wear, (n, 257): both experts' unit vectors, (n, 128), and their cosine."""
    return torch.cat((clear, worn, (clear * worn).sum(dim=1, keepdim=True)), dim=1)


class YouthResnet(nn.Module):
    """Face crop to a vector of 128 numbers, another one for worn faces, and how worn it is.

    `clear` has the weights that were published. `worn` was trained to say of a worn photo what
    `clear` says of the same photo unworn, so that both speak of one space. Where a photo is clear
    they agree, and `clear` is listened to; the less they agree, the more counts `worn`. Their
    MobileNets have one last layer, two thirds of the weights of each, which was not trained.

    Which of the two vectors a face is searched by is for `wear` to say, a line between worn and
    unworn photos in the space of both experts' vectors.

    Input is that of `DlibResnet`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.clear = Expert()
        self.worn = Expert()
        self.worn.mobile.body.last = self.clear.mobile.body.last
        self.wear = nn.Linear(DEGRADATION_SIGNS, 1)

    def forward(self, crops: Tensor) -> Tensor:
        """Return (n, 257) for (n, 3, 150, 150): see `Network` of `crop_embedder`."""
        clear, worn = self.clear(crops), self.worn(crops)
        signs = degradation_signs(clear, worn)
        agreement = signs[:, -1:]
        share = ((agreement - WORN_AT) / (CLEAR_AT - WORN_AT)).clamp(0.0, 1.0)
        vectors = share * clear + (1.0 - share) * worn
        return torch.cat((vectors, worn, self.wear(signs)), dim=1)
