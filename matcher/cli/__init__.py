"""The `matcher` command: one module for each sub-command, no logic of its own."""

from matcher.cli.entry import main

__all__ = ["main"]
