"""A case that an account may see, with its gallery."""

from __future__ import annotations

from dataclasses import dataclass

from matcher.governance import CaseContext
from matcher.serve.refusals import Refusal
from matcher.serve.state import Account
from matcher.serve.work.casebook import KnownCase
from matcher.serve.work.galleries import ServedGallery


@dataclass(frozen=True, eq=False)
class OpenCase:
    """A case that the account may see.

    Parameters
    ----------
    served
        The gallery.
    known
        What the log has of it.
    case_id
        Its identifier; None if it was erased.
    """

    served: ServedGallery
    known: KnownCase
    case_id: str | None

    @property
    def path(self) -> str:
        """The address of its page."""
        return f"/cases/{self.known.token}"

    def context(self, account: Account) -> CaseContext:
        """Return the context in which an account works on the case.

        Raises
        ------
        Refusal
            The case was erased.
        """
        if self.case_id is None:
            raise Refusal(409, "The case was erased.", "Nothing can be done in it any more.")
        return self.known.context(account.name, self.case_id)
