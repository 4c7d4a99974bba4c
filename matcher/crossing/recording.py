"""The records of a comparison in the logs of the governed galleries that take part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from matcher.crossing.leads import CrossLead, CrossList
from matcher.gallery import Gallery
from matcher.governance import Kind


def require_allowed(first: Gallery, second: Gallery, kind: Kind = "cross_match") -> None:
    """Refuse a comparison that a governed gallery does not allow.

    Raises
    ------
    NotAuthorisedError
        The refusal is in the log of that gallery.
    """
    for gallery in _each(first, second):
        activity = gallery.activity
        if activity is not None and not activity.covered:
            activity.require_search(kind)


def record_list(
    kind: Kind, found: CrossList, first: Gallery, second: Gallery, began: datetime
) -> None:
    """Write the record of a comparison to the log of each governed gallery.

    Nothing is written for a gallery of whose use a caller further up writes the record.

    Raises
    ------
    GalleryWriteError, ActivityLogError
        It cannot be written; the list must not be handed out then.
    """
    for gallery in _each(first, second):
        activity = gallery.activity
        if activity is not None and not activity.covered:
            facts = _facts(gallery, first, second, found)
            activity.record(kind, facts, begun=began)


def _each(first: Gallery, second: Gallery) -> tuple[Gallery, ...]:
    return (first,) if first is second else (first, second)


def _facts(gallery: Gallery, first: Gallery, second: Gallery, found: CrossList) -> dict[str, Any]:
    return {
        "within": first is second,
        "side": "first" if gallery is first else "second",
        "galleries": [_id_of(first), _id_of(second)],
        "threshold": found.threshold,
        "searched": {
            name: {"faces": side.faces, "subjects": side.subjects, "new_faces": side.new_faces}
            for name, side in (("first", found.first), ("second", found.second))
        },
        "left_out": found.left_out,
        "hidden": found.hidden_subjects,
        "candidates": list(_candidates(first, second, found.leads)),
    }


def _id_of(gallery: Gallery) -> str | None:
    """Return the random identifier of a governed gallery; None for any other."""
    return None if gallery.activity is None else gallery.activity.log.gallery_id


def _candidates(
    first: Gallery, second: Gallery, leads: Sequence[CrossLead]
) -> Iterator[dict[str, Any]]:
    """Yield the leads with the tokens that each gallery has for its own subjects."""
    firsts = _tokens(first, [lead.first.subject.subject_id for lead in leads])
    seconds = _tokens(second, [lead.second.subject.subject_id for lead in leads])
    for lead in leads:
        yield {
            "rank": lead.rank,
            "first": firsts.get(lead.first.subject.subject_id),
            "second": seconds.get(lead.second.subject.subject_id),
            "score": lead.score,
        }


def _tokens(gallery: Gallery, subject_ids: Sequence[str]) -> dict[str, str]:
    activity = gallery.activity
    return {} if activity is None else activity.subject_tokens(set(subject_ids))
