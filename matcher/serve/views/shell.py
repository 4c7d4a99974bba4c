"""What every page has around its contents."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """An entry of the menu."""

    name: str
    path: str
    current: bool = False


@dataclass(frozen=True)
class Viewer:
    """Who looks at the page.

    Parameters
    ----------
    name
        The account.
    role
        operator, reviewer, supervisor or auditor.
    """

    name: str
    role: str


@dataclass(frozen=True)
class Shell:
    """What every page has around its contents.

    Parameters
    ----------
    viewer
        Who is signed in; None on the page for signing in, and on errors before it.
    menu
        The pages that the role may open.
    csrf
        The token that every form sends back.
    notices
        What was done, in sentences.
    problems
        What was refused, each with what to do, in sentences.
    """

    viewer: Viewer | None
    menu: tuple[Place, ...] = ()
    csrf: str = ""
    notices: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
