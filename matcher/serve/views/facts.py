"""Facts: names and values in the order in which a page lists them."""

from __future__ import annotations

Facts = tuple[tuple[str, str], ...]
"""Names and values, in the order in which a page lists them."""
