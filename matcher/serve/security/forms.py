"""Read a form: in memory, within limits, and only with the token of the session."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser
from starlette.requests import Request

from matcher.errors import InputError

CSRF_FIELD: Final = "csrf"
CSRF_HEADER: Final = "x-csrf-token"

_MOST_FIELDS: Final = 400  # the checklist has a field for each feature
_MOST_TEXT: Final = 20_000  # characters of one field


class _InMemory(MultiPartParser):
    """Keeps files in memory, so that no photo lies in a temporary folder."""

    spool_max_size = sys.maxsize


@dataclass(frozen=True)
class Fields:
    """What was typed and sent.

    Parameters
    ----------
    texts
        The values of each field, in order.
    files
        The bytes of each file of a field, in order. Their names are thrown away.
    """

    texts: Mapping[str, tuple[str, ...]]
    files: Mapping[str, tuple[bytes, ...]]

    def text(self, name: str) -> str:
        """Return the first value of a field without blanks around it; empty if there is none."""
        return next(iter(self.texts.get(name, ())), "").strip()

    def numbers(self, name: str) -> list[int]:
        """Return the values of a field as whole numbers.

        Raises
        ------
        InputError
            One of them is none.
        """
        return [whole(name, value) for value in self.texts.get(name, ())]


def whole(name: str, text: str, most: int = 2**53) -> int:
    """Return a text of digits as a number.

    Raises
    ------
    InputError
        It is none, or above the largest one.
    """
    plain = text.strip()
    if not (plain.isascii() and plain.isdigit()) or len(plain) > 16 or int(plain) > most:
        raise InputError(
            f"{name}", rule="must be a whole number", got="another text", next_step="Type digits."
        )
    return int(plain)


async def fields_of(request: Request, most_files: int) -> Fields:
    """Read the form of a request.

    Raises
    ------
    InputError
        It is no form, or has too many fields or files, or too long a text.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "multipart/form-data":
            form = await _InMemory(
                request.headers,
                request.stream(),
                max_files=most_files,
                max_fields=_MOST_FIELDS,
                max_part_size=_MOST_TEXT,
            ).parse()
        elif kind == "application/x-www-form-urlencoded":
            form = await FormParser(request.headers, request.stream()).parse()
        elif not await request.body():
            form = FormData()
        else:
            raise _no_form(f"the type {kind[:40]!r}")
    except (MultiPartException, UnicodeDecodeError, ValueError, KeyError, LookupError) as error:
        if isinstance(error, InputError):
            raise
        raise _no_form("one that cannot be read") from error
    return _checked(await _sorted(form.multi_items()))


async def _sorted(items: Sequence[tuple[str, Any]]) -> Fields:
    texts: dict[str, list[str]] = {}
    files: dict[str, list[bytes]] = {}
    for name, value in items:
        if isinstance(value, UploadFile):
            data = await value.read()
            await value.close()
            if data or value.filename:
                files.setdefault(name, []).append(data)
        else:
            texts.setdefault(name, []).append(str(value))
    return Fields(
        {name: tuple(several) for name, several in texts.items()},
        {name: tuple(several) for name, several in files.items()},
    )


def _checked(fields: Fields) -> Fields:
    several = [text for values in fields.texts.values() for text in values]
    if len(several) > _MOST_FIELDS or any(len(text) > _MOST_TEXT for text in several):
        raise _no_form("too many fields, or too long a text")
    if any("\0" in text or not _is_text(text) for text in several):
        raise _no_form("characters that no text has")
    return fields


def _is_text(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def has_token(request: Request, fields: Fields, token: str) -> bool:
    """Return whether a form, or a header in its place, has the token of the session."""
    given = request.headers.get(CSRF_HEADER) or fields.text(CSRF_FIELD)
    return bool(token) and secrets.compare_digest(given.encode("utf-8", "replace"), token.encode())


def _no_form(got: str) -> InputError:
    return InputError(
        "the form",
        rule="must be one that this page sent",
        got=got,
        next_step="Go back, load the page again, and fill it in.",
    )
