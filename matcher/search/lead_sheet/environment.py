"""How pages of leads are made from their templates."""

from __future__ import annotations

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from matcher.words import visible


def page_environment(*packages: str) -> Environment:
    """Return the templates of packages, those of the first one first, as pages use them."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in packages]),
        autoescape=True,  # names, notes and references come from case files
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["visible"] = visible  # for what no element can isolate
    return environment
