"""Which role may open which route: one table, and nothing is served that it does not have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, get_args

from matcher.serve.state import Role

ANYBODY: Final[frozenset[Role]] = frozenset()
"""Of a route that needs no sign-in."""

ALL_ROLES: Final[frozenset[Role]] = frozenset(get_args(Role))

SMALL: Final = 128 * 1024
"""Largest body of a form, in bytes."""

_SEARCH: Final[frozenset[Role]] = frozenset({"operator", "supervisor"})
_REVIEW: Final[frozenset[Role]] = frozenset({"reviewer", "supervisor"})
_SEE: Final = _SEARCH | _REVIEW
_LOG: Final[frozenset[Role]] = frozenset({"auditor", "supervisor"})
_ESCALATED: Final[frozenset[Role]] = frozenset({"supervisor"})


@dataclass(frozen=True)
class Access:
    """Who may use a route, and how much they may send.

    Parameters
    ----------
    roles
        The roles; `ANYBODY` for a route that needs no sign-in.
    uploads
        Whether the body may have photos; then the limit is that of the settings.
    """

    roles: frozenset[Role]
    uploads: bool = False


ROUTES: Final[Mapping[tuple[str, str], Access]] = MappingProxyType(
    {
        ("GET", "/sign-in"): Access(ANYBODY),
        ("POST", "/sign-in"): Access(ANYBODY),
        ("POST", "/sign-out"): Access(ALL_ROLES),
        ("GET", "/"): Access(ALL_ROLES),
        ("GET", "/password"): Access(ALL_ROLES),
        ("POST", "/password"): Access(ALL_ROLES),
        ("GET", "/openapi.json"): Access(ALL_ROLES),
        ("GET", "/cases"): Access(_SEE),
        ("POST", "/cases"): Access(_SEARCH),
        ("GET", "/cases/{case}"): Access(_SEE),
        ("POST", "/cases/{case}/probes"): Access(_SEARCH, uploads=True),
        ("GET", "/probes/{upload}"): Access(_SEARCH),
        ("POST", "/probes/{upload}/search"): Access(_SEARCH),
        ("POST", "/probes/{upload}/discard"): Access(_SEARCH),
        ("GET", "/jobs/{job}"): Access(_SEARCH),
        ("GET", "/jobs/{job}.json"): Access(_SEARCH),
        ("GET", "/searches/{search}"): Access(_SEE),
        ("POST", "/searches/{search}/shuffle"): Access(_SEE),
        ("GET", "/leads/{lead}"): Access(_SEE),
        ("POST", "/leads/{lead}/opinion"): Access(_REVIEW),
        ("POST", "/leads/{lead}/withdraw"): Access(_REVIEW),
        ("GET", "/reviews"): Access(_REVIEW),
        ("GET", "/escalated"): Access(_ESCALATED),
        ("GET", "/arrivals"): Access(_SEE),
        ("GET", "/groups"): Access(_SEE),
        ("GET", "/groups/{grouping}"): Access(_SEE),
        ("POST", "/groups/{grouping}/merge"): Access(_SEARCH),
        ("POST", "/groups/{grouping}/split"): Access(_SEARCH),
        ("POST", "/groups/{grouping}/move"): Access(_SEARCH),
        ("POST", "/groups/{grouping}/take-out"): Access(_SEARCH),
        ("POST", "/groups/{grouping}/undo"): Access(_SEARCH),
        ("GET", "/log"): Access(_LOG),
        ("POST", "/log/verify"): Access(_LOG),
        ("GET", "/audit-report/"): Access(ALL_ROLES),
        ("GET", "/audit-report/{name:path}"): Access(ALL_ROLES),
        ("GET", "/pictures/uploads/{upload}"): Access(_SEARCH),
        ("GET", "/pictures/probes/{search}/{view}"): Access(_SEE),
        ("GET", "/pictures/leads/{lead}/{photo}/{view}"): Access(_SEE),
        ("GET", "/pictures/arrivals/{lead}/{side}"): Access(_SEE),
        ("GET", "/pictures/groups/{grouping}/{face}"): Access(_SEE),
    }
)
"""Method and path of every route. The server refuses to start with one more, or one less."""
