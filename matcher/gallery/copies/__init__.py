"""Copies of whole galleries."""

from matcher.gallery.copies.encrypting import encrypt_copy

__all__ = ["encrypt_copy"]
