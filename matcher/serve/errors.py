"""Errors of the server; they belong to the tree of `matcher.errors`."""

from __future__ import annotations

from matcher.errors import MatcherError


class ServeError(MatcherError):
    """A server cannot start so, or a file of its state cannot be used."""

    code = "serve"


class AccountError(ServeError):
    """An account is not there, is there already, or cannot be changed so."""

    code = "account"
