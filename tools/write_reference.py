"""Write the pages of docs/reference that follow from the code: public names, and the command line.

    python tools/write_reference.py

One page for each package and room that hands on names; mkdocstrings fills them with the docstrings
when the site is built. One page for each command with its options, from their help texts. A test
compares both with the code, so run this again when a public name or an option changes.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from typer.main import get_command

PACKAGES = ("matcher", "fairness")
ERRORS = "matcher.errors"
WITHOUT_NAMES = ("matcher.cli",)
"""Rooms whose names nobody imports: the command line has a page of its own."""

SETTINGS = "<!-- page of settings -->"
"""Says of the numbers in a page that none is a measurement; see `typed_numbers.py`."""

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"


def doors() -> list[str]:
    """Return the packages and rooms that hand on names, and the module of errors."""
    found = []
    for package in PACKAGES:
        found.append(package)
        rooms = pkgutil.iter_modules(importlib.import_module(package).__path__)
        found += [f"{package}.{room.name}" for room in rooms if room.ispkg]
    return [*(door for door in found if door not in WITHOUT_NAMES), ERRORS]


def names_of(door: str) -> list[str]:
    """Return the public names of a door."""
    module = importlib.import_module(door)
    if door != ERRORS:
        return list(module.__all__)
    return [name for name, value in vars(module).items() if _is_error(value)]


def _is_error(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Exception) and value.__module__ == ERRORS


def page_of_door(door: str) -> str:
    """Return the page of a door; the top packages list their names, which their rooms describe."""
    module = importlib.import_module(door)
    lines = [f"# `{door}`", "", (inspect.getdoc(module) or "").partition("\n")[0], ""]
    if door in PACKAGES:
        lines += list(_listed(module))
    else:
        lines += ["Import these names from this package, not from its modules.", ""]
        for name in names_of(door):
            lines += [f"::: {door}.{name}", ""]
    return "\n".join(lines).rstrip() + "\n"


def _listed(module: ModuleType) -> Iterator[str]:
    """List the names of a top package with the page that describes each."""
    yield from (f"```python\nimport {module.__name__}\n```\n", "| name | what it is |", "|---|---|")
    rooms = [door for door in doors() if door.startswith(f"{module.__name__}.")]
    for name in module.__all__:
        thing = getattr(module, name)
        room = next(
            (
                door
                for door in rooms
                if name in names_of(door) and getattr(importlib.import_module(door), name) is thing
            ),
            None,
        )
        what = (inspect.getdoc(thing) or "").partition("\n\n")[0].replace("\n", " ")
        shown = f"[`{name}`]({room}.md#{room}.{name})" if room else f"`{name}`"
        yield f"| {shown} | {what if callable(thing) else 'a constant'} |"


def pages_of_commands() -> dict[str, str]:
    """Return a page for each command, by its name, and `index`, which lists them."""
    from matcher.cli.commands import app

    command: Any = get_command(app)
    lines = [
        "# Commands",
        "",
        _plain(command.help),
        "",
        "Each command ends with one of the [exit codes](../exit-codes.md).",
        "",
        *_options(command, ["matcher"]),
        "| command | what it does |",
        "|---|---|",
    ]
    pages = {}
    for name, subcommand in sorted(command.commands.items()):
        first = _plain(subcommand.help or "").partition("\n")[0]
        lines.append(f"| [`matcher {name}`]({name}.md) | {first} |")
        pages[name] = "\n".join(_commands(subcommand, ["matcher", name], 1)).rstrip() + "\n"
    return {"index": "\n".join(lines) + "\n", **pages}


def _commands(command: Any, words: Sequence[str], level: int) -> list[str]:
    lines = [f"{'#' * level} `{' '.join(words)}`", "", _plain(command.help or ""), ""]
    lines += _options(command, words)
    for name, subcommand in sorted(getattr(command, "commands", {}).items()):
        lines += _commands(subcommand, [*words, name], level + 1)
    return lines


def _options(command: Any, words: Sequence[str]) -> list[str]:
    context = command.context_class(command, info_name=words[-1])
    rows = [row for parameter in command.get_params(context) for row in _row(parameter, context)]
    return ["| option | what it is |", "|---|---|", *rows, ""] if rows else []


def _row(parameter: Any, context: Any) -> Iterator[str]:
    if getattr(parameter, "hidden", False) or parameter.name == "help":
        return
    if parameter.param_type_name == "argument":
        shown, text = (
            f"`{(parameter.metavar or parameter.name).upper()}`",
            getattr(parameter, "help", "") or "",
        )
    else:
        shown = ", ".join(f"`{word}`" for word in (*parameter.opts, *parameter.secondary_opts))
        text = getattr(parameter, "help", "") or ""
        default = parameter.get_default(context)
        if default not in (None, (), [], False, "") and not callable(default):
            value = getattr(default, "value", default)
            text += f" Default: `{value}`." if text else f"Default: `{value}`."
    yield f"| {shown} | {_plain(text).replace('|', chr(92) + '|')} |"


def _plain(text: str) -> str:
    """Return a help text as one paragraph of Markdown a line, without marks of the terminal."""
    text = inspect.cleandoc(text).replace("\b", "")
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", text)]
    return "\n\n".join(paragraphs).replace("[/]", "").replace("<", "&lt;")


def pages() -> dict[Path, str]:
    """Return the text of every page, by its path in docs/reference."""
    made = {Path("api", f"{door}.md"): page_of_door(door) for door in doors()}
    for name, page in pages_of_commands().items():
        made[Path("commands", f"{name}.md")] = page
    return {path: page.replace("\n", f"\n\n{SETTINGS}\n", 1) for path, page in made.items()}


def main() -> None:
    """Write all pages, and delete those of rooms and commands that are gone."""
    made = pages()
    for folder in {path.parent for path in made}:
        (REFERENCE / folder).mkdir(parents=True, exist_ok=True)
        for path in (REFERENCE / folder).glob("*.md"):
            if path.relative_to(REFERENCE) not in made:
                path.unlink()
    for path, page in made.items():
        (REFERENCE / path).write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
