"""What a server serves, where it keeps its state, and its limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from matcher.arguments import expect, expect_number, path_of
from matcher.errors import InputError

LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
"""Names by which a browser on the same machine may call the server."""

_HOST: Final = re.compile(r"[a-z0-9.\-]+|\[[0-9a-f:]+\]")


@dataclass(frozen=True)
class ServeSettings:
    """The settings of one server.

    Parameters
    ----------
    galleries
        Directories of governed galleries, by the name that pages show.
    state
        The folder of accounts, sessions, uploads and jobs. It is made if it is missing.
    groups
        Files of groups that `matcher group --state` wrote, by name.
    audit_report
        A report that `matcher audit` wrote; None for none.
    calibration
        What scores mean by age, see `Calibration.load`; None for none.
    policy
        Name of the quality policy for probes.
    hosts
        Names by which browsers call the server. A request that names another one is refused, so
        that no page elsewhere reaches the server by a name of its own.
    tls
        Whether the server speaks TLS; cookies are then kept to it.
    workers
        Number of searches that run at once, >= 1.
    upload_megabytes, photo_megabytes, most_photos
        Largest upload, largest photo, and most photos of one upload.
    idle_minutes, longest_hours
        A session ends after so long without a request, and after so long in any case.

    Raises
    ------
    InputError
        For no gallery, a number below 1, an unknown policy, or a name of a host that is none.
    """

    galleries: Mapping[str, Path]
    state: Path
    groups: Mapping[str, Path] = field(default_factory=dict)
    audit_report: Path | None = None
    calibration: Path | None = None
    policy: str = "standard"
    hosts: tuple[str, ...] = LOOPBACK
    tls: bool = False
    workers: int = 2
    upload_megabytes: int = 64
    photo_megabytes: int = 32
    most_photos: int = 100
    idle_minutes: int = 30
    longest_hours: int = 10

    def __post_init__(self) -> None:
        from matcher.faces import POLICIES

        for name in ("galleries", "groups"):
            object.__setattr__(self, name, _paths(name, getattr(self, name)))
        object.__setattr__(self, "state", path_of("state", self.state))
        for name in ("audit_report", "calibration"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, path_of(name, getattr(self, name)))
        if not self.galleries:
            raise InputError(
                "galleries",
                rule="must be one or more",
                got="none",
                next_step="Name the directory of a governed gallery.",
            )
        _check_numbers(self)
        if self.policy not in POLICIES:
            raise InputError(
                "policy",
                rule=f"is one of {', '.join(POLICIES)}",
                got=repr(self.policy),
                next_step="Take one of them.",
            )
        if not self.hosts or not all(isinstance(h, str) and _HOST.fullmatch(h) for h in self.hosts):
            raise InputError(
                "hosts",
                rule="must be names or addresses of this machine, in small letters, without a port",
                got="another text",
                next_step="Give the name that people type in the browser.",
            )


_NUMBERS: Final = (
    "workers",
    "upload_megabytes",
    "photo_megabytes",
    "most_photos",
    "idle_minutes",
    "longest_hours",
)


def _check_numbers(settings: ServeSettings) -> None:
    for name in _NUMBERS:
        value = getattr(settings, name)
        expect_number(name, value, whole=True)
        if value < 1:
            step = "Give a larger number."
            raise InputError(name, rule="must be at least 1", got=value, next_step=step)


def _paths(what: str, given: object) -> Mapping[str, Path]:
    rule = "must be a mapping of names to paths"
    expect(what, given, Mapping, rule=rule, next_step='Give {"name": path}.')
    assert isinstance(given, Mapping)  # noqa: S101 - said above
    return MappingProxyType(
        {str(name): path_of(f"{what}[{name!r}]", path) for name, path in given.items()}
    )
