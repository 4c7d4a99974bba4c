"""Write the tracks of a video into a folder: pictures, two lists, and a page with all of them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Final

from PIL import Image

from matcher._version import __version__
from matcher.arguments import expect, path_of
from matcher.cells import write_csv
from matcher.errors import OutputError
from matcher.gallery.files import replace_private
from matcher.paths import shown
from matcher.private_files import FOLDER_MODE, open_private
from matcher.video.reading import VideoTracks
from matcher.video.sheet import ContactSheet
from matcher.video.track import COLUMNS, Track

CSV_NAME: Final = "tracks.csv"
JSON_NAME: Final = "tracks.json"
SHEET_NAME: Final = "sheet.html"
# "tracks.csv", "tracks.json", "sheet.html"
FORMAT: Final = 1


@dataclass(frozen=True)
class WrittenTracks:
    """What was written.

    Parameters
    ----------
    folder
        The folder.
    rows
        A row for each track, see `matcher.video.track.COLUMNS`, in the order of the numbers.
    """

    folder: Path
    rows: tuple[dict[str, Any], ...]


def write_tracks(folder: str | PathLike[str], tracks: VideoTracks) -> WrittenTracks:
    """Write each track as it ends, and the lists; only the owner of the files can read them.

    `tracks.csv` has a row for each track, and `track-0001` and so on hold the pictures of its best
    frames, so that each of these folders is a probe of several photos. Both are written while the
    video is read. `tracks.json` also tells what was left out, and `sheet.html` shows the pictures;
    both are written at the end, or when the run is interrupted.

    Parameters
    ----------
    folder
        A folder that does not exist: this makes it, so that two runs never write into one.
    tracks
        What `read_tracks` returned.

    Raises
    ------
    OutputError
        If the folder exists, or something cannot be written. What was written stays.
    """
    place = path_of("folder", folder)
    step = "Take them from `matcher.video.read_tracks`."
    expect("tracks", tracks, VideoTracks, rule="must be tracks of a video", next_step=step)
    with tracks:
        try:
            require_new_folder(place)
            place.mkdir(FOLDER_MODE)  # fails if another run made it meanwhile
            return _write(place, tracks)
        except OSError as error:
            raise OutputError(
                "the folder of tracks",
                rule="takes all files",
                got=error.strerror or type(error).__name__,
                next_step="Make room or correct the rights, and write into another folder.",
                path=place,
            ) from error


def require_new_folder(folder: Path) -> None:
    """Refuse a folder of tracks that exists.

    Raises
    ------
    OutputError
        If there is something at its place.
    """
    if os.path.lexists(folder):
        raise OutputError(
            "the folder of tracks",
            rule="must not exist yet, so that no two runs mix their pictures",
            got="one that exists",
            next_step="Name another folder, or delete this one.",
            path=folder,
        )


def _write(folder: Path, tracks: VideoTracks) -> WrittenTracks:
    writer = _Writer(folder, tracks)
    options: dict[str, Any] = {"encoding": "utf-8", "newline": "", "buffering": 1}  # line by line
    try:
        with open_private(folder / CSV_NAME, **options) as file:
            write_csv(file, COLUMNS, writer.rows())
    finally:
        writer.finish()
    return WrittenTracks(folder, tuple(sorted(writer.done, key=lambda row: int(row["track"]))))


class _Writer:
    """Writes tracks as they come, and keeps no pictures but those of the page."""

    def __init__(self, folder: Path, tracks: VideoTracks) -> None:
        self._folder, self._tracks = folder, tracks
        self._facts: list[dict[str, Any]] = []
        self._sheet = ContactSheet()
        self.done: list[dict[str, Any]] = []

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the row of each track after its pictures were written."""
        for track in self._tracks:
            self._write_pictures(track)
            self._facts.append(track.facts())
            self._sheet.add(track)
            self.done.append(track.row())
            yield self.done[-1]

    def finish(self) -> None:
        """Write what needs to know all tracks."""
        by_number = sorted(self._facts, key=lambda facts: int(facts["track"]))
        video, counts = self._tracks.facts, self._tracks.counts
        summary = {
            "format": FORMAT,
            "program": f"matcher {__version__}",
            "video": {"path": shown(self._tracks.path), **asdict(video)},
            "finished": self._tracks.finished,
            "counts": asdict(counts),
            "notes": list(self._tracks.notes()),
            "tracks": by_number,
        }
        text = json.dumps(summary, ensure_ascii=False, indent=1)
        replace_private(self._folder / JSON_NAME, text.encode("utf-8", "backslashreplace"))
        self._sheet.write(self._folder / SHEET_NAME, self._tracks)

    def _write_pictures(self, track: Track) -> None:
        place = self._folder / track.folder
        place.mkdir(FOLDER_MODE)
        for one in track.best:
            with open_private(place / one.file_name, "wb") as file:
                Image.fromarray(one.face.photo.pixels).save(file, format="PNG", compress_level=6)
