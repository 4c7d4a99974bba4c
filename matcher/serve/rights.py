"""Give rights to galleries, and take them: each change is a record of the gallery's log."""

from __future__ import annotations

from pathlib import Path

from matcher.errors import MatcherError
from matcher.gallery import Gallery
from matcher.governance import ActivityLog, CaseContext, Entry
from matcher.paths import from_reference, to_reference
from matcher.serve.errors import AccountError
from matcher.serve.state import Accounts


def grant_right(accounts: Accounts, name: str, gallery: Path, context: CaseContext) -> None:
    """Give an account a right to a governed gallery. Without a record there is no right.

    Parameters
    ----------
    accounts, name
        The accounts of a server, and one of them.
    gallery
        Directory of the gallery.
    context
        Who gives it.

    Raises
    ------
    AccountError
        There is no such account.
    GalleryError
        The gallery cannot be opened, is not governed, or its log cannot be written.
    """
    role = _role(accounts, name)
    log = _log_of(gallery)
    _record(log, context, name, role, "granted")
    place = to_reference(gallery.absolute())
    accounts.change_rights(name, grant={log.gallery_id: place})


def revoke_right(accounts: Accounts, name: str, gallery: Path, context: CaseContext) -> None:
    """Take a right from an account, and record it. The right is gone even if that fails.

    Raises
    ------
    AccountError, GalleryError
        As in `grant_right`.
    """
    role = _role(accounts, name)
    log = _log_of(gallery)
    accounts.change_rights(name, revoke=[log.gallery_id])
    _record(log, context, name, role, "revoked")


def remove_account(accounts: Accounts, name: str, context: CaseContext) -> list[str]:
    """Remove an account, and record it in the log of each gallery to which it had a right.

    It returns a sentence for each gallery whose log could not be written, as of one that was moved.

    Raises
    ------
    AccountError
        There is no such account.
    """
    role = _role(accounts, name)
    places = accounts.places(name)
    accounts.remove(name)
    notes = []
    for gallery_id, place in places.items():
        try:
            log = _log_of(from_reference(place))
            if log.gallery_id != gallery_id:
                raise AccountError(
                    "gallery",
                    rule="must be the one to which the right was given",
                    got="another one",
                    next_step="Record the removal by hand.",
                )
            _record(log, context, name, role, "removed")
        except MatcherError as error:
            notes.append(
                f"The log of gallery {gallery_id[:12]} has no record of it ({error.code})."
            )
    return notes


def _record(log: ActivityLog, context: CaseContext, name: str, role: str, action: str) -> None:
    log.append(Entry("rights", context, {"account": name, "role": role, "action": action}))


def _log_of(gallery: Path) -> ActivityLog:
    with Gallery.open(gallery):
        pass  # what is wrong with it is said before what is wrong with its log
    return ActivityLog.of(gallery)


def _role(accounts: Accounts, name: str) -> str:
    account = accounts.get(name)
    if account is None:
        raise AccountError(
            f"account {name!r}",
            rule="must be there",
            got="none of that name",
            next_step="List them: matcher serve accounts list.",
        )
    return account.role
