"""`matcher log`: the record of every use of a governed gallery."""

from matcher.cli.activity import again, looking, proving  # noqa: F401 - these add the commands
from matcher.cli.activity.group import log

__all__ = ["log"]
