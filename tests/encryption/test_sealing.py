"""Sealed files: what is written is read, and anything else is an error."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.encryption import GalleryKey, SealedReader, SealedWriter, new_keys, seal, unseal

KEYS = new_keys(GalleryKey.new())
CHUNK = 1 << 20
SIZES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 7)


@pytest.mark.parametrize("size", SIZES)
def test_what_is_sealed_is_read_again(size: int) -> None:
    content = bytes(number % 251 for number in range(size))
    sealed = seal(content, KEYS, "index")
    assert unseal(sealed, KEYS, "index") == content
    assert size < 64 or content[:64] not in sealed


def test_the_same_content_never_gives_the_same_bytes() -> None:
    first, second = (seal(b"a" * 1000, KEYS, "index") for _ in range(2))
    assert first[8:40] != second[8:40]
    assert first[40:] != second[40:]


@given(st.lists(st.binary(max_size=3000), max_size=5), st.lists(st.integers(0, 2000), max_size=8))
def test_pieces_are_joined_and_read_in_any_pieces(parts: list[bytes], counts: list[int]) -> None:
    file = io.BytesIO()
    writer = SealedWriter(file, KEYS, "index")
    for part in parts:
        writer.write(part)
    writer.finish()
    file.seek(0)
    reader, plain = SealedReader(file, KEYS, "index"), io.BytesIO(b"".join(parts))
    assert reader.size == len(plain.getvalue())
    for count in counts:
        assert reader.read(count) == plain.read(count)
        assert reader.tell() == plain.tell()
    reader.seek(0)
    assert reader.read(1 << 20) == plain.getvalue()


@given(st.data())
def test_every_changed_bit_is_noticed(data: st.DataObject) -> None:
    sealed = bytearray(seal(b"vectors of faces" * 20, KEYS, "index"))
    place = data.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[place // 8] ^= 1 << place % 8
    with pytest.raises(ValueError, match=r"sealed file|what was written"):
        unseal(bytes(sealed), KEYS, "index")


@pytest.mark.parametrize("kept", [0, 8, 39, 40, 55, 56, 40 + CHUNK + 16, 40 + 2 * (CHUNK + 16)])
def test_what_is_cut_off_is_noticed(kept: int) -> None:
    sealed = seal(bytes(2 * CHUNK + 100), KEYS, "index")
    with pytest.raises(ValueError, match=r"sealed file|what was written"):
        unseal(sealed[:kept], KEYS, "index")


def test_chunks_cannot_change_places() -> None:
    sealed = seal(bytes(2 * CHUNK + 100), KEYS, "index")
    one, two = sealed[40 : 40 + CHUNK + 16], sealed[40 + CHUNK + 16 : 40 + 2 * (CHUNK + 16)]
    with pytest.raises(ValueError, match="what was written"):
        unseal(sealed[:40] + two + one + sealed[40 + 2 * (CHUNK + 16) :], KEYS, "index")


def test_bytes_after_the_end_are_noticed() -> None:
    with pytest.raises(ValueError, match="what was written"):
        unseal(seal(b"index", KEYS, "index") + b"\0", KEYS, "index")


def test_other_keys_and_other_purposes_do_not_open_it() -> None:
    sealed = seal(b"content", KEYS, "index")
    for keys, purpose in ((KEYS, "probe"), (new_keys(KEYS.key), "index")):
        with pytest.raises(ValueError, match="what was written"):
            unseal(sealed, keys, purpose)
