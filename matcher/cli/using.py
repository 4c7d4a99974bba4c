"""Options that say who uses a governed gallery, and how commands open a gallery with them."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from matcher.cli.console import say
from matcher.paths import shown

if TYPE_CHECKING:
    from matcher.embedding import ModelIdentity
    from matcher.gallery import Gallery
    from matcher.governance import CaseContext

_PANEL: Final = "Use of a governed gallery"


def _option(name: str, kind: Any, words: str, **more: Any) -> Any:
    variable = f"MATCHER_{name.removeprefix('--').replace('-', '_').upper()}"
    return Annotated[
        kind | None,
        typer.Option(name, envvar=variable, help=words, rich_help_panel=_PANEL, **more),
    ]


_OPTIONS: Final = {
    "operator": _option("--operator", str, "Who uses it: an account or a number of staff."),
    "purpose": _option(
        "--purpose",
        str,
        "missing_child, unidentified_child, unidentified_remains, family_reunification, "
        "training_of_staff; audit or maintenance, for which nothing is searched.",
    ),
    "case": _option("--case", str, "The case. Searches need it."),
    "legal_basis": _option("--legal-basis", str, "Law or order that allows the search."),
    "authorisation": _option("--authorisation", str, "Reference of the permission to search."),
    "authorised_until": _option(
        "--authorised-until",
        datetime,
        "Last day on which the permission holds.",
        formats=["%Y-%m-%d"],
    ),
}


@dataclass(frozen=True)
class _Given:
    """What the options say; and whether more than the environment gave it."""

    values: dict[str, Any]
    told: set[Path] = field(default_factory=set)
    """Galleries of which it was told that they keep no record."""
    used: list[Path] = field(default_factory=list)

    @property
    def explicit(self) -> bool:
        return any(
            str(value.date() if isinstance(value, datetime) else value)
            != os.environ.get(f"MATCHER_{name.upper()}")
            for name, value in self.values.items()
        )

    def say_unrecorded(self, path: Path) -> None:
        """Say once that a gallery keeps no record of its use."""
        if path not in self.told:
            self.told.add(path)
            say(f"{shown(path)} is not governed: operator, purpose and case are not recorded.")

    def say_if_unused(self) -> None:
        """Say that options were of no use, where no gallery was opened with them."""
        if self.values and self.explicit and not self.used:
            say("No gallery was used with --operator, --purpose or --case: nothing is recorded.")

    def context(self) -> CaseContext | None:
        """Return the context; None if nothing is given.

        Raises
        ------
        InputError
            When there is no operator, or no purpose of the list.
        """
        from matcher.governance import CaseContext

        if not self.values:
            return None
        texts = {name: shown(str(value)) for name, value in self.values.items()}
        until = self.values.get("authorised_until")
        return CaseContext(
            operator=texts.get("operator", ""),
            purpose=texts.get("purpose", ""),  # type: ignore[arg-type]  # checked by the context
            case_id=texts.get("case", ""),
            legal_basis=texts.get("legal_basis", ""),
            authorisation=texts.get("authorisation", ""),
            authorised_until=None if until is None else until.date(),
        )


_NOTHING: Final = _Given({})
_given: ContextVar[_Given] = ContextVar("_given", default=_NOTHING)


def with_context(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say who uses a governed gallery.

    `open_for_use` and `context_for` use them. A command that another one calls has its options.
    """

    @wraps(command)
    def run(*words: Any, **values: Any) -> None:
        named = {name: values.pop(name) for name in _OPTIONS if name in values}
        if not named:
            command(*words, **values)
            return
        known = {name: value for name, value in named.items() if value not in (None, "")}
        mark = _given.set(_Given(known))
        try:
            command(*words, **values)
        finally:
            _given.get().say_if_unused()
            _given.reset(mark)

    signature = inspect.signature(command, eval_str=True)
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
        for name, kind in _OPTIONS.items()
    ]
    both = [*signature.parameters.values(), *options]
    run.__signature__ = signature.replace(parameters=both)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in both}
    return run


def context_kept() -> CaseContext | None:
    """Return the context that the options name, for a command that writes its record itself."""
    _given.get().used.append(Path())
    return context_given()


def context_given() -> CaseContext | None:
    """Return the context that the options of the command name; None if they name none."""
    return _given.get().context()


def context_for(path: Path) -> CaseContext | None:
    """Return the context to open a gallery with; None for one that is not governed.

    If options name a context, a gallery that is not governed is refused when it is opened. If only
    the environment does, the command says that nothing is recorded.
    """
    from matcher.gallery import Gallery

    given = _given.get()
    given.used.append(path)
    context = given.context()
    if context is None:
        return None
    with Gallery.open(path) as looked_at:
        governed = looked_at.governed
    if not governed and not given.explicit:
        given.say_unrecorded(path)
        return None
    return context


def open_for_use(path: Path, *, model: ModelIdentity | None = None) -> Gallery:
    """Open a gallery for a use, with the context that the options of the command name."""
    from matcher.gallery import Gallery

    return Gallery.open(path, model=model, context=context_for(path))


def say_if_ungoverned(gallery: Gallery) -> None:
    """Say of a gallery that is searched that nothing is recorded, if it is not governed."""
    if not gallery.governed:
        say("This gallery is not governed: no case, no log of searches.")


def context_of_new(path: Path, *, governed: bool = False) -> CaseContext | None:
    """Return the context to make a gallery with; None for one that is not governed.

    A context that options name is passed on all the same, to be refused where it is not kept.
    """
    given = _given.get()
    given.used.append(path)
    context = given.context()
    if context is not None and not governed and not given.explicit:
        given.say_unrecorded(path)
        return None
    return context
