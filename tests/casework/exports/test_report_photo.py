"""The pictures of a photo in a report: aligned, measured, without other faces, without metadata."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import group_photos
import numpy as np
import pytest
from made_lead_report import pixels_of
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo
from rendered_cohort import Cohort

from matcher.casework import ReportPhoto, report_photo
from matcher.casework.exports.photos import FACE_SIDE
from matcher.embedding import Extractor
from matcher.faces import Face, measure
from matcher.photos import Photo, load_photo, sha256_of
from matcher.search.lead_sheet.pictures import EYE_DISTANCE, EYE_LINE, SIDE

MARK = b"SECRET-MARK"


def box_of_largest(photo: Path, extractor: Extractor) -> tuple[float, float, float, float]:
    (faces,) = extractor.detect([load_photo(photo)])
    left, top, right, bottom = faces[0].box.tolist()
    return left, top, right, bottom


def segments(jpeg: bytes) -> set[int]:
    """Return the markers of a JPEG up to its pixels."""
    found, place = set(), 2
    while jpeg[place + 1] != 0xDA:
        assert jpeg[place] == 0xFF
        found.add(jpeg[place + 1])
        place += 2 + int.from_bytes(jpeg[place + 2 : place + 4], "big")
    return found


@pytest.mark.parametrize("encoding", ["JPEG", "PNG", "TIFF"])
def test_metadata_of_a_photo_is_in_none_of_its_pictures(
    encoding: str, tmp_path: Path, cohort: Cohort, extractor: Extractor
) -> None:
    mark, path = MARK.decode(), tmp_path / f"marked.{encoding.lower()}"
    exif = Image.Exif()
    exif[0x010F], exif[0x010E] = mark, mark
    with Image.open(cohort.probes[0]) as image:
        if encoding == "PNG":
            texts = PngInfo()
            texts.add_text("Comment", mark)
            image.convert("RGB").save(path, pnginfo=texts, exif=exif)
        elif encoding == "TIFF":
            image.convert("RGB").save(path, exif=exif)
        else:
            xmp = b"<x:xmpmeta>" + MARK + b"</x:xmpmeta>"
            image.convert("RGB").save(path, exif=exif, comment=mark, xmp=xmp)
    assert MARK in path.read_bytes()
    made = report_photo(path, ReportPhoto(sha256_of(path)), None, detector=extractor)
    assert made.pictures is not None
    for picture in (made.pictures.face, made.pictures.whole):
        assert MARK not in picture
        assert segments(picture) <= {0xE0, 0xDB, 0xC0, 0xC4}  # JFIF, tables, frame


class TwoDots:
    """A detector of one face whose eyes are given."""

    def __init__(self, right: tuple[float, float], left: tuple[float, float]) -> None:
        across = np.subtract(left, right)
        down = np.array([-across[1], across[0]])
        middle = np.add(right, left) / 2 + down / 2
        points = [right, left, middle, np.add(right, down), np.add(left, down)]
        size = np.hypot(*across)
        self.landmarks = np.array(points, np.float32)
        self.box = np.concatenate([middle - size, middle + size]).astype(np.float32)

    def detect(self, photos: Sequence[Photo]) -> list[list[Face]]:
        (photo,) = photos
        quality = measure(photo, self.box, self.landmarks, 1.0)
        return [[Face(photo, self.box, self.landmarks, 1.0, quality)]]


@pytest.mark.parametrize(
    ("right", "left"), [((100, 120), (140, 120)), ((420, 300), (560, 250)), ((60, 200), (75, 215))]
)
def test_eyes_lie_at_the_same_places_whatever_the_photo(
    tmp_path: Path, right: tuple[float, float], left: tuple[float, float]
) -> None:
    image, path = Image.new("RGB", (800, 600), (128, 200, 128)), tmp_path / "dots.png"
    distance = float(np.hypot(*np.subtract(left, right)))
    radius = distance / 8
    for (x, y), colour in zip((right, left), ("red", "blue"), strict=True):
        corners = (x - radius, y - radius, x + radius, y + radius)
        ImageDraw.Draw(image).ellipse(corners, fill=colour)
    image.save(path)
    made = report_photo(path, ReportPhoto(), None, detector=TwoDots(right, left)).pictures
    assert made is not None
    assert made.eye_distance == pytest.approx(distance)
    assert made.scale == pytest.approx(FACE_SIDE / SIDE * EYE_DISTANCE / distance, rel=1e-3)
    pixels = pixels_of(made.face).astype(int)
    assert pixels.shape == (FACE_SIDE, FACE_SIDE, 3)
    height = FACE_SIDE / SIDE * EYE_LINE
    for channel, side in ((0, -1), (2, 1)):
        rows, columns = np.nonzero(pixels[..., channel] - pixels[..., 1] > 60)
        across = FACE_SIDE / 2 + side * EYE_DISTANCE * FACE_SIDE / SIDE / 2
        assert (columns.mean(), rows.mean()) == pytest.approx(
            (across, height), abs=max(3, made.scale)
        )


def test_everybody_but_the_compared_face_is_obscured(
    tmp_path: Path, cohort: Cohort, extractor: Extractor
) -> None:
    group = group_photos.write(tmp_path / "group.png", cohort.probes[:3], [1.0, 0.8, 0.7])
    (faces,) = extractor.detect([load_photo(group)])
    assert len(faces) == 3
    box = box_of_largest(group, extractor)
    made = report_photo(group, ReportPhoto(), box, detector=extractor)
    assert made.pictures is not None
    assert made.pictures.blurred == 2
    assert not made.pictures.overlapping
    for picture in (made.pictures.face, made.pictures.whole):
        (left,) = extractor.detect([load_photo(picture)])
        assert len(left) == 1


class Fixed:
    """A detector that always finds the same faces."""

    def __init__(self, faces: list[Face]) -> None:
        self.faces = faces

    def detect(self, photos: Sequence[Photo]) -> list[list[Face]]:
        return [self.faces for _ in photos]


def test_a_neighbour_is_obscured_in_the_picture_of_the_face_too(
    tmp_path: Path, cohort: Cohort, extractor: Extractor
) -> None:
    """Two people stand so close that one reaches into the picture of the other."""
    group = group_photos.write(tmp_path / "group.png", cohort.probes[:2], [1.0, 1.0])
    with Image.open(group) as image:
        width = image.width // 2
        close = Image.new("RGB", (width + width // 2, image.height))
        close.paste(image.crop((width, 0, 2 * width, image.height)), (width // 2, 0))
        close.paste(image.crop((0, 0, round(0.8 * width), image.height)), (0, 0))
        close.save(group)
    (faces,) = extractor.detect([load_photo(group)])
    assert len(faces) == 2
    left, right = sorted(faces, key=lambda face: float(face.box[0]))
    box = tuple(map(float, left.box))
    made, bare = (
        report_photo(group, ReportPhoto(), box, detector=detector).pictures  # type: ignore[arg-type]
        for detector in (Fixed([left, right]), Fixed([left]))
    )
    assert made is not None
    assert bare is not None
    assert (made.blurred, bare.blurred) == (1, 0)
    shown, before = pixels_of(made.face).astype(int), pixels_of(bare.face).astype(int)
    changed = np.abs(shown - before).max(axis=2) > 12
    middle = slice(FACE_SIDE // 3, 2 * FACE_SIDE // 3)
    assert not changed[middle, middle].any()
    assert changed[:, -FACE_SIDE // 4 :].mean() > 0.1
    assert not changed[:, : FACE_SIDE // 4].any()


def test_a_photo_that_is_not_what_was_compared_is_not_shown(
    tmp_path: Path, cohort: Cohort, extractor: Extractor
) -> None:
    facts = ReportPhoto(sha256_of(cohort.probes[0]))
    other, broken = cohort.probes[1], tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    for source, why in (
        (other, "changed"),
        (other.read_bytes(), "changed"),
        (None, "not kept"),
        (tmp_path / "gone.png", "unreadable"),
        (broken, "unreadable"),
        (b"no picture", "unreadable"),
    ):
        made = report_photo(source, facts, None, detector=extractor)
        assert (made.missing, made.pictures) == (why, None)


def test_bytes_of_a_photo_give_the_pictures_of_its_file(
    cohort: Cohort, extractor: Extractor
) -> None:
    path = cohort.probes[0]
    facts = ReportPhoto(sha256_of(path))
    of_file, of_bytes = (
        report_photo(source, facts, None, detector=extractor).pictures
        for source in (path, path.read_bytes())
    )
    assert of_file is not None
    assert of_bytes is not None
    assert (of_file.face, of_file.whole) == (of_bytes.face, of_bytes.whole)


def test_without_a_box_several_faces_or_none_are_not_guessed(
    tmp_path: Path, cohort: Cohort, extractor: Extractor
) -> None:
    group = group_photos.write(tmp_path / "group.png", cohort.probes[:2])
    plain = tmp_path / "plain.png"
    Image.new("RGB", (200, 200), "grey").save(plain)
    for path, why in ((group, "several faces"), (plain, "no face")):
        assert report_photo(path, ReportPhoto(), None, detector=extractor).missing == why


def test_a_face_whose_eyes_are_not_found_again_is_cut_out_by_its_box(
    tmp_path: Path, extractor: Extractor
) -> None:
    plain = tmp_path / "plain.png"
    Image.new("RGB", (200, 200), (10, 200, 10)).save(plain)
    made = report_photo(plain, ReportPhoto(), (60, 50, 100, 110), detector=extractor).pictures
    assert made is not None
    assert made.eye_distance is None
    assert made.face_size == (40, 60)
    assert pixels_of(made.face)[320, 360, 1] > 150
