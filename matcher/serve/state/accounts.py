"""Accounts: who may sign in, in which role, and to which galleries each has a right."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

from matcher.databases import SmallDatabase
from matcher.errors import InputError
from matcher.serve.errors import AccountError
from matcher.serve.state import passwords
from matcher.serve.state.files import StateFolder

Role = Literal["operator", "reviewer", "supervisor", "auditor"]
"""What an account may do; `matcher.serve.security.access` has the table."""

_NONE: Final[Mapping[str, str]] = MappingProxyType({})
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Account:
    """Somebody who may sign in.

    Parameters
    ----------
    name
        The name, which the log of each gallery holds in clear.
    role
        What the account may do.
    galleries
        Ids of the galleries to which it has a right.
    made_at
        When it was made, in UTC.
    stamp
        Changes with the password, the role and the rights; a session of another stamp has ended.
    """

    name: str
    role: Role
    galleries: frozenset[str]
    made_at: datetime
    stamp: str

    def row(self) -> dict[str, Any]:
        """Return it as one flat row for a table."""
        made = self.made_at.isoformat(timespec="seconds")
        return {
            "account": self.name,
            "role": self.role,
            "galleries": sorted(self.galleries),
            "made_at": made,
        }


class Accounts:
    """The accounts of a server, in `accounts.sqlite3` of its state."""

    def __init__(self, folder: StateFolder) -> None:
        self._folder = folder

    def add(self, name: str, role: Role, password: str) -> None:
        """Add an account without any right.

        Raises
        ------
        InputError
            The name, the role or the password breaks a rule.
        AccountError
            There is such an account.
        """
        check_name(name)
        check_role(role)
        kept = passwords.hashed(password)
        with self._folder.accounts() as file, file.writing():
            if _row(file, name) is not None:
                raise _refused(name, "must be new", "one that is there", "Take another name.")
            now = datetime.now(UTC).isoformat()
            row = (name, role, kept, secrets.token_hex(16), now)
            file.run("INSERT INTO accounts VALUES (?, ?, ?, ?, ?)", row)

    def remove(self, name: str) -> None:
        """Remove an account with its rights and sessions. The logs keep its name.

        Raises
        ------
        AccountError
            There is none.
        """
        with self._folder.accounts() as file, file.writing():
            _require(file, name)
            file.run("DELETE FROM accounts WHERE name = ?", (name,))

    def set_password(self, name: str, password: str) -> None:
        """Give an account another password; its sessions end.

        Raises
        ------
        InputError, AccountError
            As in `add`; or there is no such account.
        """
        kept = passwords.hashed(password)
        with self._folder.accounts() as file, file.writing():
            _require(file, name)
            sql = "UPDATE accounts SET password = ?, stamp = ? WHERE name = ?"
            file.run(sql, (kept, secrets.token_hex(16), name))

    def change_rights(
        self, name: str, *, grant: Mapping[str, str] = _NONE, revoke: Iterable[str] = ()
    ) -> Account:
        """Give an account rights to galleries, or take them; its sessions end.

        Parameters
        ----------
        name
            The account.
        grant
            Places of galleries, see `matcher.paths.to_reference`, by their ids.
        revoke
            Ids of galleries.

        Raises
        ------
        AccountError
            There is no such account.
        """
        with self._folder.accounts() as file, file.writing():
            _require(file, name)
            rows = ((name, gallery, place) for gallery, place in grant.items())
            file.run_each("INSERT OR REPLACE INTO rights VALUES (?, ?, ?)", rows)
            file.run_each(
                "DELETE FROM rights WHERE name = ? AND gallery = ?", ((name, g) for g in revoke)
            )
            stamp = secrets.token_hex(16)
            file.run("UPDATE accounts SET stamp = ? WHERE name = ?", (stamp, name))
            return _require(file, name)

    def places(self, name: str) -> dict[str, str]:
        """Return where the galleries lay to which an account has a right, by their ids."""
        with self._folder.accounts() as file:
            rows = file.rows("SELECT gallery, place FROM rights WHERE name = ?", (name,))
            return dict(rows)

    def all(self) -> list[Account]:
        """Return all accounts by name."""
        with self._folder.accounts() as file:
            names = [name for (name,) in file.rows("SELECT name FROM accounts ORDER BY name")]
            return [_require(file, name) for name in names]

    def get(self, name: str) -> Account | None:
        """Return an account; None if there is none."""
        with self._folder.accounts() as file:
            return find(file, name)

    def signed_in(self, name: str, password: str) -> Account | None:
        """Return the account if the password is right; None otherwise, after the same time."""
        with self._folder.accounts() as file:
            row = _row(file, name)
        if not passwords.fits(password, None if row is None else row[2]):
            return None
        return self.get(name)


def find(file: SmallDatabase, name: str) -> Account | None:
    """Return an account of an open file; None if there is none."""
    row = _row(file, name)
    if row is None:
        return None
    rights = file.row(
        "SELECT coalesce(group_concat(gallery, ' '), '') FROM rights WHERE name = ?", (name,)
    )
    galleries = frozenset(str(rights[0]).split())
    return Account(row[0], row[1], galleries, datetime.fromisoformat(row[4]), row[3])


def check_name(name: object) -> None:
    """Raise InputError unless a name can be that of an account."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InputError(
            "name of an account",
            rule="must be 1 to 64 letters, digits and . _ -, a letter or digit first",
            got="another text",
            next_step="Take a staff number or an initial with a surname.",
        )


def check_role(role: object) -> None:
    """Raise InputError unless a text is one of the roles."""
    if role not in get_args(Role):
        roles = ", ".join(get_args(Role))
        raise InputError("role", rule=f"is one of {roles}", got=role, next_step="Take one of them.")


def _row(file: SmallDatabase, name: str) -> Any:
    sql = "SELECT name, role, password, stamp, made_at FROM accounts WHERE name = ?"
    return file.row(sql, (name,))


def _require(file: SmallDatabase, name: str) -> Account:
    found = find(file, name)
    if found is None:
        step = "List them: matcher serve accounts list."
        raise _refused(name, "must be there", "none of that name", step)
    return found


def _refused(name: str, rule: str, got: str, next_step: str) -> AccountError:
    return AccountError(f"account {name!r}", rule=rule, got=got, next_step=next_step)
