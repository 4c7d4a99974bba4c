"""The hashes of a photo are those of its file, whatever the format and whoever decodes it."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from photo_bytes import picture, valid_files

from matcher.decoding import Decoders, Decoding
from matcher.errors import PhotoNotFoundError, PhotoTooLargeError
from matcher.hashes import ALGORITHMS, FileHashes, hashes_of, hashes_of_stream
from matcher.photos import DecodeLimits, Photo, file_hashes, load_photo

FILES = valid_files()


def truth(data: bytes) -> FileHashes:
    return FileHashes(**{name: hashlib.new(name, data).hexdigest() for name in ALGORITHMS})


def of(photo: Photo) -> tuple[str | None, ...]:
    return tuple(getattr(photo, name) for name in ALGORITHMS)


@given(st.binary(max_size=200), st.integers(0, 3))
def test_they_are_those_of_hashlib(data: bytes, blocks: int) -> None:
    data = data * (1 + blocks * 2000)  # also of several blocks
    assert hashes_of(data) == truth(data) == hashes_of_stream(io.BytesIO(data))


@pytest.mark.parametrize("name", FILES)
def test_a_decoded_photo_has_the_hashes_of_its_file(name: str, tmp_path: Path) -> None:
    data = FILES[name]
    path = tmp_path / "photo"
    path.write_bytes(data)
    true = truth(data)
    assert file_hashes(path) == true
    for source in (path, data, io.BytesIO(data)):
        assert of(load_photo(source)) == (true.sha256, true.sha1, true.md5)


def test_a_photo_that_is_decoded_apart_has_them_too(tmp_path: Path) -> None:
    paths = []
    for number, data in enumerate(FILES.values()):
        paths.append(tmp_path / str(number))
        paths[-1].write_bytes(data)
    with Decoders(Decoding(workers=1)) as decoders:
        photos = list(decoders.read_all(paths, ahead=4))
    for path, photo in zip(paths, photos, strict=True):
        true = truth(path.read_bytes())
        assert isinstance(photo, Photo)
        assert of(photo) == (true.sha256, true.sha1, true.md5)


def test_pixels_that_came_from_no_file_have_only_the_hash_of_pixels() -> None:
    photo = load_photo(picture())
    assert (photo.md5, photo.sha1) == (None, None)


def test_a_file_that_cannot_be_hashed_is_a_typed_error(tmp_path: Path) -> None:
    with pytest.raises(PhotoNotFoundError):
        file_hashes(tmp_path)
    (tmp_path / "large").write_bytes(b"12345")
    with pytest.raises(PhotoTooLargeError):
        file_hashes(tmp_path / "large", limits=DecodeLimits(max_bytes=4))
