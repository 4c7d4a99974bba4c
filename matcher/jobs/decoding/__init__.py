"""Photos decoded in processes that may die. Loads no gallery: each process starts in an instant."""

from matcher.jobs.decoding.pool import Decoders, Decoding

__all__ = ["Decoders", "Decoding"]
