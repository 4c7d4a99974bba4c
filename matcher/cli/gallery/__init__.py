"""`matcher gallery`: look at a gallery, look after it, and correct its records."""

from matcher.cli.gallery import (  # noqa: F401 - these add the commands
    correcting,
    hiding,
    looking,
    making,
    sealing,
    upkeep,
)
from matcher.cli.gallery.group import gallery

__all__ = ["gallery"]
