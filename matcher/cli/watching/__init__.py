"""`matcher watch`: standing probes that are compared with everybody who is enrolled."""

from matcher.cli.watching import changing, running  # noqa: F401 - these add the commands
from matcher.cli.watching.group import watch

__all__ = ["watch"]
