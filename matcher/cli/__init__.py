"""The `matcher` command: one module for each sub-command, no logic of its own."""


def main() -> None:
    """Run the command."""
    from matcher.cli import compare, demo, enrol, gallery, models, search, synth  # noqa: F401
    from matcher.cli.app import app

    app()
