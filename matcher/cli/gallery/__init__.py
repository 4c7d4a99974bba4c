"""`matcher gallery`: look at a gallery, look after it, and correct its records."""

from matcher.cli.gallery import correcting, looking, upkeep  # noqa: F401 - these add the commands
from matcher.cli.gallery.group import gallery

__all__ = ["gallery"]
