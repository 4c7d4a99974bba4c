"""`matcher gallery create`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from matcher.cli.console import say
from matcher.cli.gallery.group import gallery
from matcher.cli.options import DEFAULT_MODEL, GalleryPath, Index
from matcher.cli.using import context_of_new, with_context
from matcher.errors import InputError

KeyFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="File of the key; if not given, the environment's key."),
]


@gallery.command()
@with_context
def create(
    path: GalleryPath,
    model: Annotated[str, typer.Option(help="The model of its vectors.")] = DEFAULT_MODEL,
    index: Index = None,
    encrypted: Annotated[
        bool, typer.Option("--encrypted", help="Encrypt its files, see `gallery key`.")
    ] = False,
    key_file: KeyFile = None,
    governed: Annotated[
        bool,
        typer.Option("--governed", help="Each use needs a case, and is recorded. For ever."),
    ] = False,
) -> None:
    """Make an empty gallery."""
    from matcher.embedding import load_extractor
    from matcher.encryption import GalleryKey
    from matcher.gallery import Gallery

    if key_file is not None and not encrypted:
        raise InputError(
            "--key-file",
            rule="is for an encrypted gallery",
            got="no --encrypted",
            next_step="Give --encrypted, or leave it out.",
        )
    key = None
    if encrypted:
        key = GalleryKey.required() if key_file is None else GalleryKey.from_file(key_file)
    context = context_of_new(path, governed=governed)
    identity = load_extractor(model).model
    Gallery.create(
        path,
        model=identity,
        index=index or "auto",
        key=key,
        governed=governed,
        context=context,
    ).close()
    facts = [word for word, is_so in (("encrypted", encrypted), ("governed", governed)) if is_so]
    say(f"Made an empty gallery of {identity.name}{', ' if facts else ''}{' and '.join(facts)}.")
