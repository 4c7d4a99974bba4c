"""Where a photo may come from, and what is said when it cannot be had."""

import hashlib
from io import BytesIO, StringIO

import numpy as np
import pytest
from photo_bytes import encoded, picture, valid_files
from PIL import Image

from matcher.errors import (
    InputError,
    PhotoChangedError,
    PhotoError,
    PhotoFormatError,
    PhotoNotFoundError,
    PhotoTooLargeError,
)
from matcher.photos import DecodeLimits, find_photos, load_photo, load_unchanged, sha256_of


@pytest.fixture
def png():
    return encoded(picture(), "PNG")


def test_every_source_of_the_same_bytes_gives_the_same_photo(tmp_path, png):
    path = tmp_path / "photo.png"
    path.write_bytes(png)
    sources = [path, str(path), png, bytearray(png), memoryview(png), BytesIO(png)]
    with path.open("rb") as file:
        photos = [load_photo(source) for source in (*sources, file)]
    for photo in photos:
        assert np.array_equal(photo.pixels, picture())
        assert photo.sha256 == hashlib.sha256(png).hexdigest() == sha256_of(path)
        assert photo.format == "PNG"
        assert photo.original_size == photo.size == (64, 48)
        assert not photo.pixels.flags.writeable
    assert [photo.path for photo in photos[:3]] == [path, path, None]


def test_pixels_are_our_own_and_read_only():
    pixels = picture()
    photo = load_photo(pixels)
    pixels[:] = 0
    assert np.array_equal(photo.pixels, picture())
    assert photo.pixels.flags.c_contiguous
    assert not photo.pixels.flags.writeable
    assert photo.format == "array"


def test_the_hash_of_pixels_depends_on_shape_and_values_only():
    flat = np.zeros((2, 6, 3), np.uint8)
    assert load_photo(flat).sha256 == load_photo(Image.fromarray(flat)).sha256
    assert load_photo(flat).sha256 != load_photo(flat.reshape(6, 2, 3)).sha256
    assert load_photo(flat).sha256 != load_photo(flat + np.uint8(1)).sha256


def test_a_strided_view_is_read_as_it_looks():
    view = picture()[::2, ::-1]
    assert np.array_equal(load_photo(view).pixels, view)


@pytest.mark.parametrize(
    "array",
    [
        pytest.param(np.full((4, 4, 3), np.nan), id="NaN"),
        pytest.param(np.zeros((4, 4, 3), np.float32), id="floats"),
        pytest.param(np.zeros((4, 4, 3), np.int64), id="wide integers"),
        pytest.param(np.zeros((4, 4), np.uint8), id="no channels"),
        pytest.param(np.zeros((4, 4, 4), np.uint8), id="four channels"),
        pytest.param(np.zeros((3, 4, 4), np.uint8), id="channels first"),
        pytest.param(np.zeros((0, 4, 3), np.uint8), id="no rows"),
    ],
)
def test_other_arrays_are_refused(array):
    with pytest.raises(PhotoFormatError, match=r"\(height, width, 3\)") as refusal:
        load_photo(array)
    assert str(array.dtype) in refusal.value.got


@pytest.mark.parametrize("source", [None, 7, ["a.jpg"], object()])
def test_things_that_are_no_source_are_refused(source):
    with pytest.raises(PhotoFormatError, match="the photo source"):
        load_photo(source)


def test_a_missing_file_is_named(tmp_path):
    for read in (load_photo, sha256_of):
        with pytest.raises(PhotoNotFoundError) as refusal:
            read(tmp_path / "none.jpg")
        assert isinstance(refusal.value, FileNotFoundError)
        assert refusal.value.path == tmp_path / "none.jpg"


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 5000])
def test_impossible_paths_are_not_found(tmp_path, name):
    with pytest.raises(PhotoNotFoundError):
        load_photo(f"{tmp_path}/{name}")


def test_a_folder_is_not_a_photo(tmp_path):
    with pytest.raises(PhotoNotFoundError, match="a folder"):
        load_photo(tmp_path)


