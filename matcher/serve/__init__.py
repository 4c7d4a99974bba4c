"""The page to work on: `matcher serve`, on one machine, for people who sign in."""

__all__: list[str] = []
