"""`matcher log verify|anchor|export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from matcher.cli.activity.group import log
from matcher.cli.app import Exit
from matcher.cli.console import say
from matcher.cli.options import GalleryPath
from matcher.cli.places import require_place_for, writing_to
from matcher.cli.using import open_for_use, with_context
from matcher.errors import InputError
from matcher.paths import shown
from matcher.words import counted, some_of


@log.command()
def verify(
    gallery: GalleryPath,
    anchors: Annotated[
        list[Path] | None,
        typer.Option(help="File that `matcher log anchor` wrote; repeatable."),
    ] = None,
    public_key: Annotated[
        Path | None, typer.Option(help="Ed25519 key, PEM or 32 bytes, to check signatures with.")
    ] = None,
) -> None:
    """Check every record of the log, and the chain; with anchors also its end and its whole."""
    from matcher.gallery import Gallery
    from matcher.governance import read_anchors

    kept = [anchor for file in anchors or () for anchor in read_anchors(file)]
    key = None if public_key is None else _content(public_key)
    with Gallery.open(gallery) as opened:
        found = opened.verify_log(anchors=kept, public_key=key)
    for fault in found.faults:
        say(f"Fault: {fault}")
    if found.more_faults:
        say(f"Further faults: {found.more_faults}.")
    if found.not_ended:
        numbers = some_of([str(number) for number in found.not_ended])
        say(f"Note: begun and not ended (the process died, or still works): {numbers}.")
    if found.recovered:
        numbers = some_of([str(number) for number in found.recovered])
        say(f"Note: half a record of a write that died was cut off before: {numbers}.")
    if found.half_record:
        say(f"Note: half a record of a write that died is at the end: {found.half_record} bytes.")
    if not kept:
        say("Note: without --anchors, a cut end or a log written anew cannot be found.")
    signed = "" if found.signed is None else f", {found.signed} of them signed"
    faults = counted(len(found.faults) + found.more_faults, "fault")
    say(f"{counted(found.records, 'record')} checked{signed}, {faults}.")
    raise typer.Exit(Exit.DONE if found.ok else Exit.ATTENTION)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            "public key",
            rule="must be a file that can be read",
            got=error.strerror,
            next_step="Check the path.",
            path=path,
        ) from error


@log.command()
def anchor(
    gallery: GalleryPath,
    to: Annotated[
        Path,
        typer.Option(help="File to append to; best where the gallery's users cannot write."),
    ],
) -> None:
    """Append number and hash of the last record to a file, as a proof of what was there."""
    from matcher.governance import ActivityLog, append_anchor

    require_place_for("--to", to)
    head = ActivityLog.of(gallery).head()
    append_anchor(to, head)
    say(f"Record {head.number} is anchored in {shown(to)}.")


@log.command()
@with_context
def export(
    gallery: GalleryPath,
    out: Annotated[Path, typer.Option(help="File to write, one record of JSON a line.")],
) -> None:
    """Write the records as they stand, with tokens in place of names. The export is recorded."""
    from matcher.gallery.files import replace_private
    from matcher.governance import ActivityLog

    require_place_for("--out", out)
    kept = ActivityLog.of(gallery)
    with (
        open_for_use(gallery) as opened,
        writing_to("--out", out, "Run the same command again."),
        opened.recorded("export", of="log") as end,
    ):
        lines = [record.line() for record in kept.records()]
        replace_private(out, b"".join(line + b"\n" for line in lines))
        end["lines"] = len(lines)
    say(f"{counted(len(lines), 'record')} in {shown(out)}.")
