"""`matcher reindex` and its sub-commands."""

from matcher.cli.reindex.former import with_flags
from matcher.cli.reindex.subcommands import reindex

__all__ = ["reindex", "with_flags"]
