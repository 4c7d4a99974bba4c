"""SQLite files, plain or encrypted: one way to connect, and one family of errors.

Python's own module reads plain files. The package `sqlcipher3` has the same interface over
SQLCipher, which encrypts each page of a file by AES-256 and authenticates it by HMAC-SHA512, also
in the log and in the journal beside the file (https://www.zetetic.net/sqlcipher/design/).
"""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

MODULE: Final = "sqlcipher3.dbapi2"
"""The module that reads encrypted files; it comes with the extra `encryption`."""


@lru_cache(maxsize=1024)
def _is_numbered(sql: str) -> bool:
    return re.search(r"\?[0-9]", sql) is not None


def bound(sql: str, parameters: Sequence[Any]) -> Sequence[Any] | dict[str, Any]:
    """Return parameters as a statement takes them: by number for `?1`, by place for `?`.

    To SQLite `?1` is a name. Python 3.12 warns of a sequence for names, and 3.14 refuses it.
    """
    if not _is_numbered(sql):
        return parameters
    return {str(place): value for place, value in enumerate(parameters, 1)}


def connect(address: Path | str, key: bytes | None, **options: Any) -> sqlite3.Connection:
    """Connect to a file.

    Parameters
    ----------
    address
        Path or URI of the file.
    key
        32 bytes, for an encrypted file; None for a plain one.
    options
        As for `sqlite3.connect`.

    Raises
    ------
    ImportError
        If a key is given and the module for encrypted files is not installed.
    """
    if key is None:
        plain: sqlite3.Connection = sqlite3.connect(address, **options)
        return plain
    connection: sqlite3.Connection = import_module(MODULE).connect(address, **options)
    connection.execute("PRAGMA cipher_log_level = NONE")  # it would write to stderr
    connection.execute(f'PRAGMA key = "{_written(key)}"')
    return connection


def attach(connection: sqlite3.Connection, address: str, name: str, key: bytes | None) -> None:
    """Attach another file to a connection; both are plain, or both are encrypted."""
    if key is None:
        connection.execute(f"ATTACH DATABASE ? AS {name}", (address,))
    else:
        connection.execute(f"ATTACH DATABASE ? AS {name} KEY ?", (address, _written(key)))


def errors(*others: type[Exception]) -> tuple[type[Exception], ...]:
    """Return the errors that connections raise, and others that are to be caught with them."""
    module = sys.modules.get(MODULE)
    return (sqlite3.Error, *others) if module is None else (sqlite3.Error, module.Error, *others)


def row_type(connection: sqlite3.Connection) -> type[sqlite3.Row]:
    """Return the type of rows with values by name that a connection makes."""
    kind: type[sqlite3.Row] = sys.modules[type(connection).__module__].Row
    return kind


def _written(key: bytes) -> str:
    """Return a key as SQLCipher takes it without deriving another one from it."""
    return f"x'{key.hex()}'"
