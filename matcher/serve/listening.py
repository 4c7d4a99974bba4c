"""Where a server listens: on this machine only, or for others over TLS."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matcher.arguments import expect_number
from matcher.errors import InputError
from matcher.serve.settings import LOOPBACK

DEFAULT_HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 8765


@dataclass(frozen=True)
class Listening:
    """Where the server listens.

    Parameters
    ----------
    host
        An address of this machine.
    port
        A port from 0 to 65535; 0 takes a free one.
    allow_remote
        Whether other machines may reach the address. Then TLS is needed.
    certificate, key
        Files of TLS in PEM; None without TLS.

    Raises
    ------
    InputError
        For an address that other machines can reach without `allow_remote` or without TLS, for one
        of the two files without the other, and for what is no address or port.
    """

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    allow_remote: bool = False
    certificate: Path | None = None
    key: Path | None = None

    def __post_init__(self) -> None:
        expect_number("port", self.port, whole=True)
        if not 0 <= self.port <= 65535:
            step = "Take one from 1024 on."
            raise InputError("port", rule="is from 0 to 65535", got=self.port, next_step=step)
        if (self.certificate is None) != (self.key is None):
            raise InputError(
                "files of TLS",
                rule="must be both given, or neither",
                got="one of them",
                next_step="Give --tls-certificate and --tls-key.",
            )
        if is_loopback(self.host):
            return
        if not self.allow_remote:
            raise InputError(
                "address to listen on",
                rule="is one that only this machine reaches, such as 127.0.0.1",
                got=repr(self.host),
                next_step="Others may reach the server only with --allow-remote, over TLS.",
            )
        if self.certificate is None:
            raise InputError(
                "server that others may reach",
                rule="must speak TLS, because photos and passwords travel",
                got="no certificate",
                next_step="Give --tls-certificate and --tls-key.",
            )

    @property
    def tls(self) -> bool:
        """Whether the server speaks TLS."""
        return self.certificate is not None

    def hosts(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names by which browsers may call the server.

        Parameters
        ----------
        names
            Names that were given besides; needed where the address is one of all networks.
        """
        own = f"[{self.host}]" if ":" in self.host else self.host
        known = LOOPBACK if is_loopback(self.host) else (*LOOPBACK, own.lower())
        return tuple(dict.fromkeys((*known, *(name.lower() for name in names))))


def is_loopback(host: str) -> bool:
    """Return whether an address is reached by this machine only.

    Raises
    ------
    InputError
        It is no address.
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        raise InputError(
            "address to listen on",
            rule="must be an address of this machine, or localhost",
            got=repr(host),
            next_step="Give an IP address, such as 127.0.0.1.",
        ) from None
