"""Errors of casework; they belong to the tree of `matcher.errors`."""

from __future__ import annotations

from matcher.errors import GalleryError, MatcherError


class ReviewError(GalleryError):
    """A person may not give this opinion on a lead now, or not withdraw it."""

    code = "review"


class UnknownLeadError(GalleryError, KeyError):
    """The log of the gallery has no lead with this identifier."""

    code = "unknown_lead"
    __str__ = MatcherError.__str__
