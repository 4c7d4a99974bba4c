"""`matcher gallery`: look at a gallery, look after it, and correct its records."""

from matcher.cli.gallery import correcting, looking, upkeep

__all__ = ["correcting", "looking", "upkeep"]
