"""`matcher serve accounts add|remove|list|password|rights`."""

from __future__ import annotations

import enum
import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matcher.cli.console import Format, print_rows, say
from matcher.cli.options import Output
from matcher.cli.serving.group import State, accounts
from matcher.cli.using import context_kept, with_context
from matcher.errors import InputError
from matcher.paths import shown

if TYPE_CHECKING:
    from matcher.governance import CaseContext
    from matcher.serve import Accounts

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the account.")]
COLUMNS = ("account", "role", "galleries", "made_at")


class RoleName(enum.StrEnum):
    """Roles, those of `matcher.serve.Role`; a test holds the two together."""

    operator = "operator"
    reviewer = "reviewer"
    supervisor = "supervisor"
    auditor = "auditor"


@accounts.command()
def add(
    name: Name,
    state: State,
    role: Annotated[RoleName, typer.Option(help="What the account may do.")],
) -> None:
    """Add an account without any right; the password is typed, or the first line of stdin."""
    _accounts(state).add(name, role.value, _password())
    say(f"Added {name}, {role.value}. Give it a right: matcher serve accounts rights {name}.")


@accounts.command()
def password(name: Name, state: State) -> None:
    """Give an account another password; its sessions end."""
    _accounts(state).set_password(name, _password())
    say(f"{name} has another password. Its sessions have ended.")


@accounts.command()
@with_context
def remove(name: Name, state: State) -> None:
    """Remove an account; its sessions end. The log of each of its galleries says so."""
    from matcher.serve import remove_account

    for note in remove_account(_accounts(state), name, _context()):
        say(note)
    say(f"Removed {name}. The logs keep the name.")


@accounts.command()
@with_context
def rights(
    name: Name,
    state: State,
    grant: Annotated[
        list[Path] | None,
        typer.Option(metavar="GALLERY", help="Governed gallery to give a right to; repeatable."),
    ] = None,
    revoke: Annotated[
        list[Path] | None,
        typer.Option(metavar="GALLERY", help="Gallery to take the right from; repeatable."),
    ] = None,
) -> None:
    """Give an account rights to galleries, or take them. The log of each gallery says so."""
    from matcher.serve import grant_right, revoke_right

    if not grant and not revoke:
        raise InputError(
            "rights",
            rule="must be given or taken",
            got="neither --grant nor --revoke",
            next_step="Name galleries. To see the rights: matcher serve accounts list.",
        )
    known, context = _accounts(state), _context()
    for gallery in grant or ():
        grant_right(known, name, gallery, context)
        say(f"{name} has a right to {shown(gallery)}.")
    for gallery in revoke or ():
        revoke_right(known, name, gallery, context)
        say(f"{name} has no right to {shown(gallery)} any more.")


@accounts.command("list")
def list_command(state: State, output: Output = Format.table) -> None:
    """List the accounts, each with its role and the galleries to which it has a right."""
    rows = [account.row() for account in _accounts(state).all()]
    print_rows(rows, output, columns=COLUMNS, always=COLUMNS)


def _accounts(state: Path) -> Accounts:
    from matcher.serve import Accounts, StateFolder

    return Accounts(StateFolder.of(state))


def _context() -> CaseContext:
    """Return who changes rights.

    Raises
    ------
    InputError
        Nobody is named.
    """
    context = context_kept()
    if context is None:
        raise InputError(
            "change of rights",
            rule="needs who makes it, for the log of each gallery",
            got="nobody",
            next_step="Give --operator, and --purpose maintenance.",
        )
    return context


def _password() -> str:
    """Return what is typed without being shown, twice the same; or the first line of stdin."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    typed = getpass.getpass("Password: ")
    if getpass.getpass("The same again: ") != typed:
        step = "Run the command again."
        got = "two different texts"
        raise InputError("password", rule="is typed twice the same", got=got, next_step=step)
    return typed
