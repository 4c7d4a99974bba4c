"""The geometry of a rendered person: head, hair, garment."""

from matcher.synthetic.shape.garment import Garment, garment_mesh
from matcher.synthetic.shape.hair import hair_mesh, hairline
from matcher.synthetic.shape.hairdo import Hairdo
from matcher.synthetic.shape.head import Head, head_at
from matcher.synthetic.shape.head_asset import load_pack
from matcher.synthetic.shape.noise import grain, smoothstep

__all__ = [
    "Garment",
    "Hairdo",
    "Head",
    "garment_mesh",
    "grain",
    "hair_mesh",
    "hairline",
    "head_at",
    "load_pack",
    "smoothstep",
]
