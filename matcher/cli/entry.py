"""Where the command begins."""

from __future__ import annotations

import sys

from matcher.cli.process import exit_code_of, prepare


def main() -> None:
    """Run the command."""
    prepare()
    try:
        from matcher.cli.commands import app
        from matcher.heap import use_one_heap

        use_one_heap()
    except KeyboardInterrupt as error:  # before there is a command that could say more
        sys.stderr.write("Interrupted before anything was done.\n")
        sys.exit(exit_code_of(error))
    app()
