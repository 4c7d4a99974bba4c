"""The contact sheet: one self-contained HTML page with the best frames of each track."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from PIL import Image

from matcher.gallery.files import replace_private
from matcher.paths import shown
from matcher.search.lead_sheet.environment import page_environment
from matcher.search.lead_sheet.pictures import as_jpeg, draw_boxes
from matcher.video.facts import described_video
from matcher.video.reading import VideoTracks
from matcher.video.times import time_text
from matcher.video.track import BestFrame, Track

MOST_TRACKS: Final = 500
"""Tracks that a page shows with pictures. One takes up to 80 kB, so that a page stays below
40 MB."""

FACE_SIDE: Final = 200
"""Longest side of the picture of a face, in pixels."""


@dataclass(frozen=True)
class ShownFrame:
    """One frame on the page: when, the face as base64 of a JPEG, and what was measured."""

    at: str
    face: str
    size: tuple[int, int]
    said: str


@dataclass(frozen=True)
class ShownTrack:
    """One track on the page; without pictures where the page has no room for them."""

    row: dict[str, Any]
    number: int
    frames: tuple[ShownFrame, ...] = ()
    whole: str = ""
    whole_size: tuple[int, int] = (0, 0)


class ContactSheet:
    """Collects the tracks of a page; of each it keeps small pictures only."""

    def __init__(self) -> None:
        self._shown: list[ShownTrack] = []

    def add(self, track: Track) -> None:
        """Take a track, with its pictures if there is room."""
        if len(self._shown) >= MOST_TRACKS:
            self._shown.append(ShownTrack(track.row(), track.number))
            return
        best = max(track.best, key=lambda one: one.goodness)
        whole = _with_box(best)
        frames = tuple(map(_shown, track.best))
        self._shown.append(
            ShownTrack(track.row(), track.number, frames, as_jpeg(whole, 75), whole.size)
        )

    def write(self, path: Path, tracks: VideoTracks) -> None:
        """Write the page; only its owner can read it.

        Raises
        ------
        OSError
            The file cannot be written.
        """
        name = shown(tracks.path.name)
        page = (
            page_environment("matcher.video", "matcher.search.lead_sheet")
            .get_template("contact_sheet.html")
            .render(
                title=f"Faces in {name}",
                video=described_video(tracks.facts),
                notes=list(tracks.notes()),
                tracks=sorted(self._shown, key=lambda one: one.number),
                without_room=max(0, len(self._shown) - MOST_TRACKS),
                room=MOST_TRACKS,
            )
        )
        replace_private(path, page.encode("utf-8", "backslashreplace"))


def _shown(one: BestFrame) -> ShownFrame:
    image = Image.fromarray(one.face.photo.pixels)
    image.thumbnail((FACE_SIDE, FACE_SIDE))
    quality = one.face.quality
    said = (
        f"eyes {quality.inter_eye_distance:.0f} px apart, sharpness {quality.sharpness:.2f}, "
        f"turned {quality.yaw:.0f}°"
    )
    return ShownFrame(time_text(one.time), as_jpeg(image, 85), image.size, said)


def _with_box(one: BestFrame) -> Image.Image:
    image = Image.fromarray(one.overview)
    draw_boxes(image, [one.box], one.frame_size)
    return image
