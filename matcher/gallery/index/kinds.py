"""What may be asked for as the index of a gallery: a kind in files, or a server."""

from __future__ import annotations

from matcher.arguments import expect
from matcher.errors import InputError
from matcher.gallery.index.mapped import AUTO, KINDS
from matcher.gallery.index.servers import SERVERS, is_served, server_of


def check_kind(asked: str) -> None:
    """Raise InputError unless `asked` is "auto", one of the kinds, or the address of a server.

    Raises
    ------
    InputError
        For any other kind, and for an address with more than scheme, host, port and database.
    MissingExtraError
        When `asked` is the address of a server and its client is not installed.
    """
    expect("index", asked, str, rule="must be a text", next_step='Give "auto".')
    known = (AUTO, *(kind.name for kind in KINDS))
    if is_served(asked):
        server, url = server_of(asked)
        server.of.check_address(url)
    elif asked not in known:
        raise InputError(
            "index",
            rule=f"must be one of {', '.join((*known, *(one.asked_as for one in SERVERS)))}",
            got=repr(asked),
            next_step='Use "auto" unless you have measured another kind.',
        )
