"""Copies of whole galleries."""

from matcher.gallery.copies.encrypting import PROBE, PROBES, encrypt_copy

__all__ = ["PROBE", "PROBES", "encrypt_copy"]
