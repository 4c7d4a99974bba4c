"""`matcher leads`: leads of a governed gallery, reviewed by two people, each without the other."""

from matcher.cli.leads import (  # noqa: F401 - these add the commands
    auditing,
    exporting,
    looking,
    reviewing,
)
from matcher.cli.leads.group import leads

__all__ = ["leads"]
