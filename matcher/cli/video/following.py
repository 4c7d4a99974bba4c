"""`matcher frames`: follow the faces of a video, and keep the best frames of each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from matcher.cli.app import Exit, app
from matcher.cli.console import Format, print_rows, progress, say
from matcher.cli.options import (
    DEFAULT_MODEL,
    Device,
    InPrecision,
    Model,
    Output,
    Policy,
    Precision,
    QualityPolicyName,
    WithDetector,
    extractor_of,
)
from matcher.cli.places import require_place_for_folder
from matcher.words import counted


def _time(given: str) -> float:
    from matcher.errors import InputError
    from matcher.video import seconds_of

    try:
        return seconds_of(given)
    except InputError as error:
        raise typer.BadParameter(f"{error.got}: {error.rule}") from error


@app.command()
def frames(
    video: Annotated[Path, typer.Argument(metavar="VIDEO", help="A video file of this machine.")],
    out: Annotated[Path, typer.Option(help="New folder for pictures, lists and a page.")],
    per_second: Annotated[
        float, typer.Option(help="Frames of each second that are looked at, up to 240.")
    ] = 4.0,
    start: Annotated[
        Any,
        typer.Option(
            "--from", parser=_time, metavar="TIME", help="Where to begin: 95, 1:35, 00:01:35.5."
        ),
    ] = None,
    until: Annotated[
        Any, typer.Option(parser=_time, metavar="TIME", help="Where to end; the end if not given.")
    ] = None,
    best: Annotated[int, typer.Option(min=1, max=100, help="Frames to keep of each track.")] = 5,
    stream: Annotated[
        int, typer.Option(min=1, help="Track of pictures, if the file has several.")
    ] = 1,
    policy: QualityPolicyName = Policy.standard,
    model: Model = DEFAULT_MODEL,
    least_score: Annotated[
        float | None,
        typer.Option(
            min=-1, max=1, help="Least score of a face with its track; measured for the default."
        ),
    ] = None,
    device: Device = "cpu",
    precision: InPrecision = Precision.float32,
    detector: WithDetector = None,
    output: Output = Format.table,
) -> None:
    """Follow the faces of a video; keep the best frames of each as a probe of several photos."""
    from matcher.faces import POLICIES
    from matcher.video import (
        described_video,
        read_tracks,
        require_new_folder,
        video_facts,
        write_tracks,
    )
    from matcher.video.track import COLUMNS

    require_place_for_folder("--out", out)
    require_new_folder(out)
    say(f"{video}: {described_video(video_facts(video, stream=stream))}.")
    extractor = extractor_of(model, device, precision, detector=detector)
    with progress() as hook:
        tracks = read_tracks(
            video,
            extractor,
            per_second=per_second,
            start=start or 0.0,
            until=until,
            best=best,
            stream=stream,
            policy=POLICIES[policy.value],
            least_score=least_score,
            on_progress=hook,
        )
        try:
            written = write_tracks(out, tracks)
        finally:
            if not tracks.finished:
                _say_notes(tracks)
    _say_notes(tracks)
    say(
        f"{counted(len(written.rows), 'track')}; the pictures are in {out}, the page is sheet.html."
    )
    print_rows(
        written.rows, output, columns=COLUMNS, always=("track", "first", "last", "faces", "folder")
    )
    complete = written.rows and not tracks.counts.ended
    raise typer.Exit(Exit.DONE if complete else Exit.ATTENTION)


def _say_notes(tracks: Any) -> None:
    for note in tracks.notes():
        say(f"  {note}")
