"""The `matcher` command: one module for each sub-command, no logic of its own."""


def main() -> None:
    """Run the command."""
    from matcher.cli.commands import app
    from matcher.heap import use_one_heap

    use_one_heap()
    app()
