"""`matcher gallery key|encrypt|change-key`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from matcher.cli.app import Exit
from matcher.cli.console import say
from matcher.cli.gallery.group import gallery
from matcher.cli.gallery.making import KeyFile
from matcher.cli.options import GalleryPath

_KEEP = (
    "Keep a copy in a safe place, apart from the galleries: nobody can read a gallery without "
    "its key."
)


@gallery.command()
def key(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File for the new key.")],
) -> None:
    """Make a random key for encrypted galleries, in a file that only its owner can read."""
    from matcher.encryption import KEY_FILE_VARIABLE, GalleryKey

    GalleryKey.new().save(file)
    say(f"The key is in {file}. Commands find it by {KEY_FILE_VARIABLE}. {_KEEP}")


@gallery.command()
def encrypt(
    path: GalleryPath,
    new: Annotated[Path, typer.Argument(metavar="NEW", help="Directory for the copy.")],
    key_file: KeyFile = None,
) -> None:
    """Make an encrypted copy of a gallery, with its editions and its watch list."""
    from matcher.encryption import GalleryKey
    from matcher.gallery import Gallery, encrypt_copy

    given = GalleryKey.required() if key_file is None else GalleryKey.from_file(key_file)
    encrypt_copy(path, new, given)
    with Gallery.open(new) as opened:
        report = opened.verify()
    for fault in report.faults:
        say(f"Fault: {fault}")
    say(f"The encrypted copy is in {new}. {path} is unchanged: delete it, and its backups.")
    raise typer.Exit(Exit.ATTENTION if report.faults else Exit.DONE)


@gallery.command()
def change_key(
    path: GalleryPath,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File of the other key.")],
) -> None:
    """Lock an encrypted gallery by another key, in place of the one in the environment."""
    from matcher.encryption import GalleryKey, change_key
    from matcher.watching import has_watch_list
    from matcher.watching.files import folder_of

    new = GalleryKey.from_file(file)
    if has_watch_list(path):
        change_key(folder_of(path), new)
    change_key(path, new)
    say("The gallery has another key. Who has the old key and an old backup can still read that.")
