"""Decode photos in processes that may die. They load no gallery, so that each starts at once."""

from matcher.decoding.pool import Decoders, Decoding

__all__ = ["Decoders", "Decoding"]
