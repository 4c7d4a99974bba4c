"""What the watch list of a gallery found: standing probes beside whoever was enrolled."""

from __future__ import annotations

from dataclasses import dataclass

from matcher.errors import GalleryBusyError, MatcherError, WatchListError
from matcher.gallery import Gallery, StoredFace
from matcher.serve.refusals import Refusal
from matcher.serve.showing.sides import Sides
from matcher.serve.views import ArrivalView, Side
from matcher.serve.work import ServedGallery
from matcher.watching import has_watch_list, open_watch_list
from matcher.watching.files import OUTBOX_NAME, alone
from matcher.watching.outbox import Pair, open_outbox
from matcher.watching.running import known_leads
from matcher.words import counted

MOST = 100
"""Arrivals that a page shows, the latest first."""


@dataclass(frozen=True, eq=False)
class Arrival:
    """A lead of the watch list with its two faces."""

    pair: Pair
    probe: StoredFace
    candidate: StoredFace


def arrivals_in(gallery: Gallery) -> tuple[str, list[Arrival]]:
    """Return what the watch list of a gallery has: a sentence, and the latest leads.

    A score is not among it: the leads were found by a rule, and people review them.
    """
    if not has_watch_list(gallery.path):
        return "No watch list.", []
    try:
        with open_watch_list(gallery) as probes, alone(probes.path):
            with open_outbox(probes.path / OUTBOX_NAME) as outbox:
                pairs = list(known_leads(outbox, probes, gallery).leads.values())
            pairs.sort(key=lambda one: one.found_at, reverse=True)
            found = _with_faces(pairs[:MOST], probes, gallery)
            standing = sum(1 for _ in probes.subjects())
    except GalleryBusyError:
        return "The watch list runs just now. Load the page again in a minute.", []
    except WatchListError as error:
        return f"The watch list cannot be read ({error.code}).", []
    waiting = sum(not one.received for one in pairs)
    said = f"{counted(standing, 'standing probe')}, {counted(len(pairs), 'lead')}; "
    more = "" if len(pairs) <= MOST else f" The latest {MOST} are shown."
    return f"{said}{waiting} not received yet.{more}", found


def arrival_view(served: ServedGallery, gallery: Gallery, one: Arrival) -> ArrivalView:
    """Return what pages show of an arrival."""
    key = f"{served.key}-{one.pair.lead_id}"
    sides = Sides(served, gallery)
    return ArrivalView(
        key=key,
        at=one.pair.found_at,
        probe=_side(sides, key, "probe", one.probe),
        candidate=_side(sides, key, "candidate", one.candidate),
        received=one.pair.received,
    )


def face_of(gallery: Gallery, lead_id: str, side: str) -> StoredFace:
    """Return one of the two faces of an arrival.

    Raises
    ------
    Refusal
        There is no such lead, or no such side.
    """
    try:
        _, found = arrivals_in(gallery)
    except MatcherError:
        raise Refusal.missing() from None
    for one in found:
        if one.pair.lead_id == lead_id and side in ("probe", "candidate"):
            return one.probe if side == "probe" else one.candidate
    raise Refusal.missing()


def _with_faces(pairs: list[Pair], probes: Gallery, gallery: Gallery) -> list[Arrival]:
    firsts = probes.faces([one.first for one in pairs])
    seconds = gallery.faces([one.second for one in pairs])
    return [
        Arrival(one, firsts[one.first], seconds[one.second])
        for one in pairs
        if one.first in firsts and one.second in seconds
    ]


def _side(sides: Sides, key: str, name: str, face: StoredFace) -> Side:
    missing = sides.missing(face)
    place = f"/pictures/arrivals/{key}/{name}"
    return Side(
        title=face.subject.subject_id,
        aligned="" if missing else f"{place}-aligned",
        whole="" if missing else f"{place}-whole",
        missing=missing,
        facts=Sides.facts(face),
    )
