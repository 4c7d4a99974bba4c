"""`matcher hashes` and `matcher vics`: what agencies pass on about photos."""

from matcher.cli.exchange.of_hashes import hashes
from matcher.cli.exchange.of_vics import vics

__all__ = ["hashes", "vics"]
