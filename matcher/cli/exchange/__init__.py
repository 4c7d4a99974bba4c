"""`matcher hashes` and `matcher vics`: what agencies pass on about photos."""

from matcher.cli.exchange.of_hashes import hashes

__all__ = ["hashes"]
