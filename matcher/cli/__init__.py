"""The `matcher` command. No logic of its own."""
