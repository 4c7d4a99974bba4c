"""`matcher compare`, `matcher search`, `matcher cross`: one face, or many, against others."""

from matcher.cli.comparing.probes import search
from matcher.cli.comparing.two_galleries import cross
from matcher.cli.comparing.two_photos import compare

__all__ = ["compare", "cross", "search"]
