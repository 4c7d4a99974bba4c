"""A file of several pictures says so, and any of its pictures can be read."""

from io import BytesIO

import numpy as np
import pillow_heif
import pytest
import tifffile
from photo_bytes import encoded, picture
from PIL import Image
from tiff_files import directory, header

from matcher.errors import InputError, PhotoFormatError
from matcher.photos import load_photo


def pages_of_size(*sizes):
    return [picture(height, width) // (number + 1) for number, (height, width) in enumerate(sizes)]


def tiff_of_pages(pages, marks=None, **options):
    file = BytesIO()
    with tifffile.TiffWriter(file, **options) as writer:
        for page, mark in zip(pages, marks or [0] * len(pages), strict=True):
            writer.write(page, photometric="rgb", subfiletype=mark, metadata=None)
    return file.getvalue()


def heif_of(pictures, primary):
    file = BytesIO()
    whole = pillow_heif.from_pillow(Image.fromarray(pictures[0]))
    for other in pictures[1:]:
        whole.add_from_pillow(Image.fromarray(other))
    whole.save(file, quality=-1, primary_index=primary)
    return file.getvalue()


THREE = [picture(), picture() // 2, picture()[::-1].copy()]
IMAGES = [Image.fromarray(one) for one in THREE]
MORE = {"save_all": True, "append_images": IMAGES[1:]}
FILES = {
    "TIFF": tiff_of_pages(THREE),
    "BigTIFF": tiff_of_pages(THREE, bigtiff=True),
    "big-endian TIFF": tiff_of_pages(THREE, byteorder=">"),
    "APNG": encoded(IMAGES[0], "PNG", **MORE),
    "GIF": encoded(IMAGES[0], "GIF", **MORE),
    "WebP": encoded(IMAGES[0], "WEBP", lossless=True, **MORE),
    "AVIF": encoded(IMAGES[0], "AVIF", quality=100, subsampling="4:4:4", **MORE),
    "MPO": encoded(IMAGES[0], "MPO", quality=98, subsampling=0, **MORE),
    "HEIC": heif_of(THREE, 0),
}


def distance(photo, pixels):
    return np.abs(photo.pixels.astype(int) - pixels).mean()


@pytest.mark.parametrize("name", FILES)
def test_the_first_of_several_pictures_is_read_and_said(name):
    photo = load_photo(FILES[name])
    assert photo.notes[0] == "picture 1 of 3 in the file"
    assert distance(photo, THREE[0]) < 4


@pytest.mark.parametrize("page", [1, 2, 3])
@pytest.mark.parametrize("name", FILES)
def test_every_picture_can_be_asked_for(name, page):
    photo = load_photo(FILES[name], page=page)
    assert photo.notes[0] == f"picture {page} of 3 in the file, as asked"
    assert distance(photo, THREE[page - 1]) < 4


@pytest.mark.parametrize("page", [0, -1, 4])
@pytest.mark.parametrize("name", FILES)
def test_a_page_that_the_file_has_not_is_refused(name, page, tmp_path):
    path = tmp_path / "scan"
    path.write_bytes(FILES[name])
    with pytest.raises(InputError, match=f"got {page}, in a file of 3 pictures") as refusal:
        load_photo(path, page=page)
    assert refusal.value.path == path


def test_a_file_of_one_picture_has_one_page_and_no_note():
    for name in ("PNG", "JPEG", "TIFF", "BMP"):
        data = encoded(picture(), name)
        assert load_photo(data, page=1).notes == load_photo(data).notes == ()
        with pytest.raises(InputError, match="a file of 1 picture"):
            load_photo(data, page=2)


def test_a_picture_that_is_no_file_has_no_pages():
    photo = load_photo(picture())
    for source in (picture(), Image.fromarray(picture()), photo):
        with pytest.raises(InputError, match="which is one picture"):
            load_photo(source, page=1)


def test_a_loaded_photo_is_a_source_that_is_not_touched():
    photo = load_photo(FILES["TIFF"], page=2)
    assert load_photo(photo) is photo


def test_the_primary_picture_of_a_heic_is_read():
    photo = load_photo(heif_of(THREE, 1))
    assert photo.notes[0] == "picture 2 of 3 in the file"
    assert distance(photo, THREE[1]) < 4


def test_an_image_that_somebody_opened_is_read_where_it_stands():
    image = Image.open(BytesIO(FILES["GIF"]))
    image.seek(1)
    photo = load_photo(image)
    assert photo.notes[0] == "picture 2 of 3 in the file"
    assert distance(photo, THREE[1]) < 4


SMALL, LARGE, OTHER = (24, 32), (96, 128), (96, 64)
MAIN, REDUCED, MASK = 0, 1, 4


@pytest.mark.parametrize(
    ("sizes", "marks", "read"),
    [
        pytest.param([SMALL, LARGE], [REDUCED, MAIN], 2, id="marked thumbnail, then the photo"),
        pytest.param([SMALL, LARGE], [MAIN, MAIN], 2, id="thumbnail of the same shape"),
        pytest.param([LARGE, SMALL], [MAIN, REDUCED], 1, id="photo, then its thumbnail"),
        pytest.param([(24, 24), LARGE], [REDUCED, MAIN], 2, id="marked thumbnail with borders"),
        pytest.param([LARGE, LARGE], [MAIN, MAIN], 1, id="two scans of one size"),
        pytest.param([OTHER, LARGE], [MAIN, MAIN], 1, id="two scans of different shapes"),
        pytest.param(
            [SMALL, OTHER, LARGE], [MAIN] * 3, 3, id="a scan between two sizes of another"
        ),
    ],
)
def test_of_the_sizes_of_one_photo_the_largest_is_read(sizes, marks, read):
    pages = pages_of_size(*sizes)
    photo = load_photo(tiff_of_pages(pages, marks))
    assert np.array_equal(photo.pixels, pages[read - 1])
    assert photo.notes[0].startswith(f"picture {read} of {len(sizes)} in the file")
    assert ("largest" in photo.notes[0]) == (read > 1 or REDUCED in marks)
    first = load_photo(tiff_of_pages(pages, marks), page=1)
    assert np.array_equal(first.pixels, pages[0])


def test_a_mask_is_not_a_picture():
    pixels = picture()
    tags = pixel_tags(pixels) | {273: (4, [8])}
    at = 8 + pixels.nbytes
    second = at + len(directory(tags, at=at))
    data = header(first=at) + pixels.tobytes() + directory(tags, at=at, following=second)
    data += directory(tags | {254: (4, [MASK])}, at=second)
    assert load_photo(data).notes == ()


def raw_like(sub_directories, orientation=1):
    """Return a TIFF as cameras write raw files: a thumbnail, and others in SubIFDs."""
    thumbnail = picture(*SMALL)
    parts = bytearray(header()) + bytes(4096)
    at = len(parts)
    parts += thumbnail.tobytes()
    places = []
    for tags, data in sub_directories:
        start = len(parts)
        parts += data
        at_directory = len(parts)
        places.append(at_directory)
        located = {tag: (kind, [start] if v == "start" else v) for tag, (kind, v) in tags.items()}
        parts += directory(located, at=at_directory)
    first = pixel_tags(thumbnail) | {
        254: (4, [REDUCED]),
        273: (4, [at]),
        274: (3, [orientation]),
        330: (4, places),
    }
    parts[8 : 8 + 4096] = directory(first).ljust(4096, b"\0")
    return bytes(parts)


def pixel_tags(pixels, photometric=2):
    height, width, _ = pixels.shape
    return {
        256: (4, [width]),
        257: (4, [height]),
        258: (3, [8, 8, 8]),
        259: (3, [1]),
        262: (3, [photometric]),
        273: (4, "start"),
        277: (3, [3]),
        278: (4, [height]),
        279: (4, [pixels.nbytes]),
    }


def as_preview(jpeg):
    """Return the directory of a preview as Nikon writes it: a whole JPEG, and no size."""
    tags = {254: (4, [REDUCED]), 259: (3, [6]), 513: (4, "start"), 514: (4, [len(jpeg)])}
    return tags, jpeg


def test_the_large_picture_of_a_raw_like_file_is_read_not_its_thumbnail():
    main = picture(*LARGE)
    photo = load_photo(raw_like([(pixel_tags(main) | {254: (4, [MAIN])}, main.tobytes())]))
    assert np.array_equal(photo.pixels, main)
    assert photo.format == "TIFF"
    assert photo.notes == (
        "picture 2 of 2 in the file, the largest of 2 that seem to show one photo",
    )


def test_of_a_raw_file_the_largest_preview_is_read_and_what_is_larger_is_named():
    sensor = picture(192, 256)
    data = raw_like(
        [
            as_preview(encoded(picture(*LARGE), "JPEG", quality=95)),
            (pixel_tags(sensor, 32803) | {254: (4, [MAIN])}, sensor.tobytes()),
        ]
    )
    photo = load_photo(data)
    assert photo.size == (128, 96)
    assert distance(photo, picture(*LARGE)) < 3
    assert photo.jpeg_quality == 95
    assert "picture 2 of 3" in photo.notes[0]
    assert "picture 3 has 256x192 pixels and is not read: raw data of the sensor" in photo.notes[0]
    with pytest.raises(PhotoFormatError, match=r"picture 3 of 3 in the TIFF.*sensor"):
        load_photo(data, page=3)


@pytest.mark.parametrize("kind", ["pixels", "preview"])
def test_a_picture_within_another_is_turned_with_it(kind):
    stored = np.ascontiguousarray(np.rot90(picture(*LARGE)))
    within = (pixel_tags(stored), stored.tobytes())
    if kind == "preview":
        within = as_preview(encoded(stored, "JPEG", quality=98, subsampling=0))
    photo = load_photo(raw_like([within], orientation=6))
    assert photo.size == (128, 96)
    assert photo.original_size == (96, 128)
    assert distance(photo, picture(*LARGE)) < 3
    assert "turned upright from EXIF orientation 6" in photo.notes


def test_a_tiff_whose_only_picture_is_raw_data_is_refused_with_the_reason():
    sensor = picture()
    tags = pixel_tags(sensor, 34892) | {273: (4, [8])}
    data = (
        header(first=8 + sensor.nbytes) + sensor.tobytes() + directory(tags, at=8 + sensor.nbytes)
    )
    with pytest.raises(PhotoFormatError, match="raw data of the sensor") as refusal:
        load_photo(data)
    assert "Save it as an 8-bit RGB file" in refusal.value.next_step


def test_a_chain_of_directories_that_bites_its_tail_ends():
    pixels = picture()
    at = 8 + pixels.nbytes
    tags = pixel_tags(pixels) | {273: (4, [8]), 330: (4, [at, at, 8, 0])}
    data = header(first=at) + pixels.tobytes() + directory(tags, at=at, following=at)
    assert np.array_equal(load_photo(data).pixels, pixels)


def test_a_damaged_later_picture_does_not_stop_the_first():
    for name in ("GIF", "APNG", "MPO"):
        data = FILES[name]
        photo = load_photo(data[: len(data) * 9 // 10])
        assert distance(photo, THREE[0]) < 4
        assert "of 3 in the file" in photo.notes[0] or "of several" in photo.notes[0]
