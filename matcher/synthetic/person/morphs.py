"""The morphs by which faces differ: which ones, how much, and when in life.

Every row of the table is one offset: a pair of opposite morphs that one number drives.

- `spread` is the standard deviation of that number in adults.
- `shared` is the correlation of the offset, with its sign, with the shared factor of its region: a
  broad nose is broad in several ways at once.
- `early` is the spread in a child of three, as a share of the adult spread. Below 1, the difference
  appears with age. Above 1, it fades.
- `lasting` is the share of the variance that stays with a person for life.

The ranges were chosen by eye: wide enough to tell people apart, narrow enough to stay plausible.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Offset:
    """One way in which faces differ."""

    name: str
    low: tuple[str, ...]
    high: tuple[str, ...]
    region: str
    spread: float
    shared: float
    early: float
    lasting: float


_TABLE = """
nose/nose-base down up .30 0 .5 .55
nose/nose-curve concave convex .30 -.4 .5 .45
nose/nose-flaring decr incr .28 .6 .7 .55
nose/nose-greek decr incr .20 0 .3 .45
nose/nose-hump decr incr .26 -.4 .1 .35
nose/nose-nostrils-angle down up .22 0 .8 .55
nose/nose-nostrils-width decr incr .28 .6 .7 .55
nose/nose-point down up .30 0 .6 .45
nose/nose-point-width decr incr .34 .5 .7 .55
nose/nose-scale-depth decr incr .26 .3 .5 .45
nose/nose-scale-horiz decr incr .30 .7 .8 .65
nose/nose-scale-vert decr incr .26 0 .6 .55
nose/nose-septumangle decr incr .20 0 .5 .45
nose/nose-trans down up .18 0 .8 .65
nose/nose-volume decr incr .26 .5 .6 .45
nose/nose-width1 decr incr .30 .5 .8 .55
nose/nose-width2 decr incr .26 .5 .7 .55
nose/nose-width3 decr incr .26 .6 .7 .55
mouth/mouth-cupidsbow decr incr .34 .3 1.0 .55
mouth/mouth-lowerlip-height decr incr .22 .5 .9 .55
mouth/mouth-lowerlip-volume decr incr .22 .5 .9 .55
mouth/mouth-lowerlip-width decr incr .24 .2 .9 .55
mouth/mouth-scale-horiz decr incr .30 .2 .8 .55
mouth/mouth-scale-vert decr incr .22 .5 .9 .55
mouth/mouth-trans down up .20 0 .7 .55
mouth/mouth-upperlip-height decr incr .22 .5 .9 .55
mouth/mouth-upperlip-volume decr incr .22 .5 .9 .55
mouth/mouth-upperlip-width decr incr .24 .2 .9 .55
mouth/mouth-philtrum-volume decr incr .30 0 1.0 .45
mouth/mouth-dimples in out .26 0 1.0 .45
mouth/mouth-angles down up .20 0 .7 .25
chin/chin-bones decr incr .28 .5 .3 .45
chin/chin-cleft decr incr .26 .2 .3 .45
chin/chin-height decr incr .28 .4 .5 .45
chin/chin-jaw-drop decr incr .26 .4 .4 .45
chin/chin-prognathism decr incr .22 .2 .4 .45
chin/chin-prominent decr incr .26 .5 .3 .45
chin/chin-width decr incr .32 .4 .5 .45
forehead/forehead-nubian decr incr .24 .3 1.1 .55
forehead/forehead-scale-vert decr incr .18 .3 1.0 .55
forehead/forehead-temple decr incr .26 .3 .8 .45
forehead/forehead-trans backward forward .22 .3 1.1 .55
eyebrows/eyebrows-angle down up .28 0 .5 .45
eyebrows/eyebrows-trans backward forward .24 0 .3 .45
head/head-fat decr incr .16 .4 1.1 .20
head/head-scale-depth decr incr .20 0 1.0 .65
head/head-scale-horiz decr incr .17 .5 .9 .55
head/head-scale-vert decr incr .14 -.5 .8 .55
head/head-back-scale-depth decr incr .20 0 1.0 .65
cheek/*-cheek-bones decr incr .30 .4 .5 .45
cheek/*-cheek-inner decr incr .28 .2 1.0 .25
cheek/*-cheek-trans down up .26 0 .8 .45
cheek/*-cheek-volume decr incr .30 .4 1.2 .20
eyes/*-eye-bag decr incr .28 0 .5 .35
eyes/*-eye-corner1 down up .30 .3 .9 .65
eyes/*-eye-corner2 down up .32 .3 .9 .65
eyes/*-eye-epicanthus in out .26 .2 1.1 .45
eyes/*-eye-eyefold-angle down up .30 0 .8 .45
eyes/*-eye-eyefold concave convex .28 0 .8 .45
eyes/*-eye-height1 decr incr .19 .5 .9 .55
eyes/*-eye-height2 decr incr .18 .5 .9 .55
eyes/*-eye-height3 decr incr .19 .5 .9 .55
eyes/*-eye-scale decr incr .22 .5 .7 .55
eyes/*-eye-push1 in out .22 0 .8 .55
eyes/*-eye-trans down up .22 0 .7 .65
eyes/*-eye-trans in out .26 0 .9 .65
ears/*-ear-scale decr incr .30 .5 .9 .55
ears/*-ear-wing decr incr .34 .3 1.0 .65
ears/*-ear-lobe decr incr .34 0 .7 .55
ears/*-ear-rot backward forward .24 0 1.0 .65
neck/neck-scale-horiz decr incr .20 .5 .6 .35
neck/neck-scale-depth decr incr .18 .5 .6 .35
"""


def _offset(row: str) -> Offset:
    path, low, high, *numbers = row.split()
    region, stem = path.split("/")
    sides = [stem.replace("*", side) for side in "lr"] if "*" in stem else [stem]
    spread, shared, early, lasting = map(float, numbers)
    return Offset(
        name=f"{stem.replace('*-', '')}-{low}-{high}",
        low=tuple(f"local/{side}-{low}" for side in sides),
        high=tuple(f"local/{side}-{high}" for side in sides),
        region=region,
        spread=spread,
        shared=shared,
        early=early,
        lasting=lasting,
    )


OFFSETS: tuple[Offset, ...] = tuple(_offset(row) for row in _TABLE.strip().splitlines())
REGIONS: tuple[str, ...] = tuple(sorted({offset.region for offset in OFFSETS}))

ASYMMETRIES: tuple[str, ...] = tuple(
    f"asym/asym-{name}"
    for name in (
        *("brown-1", "brown-2", "cheek-1", "cheek-2", "eye-1", "eye-3", "eye-5", "jaw-1"),
        *("jaw-2", "mouth-1", "mouth-2", "nose-1", "nose-2", "nose-4", "temple-1", "top-1"),
    )
)
"""Stems of the one-sided morphs. Each exists with the endings "-l" and "-r"."""
