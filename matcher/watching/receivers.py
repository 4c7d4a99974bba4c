"""Who gets the leads: a file, a command, or only the caller of the run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matcher.arguments import expect_number, listed, path_of
from matcher.errors import InputError
from matcher.words import counted, figure

LONGEST: Final = 3600.0

BEGIN: Final = b'{"lead": "'
"""How each line of a file of leads begins."""

_LONGEST_LINE: Final = 1 << 20


@dataclass(frozen=True)
class NoReceiver:
    """Leads go to the caller of a run only, see `run_watch_list`."""

    def __str__(self) -> str:
        return "printed"

    def check(self, gallery: Path) -> None:
        """Accept every gallery."""


@dataclass(frozen=True)
class ToFile:
    """Leads are appended to a file, one line of JSON each.

    Parameters
    ----------
    path
        The file. Only its owner can read it. It is made if it is not there.

    Raises
    ------
    InputError
        If it is no path.
    """

    path: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", path_of("path", self.path).absolute())

    def __str__(self) -> str:
        return f"written to {self.path}"

    def check(self, gallery: Path) -> None:
        """Refuse a file that cannot be written, or that holds something else.

        Raises
        ------
        InputError
            Nothing was done.
        """
        if got := self._fault(gallery):
            raise InputError(
                "file for the leads of a watch list",
                rule="must be a file of such leads, or a new one, that can be written to and lies "
                "outside of the gallery",
                got=got,
                next_step="Name another file, or correct the rights.",
                path=self.path,
            )

    def _fault(self, gallery: Path) -> str:
        path = self.path
        if not path.parent.is_dir():
            return "one in a folder that is not there"
        if path.resolve().is_relative_to(gallery.resolve()):
            return "one in the gallery"
        if not path.exists():
            return "" if os.access(path.parent, os.W_OK) else "a folder that cannot be written to"
        if not path.is_file():
            return "something that is no file"
        if not os.access(path, os.R_OK | os.W_OK):
            return "one without the right to read and write"
        with path.open("rb") as file:
            line = file.readline(_LONGEST_LINE)
        is_ours = b'"lead"' in line or BEGIN.startswith(line)  # maybe half a lead
        return "" if is_ours else "a file of something else"


@dataclass(frozen=True)
class ToCommand:
    """A program is started for each lead, with the lead as one line of JSON on its standard input.

    The lead counts as received if the program ends with the exit code 0 in time. It goes to the
    program again at the next run otherwise, with the same identifier. No shell is involved.

    Parameters
    ----------
    words
        The program and its arguments.
    seconds
        Time limit for one lead, in (0, 3600].

    Raises
    ------
    InputError
        If an argument is of another type or out of range.
    """

    words: tuple[str, ...]
    seconds: float = 30.0

    def __post_init__(self) -> None:
        step = 'Give ("program", "argument").'
        words = listed(
            "words", self.words, str, rule="must be a program and its arguments", next_step=step
        )
        if not words or not words[0] or not all(map(_is_plain, words)):
            rule = "must be a program and its arguments: Unicode without the character NUL"
            raise InputError("words", rule=rule, got=ascii(words), next_step=step)
        expect_number("seconds", self.seconds)
        if not 0 < self.seconds <= LONGEST:
            rule = f"must be more than 0, and at most {LONGEST:.0f}"
            raise InputError("seconds", rule=rule, got=self.seconds, next_step="Give 30.")
        if Path(words[0]).name != words[0]:  # a path, which holds from any folder
            words[0] = str(Path(words[0]).absolute())
        object.__setattr__(self, "words", tuple(words))
        object.__setattr__(self, "seconds", float(self.seconds))

    def __str__(self) -> str:
        limit = counted(float(figure(self.seconds, 4)), "second")
        return f"received by {self.words[0]} (at most {limit} each)"

    def check(self, gallery: Path) -> None:
        """Refuse a program that cannot be started.

        Raises
        ------
        InputError
            Nothing was done.
        """
        del gallery
        if shutil.which(self.words[0]) is None:
            raise InputError(
                "command for the leads of a watch list",
                rule="must be a program that can be started",
                got=f"{self.words[0]!r}, which is none",
                next_step="Give its path, or install it.",
            )


def _is_plain(word: str) -> bool:
    return "\0" not in word and word.encode("utf-8", "ignore").decode() == word


Receiver = NoReceiver | ToFile | ToCommand

Take = Callable[[Sequence[str]], None]
"""Told of the identifiers of leads as soon as they were received."""
