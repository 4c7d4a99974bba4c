"""The servers that can hold an index, and how to make one.

A new server is a file with a subclass of `ServedIndex`, and an entry in `SERVERS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

from matcher._lazy import load
from matcher.gallery.index.served_index import ServedIndex


@dataclass(frozen=True)
class Server:
    """One server program.

    Parameters
    ----------
    name
        Name of the kind; with a colon, it stands before the address: `NAME:ADDRESS`.
    made_by
        Address of its class, as `module:name`. The class is loaded when it is first needed.
    form
        What an address looks like.
    """

    name: str
    made_by: str
    form: str

    @property
    def asked_as(self) -> str:
        """What a user gives in the place of a kind's name."""
        return f"{self.name}:{self.form}"

    @property
    def of(self) -> type[ServedIndex]:
        """The class of its indexes."""
        return cast(type[ServedIndex], load(self.made_by))


SERVERS: Final = (
    Server("milvus", "matcher.gallery.index.milvus_index:MilvusIndex", "http://HOST:PORT"),
    Server(
        "postgres",
        "matcher.gallery.index.postgres_index:PostgresIndex",
        "postgresql://HOST:PORT/DATABASE",
    ),
)
"""All servers."""


def is_served(index: str) -> bool:
    """Return whether what is asked for or recorded names a server, rightly or not."""
    return index.startswith(tuple(f"{server.name}:" for server in SERVERS))


def server_of(index: str) -> tuple[Server, str]:
    """Return the server that an index names, and the address. `is_served` must hold."""
    name, _, url = index.partition(":")
    return next(server for server in SERVERS if server.name == name), url
