"""`matcher group`, `matcher groups`: faces of a folder in groups, and corrections of these."""

from matcher.cli.grouping import correcting  # noqa: F401 - it adds the commands
from matcher.cli.grouping.folder import group
from matcher.cli.grouping.reporting import groups

__all__ = ["group", "groups"]
