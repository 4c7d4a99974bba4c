"""Who uses a governed gallery, what for, and by which right."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, get_args

from matcher.arguments import expect, expect_day, expect_one_of
from matcher.errors import InputError
from matcher.names import controls
from matcher.words import visible

Purpose = Literal[
    "missing_child",
    "unidentified_child",
    "unidentified_remains",
    "family_reunification",
    "audit",
    "maintenance",
    "training_of_staff",
]
"""What a gallery is used for."""

PURPOSES: Final[tuple[str, ...]] = get_args(Purpose)
"""All purposes, in the order of `Purpose`."""

SEARCH_PURPOSES: Final[tuple[str, ...]] = tuple(
    name for name in PURPOSES if name not in ("audit", "maintenance")
)
"""The purposes for which a governed gallery can be searched."""

LONGEST: Final = 200
"""Most characters of a text of a context."""


@dataclass(frozen=True)
class CaseContext:
    """Who uses a governed gallery, for which case, and by which right.

    The log holds `operator`, `legal_basis` and `authorisation` in clear, and a random token in
    place of `case_id`. Write no name of a child or of a family into the first three.

    Parameters
    ----------
    operator
        Who uses the gallery: an account, or a number of staff.
    purpose
        One of `PURPOSES`.
    case_id
        The case. Searches need it.
    legal_basis
        The law or order that allows the search, such as "Code of procedure, art. 12". Searches need
        it.
    authorisation
        Reference of the permission, such as the number of a court's order. Searches need it.
    authorised_until
        Last day on which the permission holds, by the clock of this machine. Searches need it.

    Raises
    ------
    InputError
        For an unknown purpose, a text that is too long, has control characters or is none, an empty
        operator, and a day that is no `datetime.date`.
    """

    operator: str
    purpose: Purpose
    case_id: str = ""
    legal_basis: str = ""
    authorisation: str = ""
    authorised_until: date | None = None

    def __post_init__(self) -> None:
        for name in ("operator", "case_id", "legal_basis", "authorisation"):
            object.__setattr__(self, name, _checked_text(name, getattr(self, name)))
        if not self.operator:
            raise InputError(
                "operator",
                rule="must name who uses the gallery",
                got="an empty text",
                next_step="Give the account or the number of a member of staff.",
            )
        step = "Choose the purpose of this use."
        expect_one_of("purpose", self.purpose, PURPOSES, next_step=step)
        expect_day("authorised_until", self.authorised_until)

    def lacking_for_search(self, today: date | None = None) -> str:
        """Return a short code of what keeps this context from a search; empty if nothing does.

        Parameters
        ----------
        today
            The day to compare `authorised_until` with; None for today, by the clock of this
            machine.

        Returns
        -------
        str
            "purpose", "case", "legal_basis", "authorisation", "authorised_until", "expired" or "".
        """
        expect_day("today", today)
        needed = {
            "purpose": self.purpose in SEARCH_PURPOSES,
            "case": bool(self.case_id),
            "legal_basis": bool(self.legal_basis),
            "authorisation": bool(self.authorisation),
            "authorised_until": self.authorised_until is not None,
        }
        for name, given in needed.items():
            if not given:
                return name
        day = datetime.now().astimezone().date() if today is None else today
        return "expired" if self.authorised_until is None or self.authorised_until < day else ""


def _checked_text(name: str, given: object) -> str:
    """Return a text in the one form of Unicode, without blanks around it."""
    expect(name, given, str, rule="must be a text", next_step="Give a text.")
    text = unicodedata.normalize("NFC", str(given)).strip()
    found = controls(text) or (visible(text) if visible(text) != text else "")
    if not found and len(text) > LONGEST:
        found = f"{len(text)} characters"
    if found:
        raise InputError(
            name,
            rule=f"must be one line of at most {LONGEST} characters that can be seen",
            got=found,
            next_step="Write it shorter, and without control characters.",
        )
    return text
