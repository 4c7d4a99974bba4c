"""Correct the records of a gallery, keep each correction with its date, and take it back."""

from matcher.gallery.corrections.undoing import CorrectableGallery

__all__ = ["CorrectableGallery"]
