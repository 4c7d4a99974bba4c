"""`matcher hashes export|check|fill`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matcher.cli.app import Exit, Group, app
from matcher.cli.console import Format, print_rows, progress, say, say_guarded
from matcher.cli.options import GalleryPath, Output
from matcher.cli.places import require_place_for, writing_to
from matcher.cli.using import open_for_use, with_context
from matcher.errors import GalleryNotFoundError
from matcher.words import counted

if TYPE_CHECKING:
    from matcher.exchange import HashCheck

hashes = typer.Typer(
    cls=Group, no_args_is_help=True, help="Lists of hashes, by which agencies name photos."
)
app.add_typer(hashes, name="hashes")

_AGAIN = "Make room, and run the same command again."


@hashes.command()
@with_context
def export(
    gallery: GalleryPath,
    out: Annotated[Path, typer.Option(help="File to write.")],
    columns: Annotated[
        str,
        typer.Option(
            help="Some of md5, sha1, sha256, subject, reference. The last two can name a child."
        ),
    ] = "md5,sha1,sha256",
    plain: Annotated[
        bool, typer.Option("--plain", help="One hash a line, of the one column, instead of CSV.")
    ] = False,
) -> None:
    """Write the hashes of all photos of a gallery, as CSV or as one hash a line."""
    from matcher.exchange import export_hashes

    require_place_for("--out", out)
    names = [name.strip() for name in columns.split(",") if name.strip()]
    with open_for_use(gallery) as opened, writing_to("--out", out, _AGAIN):
        found = export_hashes(opened, out, columns=names, plain=plain)
    say_guarded(found.guarded, "Hashes stay as they are.")
    say(f"{counted(found.lines, 'photo')} in {out}.")
    for name, count in found.lacking.items():
        if count:
            say(f"Without {name}: {counted(count, 'photo')}. See `matcher hashes fill`.")
    if found.dropped:
        say(f"Left out, without any hash asked for: {counted(found.dropped, 'photo')}.")
    raise typer.Exit(Exit.ATTENTION if any(found.lacking.values()) else Exit.DONE)


@hashes.command()
def check(
    where: Annotated[
        Path, typer.Argument(metavar="PLACE", help="A gallery, or a folder of photos.")
    ],
    given: Annotated[Path, typer.Option("--list", help="List of MD5, SHA-1 or SHA-256.")],
    output: Output = Format.table,
) -> None:
    """List the photos of a gallery or a folder that stand on a list of hashes."""
    from matcher.exchange import check_folder, check_gallery
    from matcher.gallery import Gallery
    from matcher.hashes import HashList

    read = HashList.read(given)
    for remark in read.remarks():
        say(remark)
    try:
        with Gallery.open(where) as opened:
            found = check_gallery(opened, read)
    except GalleryNotFoundError:
        with progress() as hook:
            found = check_folder(where, read, on_progress=hook)
    if found.listed or output is Format.csv:
        columns = ("photo", "subject", "by", "sha256")
        print_rows([one.row() for one in found.listed], output, columns=columns)
    raise typer.Exit(_sum_up(found))


def _sum_up(found: HashCheck) -> Exit:
    for error in found.failed:
        say(f"Failed: {error}")
    if found.left_out:
        say(f"Left out, because they are no photos: {found.left_out}.")
    if found.lacking:
        say(
            f"{counted(found.lacking, 'photo')} may be on the list unseen: the gallery lacks the "
            "hash that it goes by. See `matcher hashes fill`."
        )
    say(f"{counted(found.checked, 'photo')} checked, {len(found.listed)} on the list.")
    needs_a_look = found.listed or found.failed or found.lacking
    return Exit.ATTENTION if needs_a_look else Exit.DONE


@hashes.command()
@with_context
def fill(gallery: GalleryPath) -> None:
    """Compute the MD5 and SHA-1 that an older gallery lacks, from files that are unchanged."""
    from matcher.exchange import fill_hashes

    with open_for_use(gallery) as opened, progress() as hook:
        found = fill_hashes(opened, on_progress=hook)
    say(
        f"{counted(found.filled, 'photo')} filled; {found.missing} missing; "
        f"{found.changed} changed; {found.unreadable} unreadable."
    )
    raise typer.Exit(Exit.ATTENTION if found.lacking else Exit.DONE)
