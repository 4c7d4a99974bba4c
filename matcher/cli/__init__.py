"""The `matcher` command: one module for each sub-command, no logic of its own."""


def main() -> None:
    """Run the command."""
    from matcher.cli.commands import app

    app()
