"""Where the command begins."""

from __future__ import annotations


def main() -> None:
    """Run the command."""
    from matcher.cli.commands import app
    from matcher.heap import use_one_heap

    use_one_heap()
    app()