def test_an_empty_file_and_a_text_file_are_not_photos(tmp_path):
    for content, got in ((b"", "an empty file"), (b"Dear all,", "bytes that start with")):
        path = tmp_path / "note.jpg"
        path.write_bytes(content)
        with pytest.raises(PhotoFormatError, match=got) as refusal:
            load_photo(path)
        assert refusal.value.path == path
        assert refusal.value.next_step


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".heic", ".tif", ""])
def test_the_suffix_plays_no_part(tmp_path, suffix):
    path = tmp_path / f"photo{suffix}"
    for name in ("jpeg", "png", "webp", "tiff", "gif", "bmp", "heic"):
        data = valid_files()[name]
        path.write_bytes(data)
        photo = load_photo(path)
        assert photo.format == {"heic": "HEIF"}.get(name, name.upper())
        assert np.array_equal(photo.pixels, load_photo(data).pixels)


def test_a_file_in_text_mode_and_a_closed_file_are_refused(png):
    with pytest.raises(PhotoFormatError, match="binary"):
        load_photo(StringIO("text"))
    closed = BytesIO(png)
    closed.close()
    with pytest.raises(PhotoError):
        load_photo(closed)


def test_a_file_is_read_from_where_it_stands(png):
    file = BytesIO(b"header" + png)
    file.seek(6)
    assert load_photo(file).format == "PNG"


def test_files_above_the_byte_limit_are_refused(tmp_path, png):
    path = tmp_path / "photo.png"
    path.write_bytes(png)
    tight = DecodeLimits(max_bytes=len(png) - 1)
    for source in (path, png, BytesIO(png)):
        with pytest.raises(PhotoTooLargeError, match="bytes"):
            load_photo(source, limits=tight)
        load_photo(path, limits=DecodeLimits(max_bytes=len(png)))


@pytest.mark.parametrize("name", valid_files())
def test_pictures_above_the_pixel_limit_are_refused(name):
    data = valid_files()[name]
    with pytest.raises(PhotoTooLargeError, match="pixels"):
        load_photo(data, limits=DecodeLimits(max_pixels=64 * 48 - 1))
    load_photo(data, limits=DecodeLimits(max_pixels=64 * 48))


def test_the_pixel_limit_holds_for_arrays_and_images():
    for source in (picture(), Image.fromarray(picture())):
        with pytest.raises(PhotoTooLargeError):
            load_photo(source, limits=DecodeLimits(max_pixels=100))


@pytest.mark.parametrize("limits", [{"max_bytes": 0}, {"max_pixels": 0}, {"max_pixels": 10**10}])
def test_impossible_limits_are_refused(limits):
    with pytest.raises(InputError, match=r"DecodeLimits\.max_"):
        DecodeLimits(**limits)


def test_a_folder_lists_its_photos_sorted_and_stays_inside(tmp_path):
    outside = tmp_path / "outside"
    folder = tmp_path / "case"
    (folder / "b").mkdir(parents=True)
    outside.mkdir()
    for path in (folder / "z.JPG", folder / "b" / "a.heic", outside / "other.png"):
        path.write_bytes(b"")
    (folder / "notes.txt").write_text("")
    (folder / "linked.png").symlink_to(outside / "other.png")
    (folder / "linked").symlink_to(outside)
    (folder / "loop.png").symlink_to(folder / "loop.png")
    (folder / "inside.jpg").symlink_to(folder / "z.JPG")
    assert find_photos(folder) == [
        folder / "b" / "a.heic",
        folder / "inside.jpg",
        folder / "z.JPG",
    ]
    assert find_photos(str(folder)) == find_photos(folder)


def test_a_missing_folder_is_named(tmp_path):
    (tmp_path / "file.png").write_bytes(b"")
    for folder in (tmp_path / "none", tmp_path / "file.png"):
        with pytest.raises(PhotoNotFoundError, match="existing folder"):
            find_photos(folder)


def test_a_photo_with_the_bytes_of_before_is_loaded_and_another_is_refused(tmp_path):
    path = tmp_path / "photo.png"
    Image.new("RGB", (8, 8), (10, 20, 30)).save(path)
    sha256 = sha256_of(path)
    assert load_unchanged(path, sha256).size == (8, 8)
    Image.new("RGB", (8, 8), (10, 20, 31)).save(path)
    with pytest.raises(PhotoChangedError, match="other bytes"):
        load_unchanged(path, sha256)
    path.unlink()
    with pytest.raises(PhotoNotFoundError):
        load_unchanged(path, sha256)
