"""`matcher retention`: until when subjects and cases are kept, and their erasure."""

from matcher.cli.retention import dating, erasing  # noqa: F401 - these add the commands
from matcher.cli.retention.group import retention

__all__ = ["retention"]
