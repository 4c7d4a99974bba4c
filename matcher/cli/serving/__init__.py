"""`matcher serve`: the page to work on, and the accounts of those who work on it."""

from matcher.cli.serving import accounts, running  # noqa: F401 - these add the commands
from matcher.cli.serving.group import serve

__all__ = ["serve"]
