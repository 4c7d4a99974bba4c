"""Which photos get a picture, so that a page of many leads can still be opened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matcher.search.candidates import CandidateList

MOST_OF_A_CANDIDATE = 8
"""Photos of one candidate that are shown with a picture, the closest first."""

MOST_ON_A_PAGE = 1000
"""Photos that a page shows with a picture. One takes 40 to 60 kB, so that a page stays below
60 MB."""


@dataclass(frozen=True)
class Room:
    """The pictures that a page has room for.

    Parameters
    ----------
    probes
        The first so many probes have a picture.
    photos
        By number of the list and rank of the candidate: the first so many photos have a picture.
    left_out
        Number of photos without a picture only because the page has no room.
    """

    probes: int
    photos: Mapping[tuple[int, int], int]
    left_out: int

    @property
    def total(self) -> int:
        """Number of photos with a picture."""
        return self.probes + sum(self.photos.values())


def room_for(results: Sequence[CandidateList]) -> Room:
    """Share the page out: probes first, then everybody's closest photo, the first ranks first."""
    probes = min(len(results), MOST_ON_A_PAGE)
    wanted = sorted(
        (position, candidate.rank, number)
        for number, result in enumerate(results)
        for candidate in result
        for position in range(min(len(candidate.photos), MOST_OF_A_CANDIDATE))
    )
    kept = wanted[: MOST_ON_A_PAGE - probes]
    left_out = len(results) - probes + len(wanted) - len(kept)
    return Room(probes, Counter((number, rank) for _, rank, number in kept), left_out)
