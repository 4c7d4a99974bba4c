"""A colour profile is handed to Little CMS only if its tags hold what they claim."""

import struct
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from photo_bytes import encoded
from PIL import ImageCms

from matcher.photos import load_photo
from matcher.photos.structure import require_sound_profile

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
GREY = np.full((16, 16, 3), 128, np.uint8)

PROGRAM = """
import sys
from pathlib import Path
from matcher.photos import load_photo

def peak():
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in x)
    return int(line.split()[1]) * 1024

load_photo(sys.argv[1])
before = peak()
print(load_photo(sys.argv[2]).notes, file=sys.stderr)
print(peak() - before)
"""


def profile(*tags: bytes) -> bytes:
    """Return a profile that holds the tags; the header is that of sRGB."""
    at = 132 + 12 * len(tags)
    table = b""
    for number, tag in enumerate(tags):
        table += struct.pack(">4sII", b"t%03d" % number, at, len(tag))
        at += len(tag)
    return SRGB[:128] + struct.pack(">I", len(tags)) + table + b"".join(tags)


def texts(count: int, held: int) -> bytes:
    return struct.pack(">4sIII", b"mluc", 0, count, 12) + bytes(12 * held)


def table(kind: bytes, points: int, held: int) -> bytes:
    head = 48 if kind == b"mft1" else 52
    start = struct.pack(">4sIBBBx", kind, 0, 3, 3, points)
    return start.ljust(head, b"\0") + bytes(held * int(kind[3:]))


def new_table(points: int, held: int) -> bytes:
    start = struct.pack(">4sIBBxxIIIII", b"mAB ", 0, 3, 3, 0, 0, 0, 32, 0)
    return start + struct.pack(">16BBxxx", *[points] * 3, *[0] * 13, 2) + bytes(2 * held)


def colours(count: int, held: int) -> bytes:
    return struct.pack(">4sIIII64x", b"ncl2", 0, 0, count, 3) + bytes(44 * held)


@given(count=st.integers(0, 40), held=st.integers(0, 40))
def test_what_a_tag_claims_must_be_there(count: int, held: int) -> None:
    for tag, enough in (
        (texts(count, held), held >= count),
        (colours(count, held), held >= count),
        (table(b"mft1", count, 3 * held**3), held >= count),
        (table(b"mft2", count, 3 * held**3), held >= count),
        (new_table(count, 3 * held**3), held >= count),
    ):
        if enough:
            require_sound_profile(profile(tag))
        else:
            with pytest.raises(ValueError, match="claims more than it holds"):
                require_sound_profile(profile(tag))


@given(st.data())
def test_a_profile_that_is_cut_or_spoilt_is_sound_or_a_value_error(data: st.DataObject) -> None:
    spoilt = bytearray(SRGB[: data.draw(st.integers(0, len(SRGB)))])
    for _ in range(data.draw(st.integers(0, 4))):
        if spoilt:
            spoilt[data.draw(st.integers(0, len(spoilt) - 1))] = data.draw(st.integers(0, 255))
    try:
        require_sound_profile(bytes(spoilt))
    except ValueError:
        notes = load_photo(encoded(GREY, "PNG", icc_profile=bytes(spoilt) or b"-")).notes
        assert notes == ("damaged ICC profile ignored, colours taken as sRGB",)


@pytest.mark.skipif(sys.platform != "linux", reason="reads peaks from /proc")
def test_a_small_profile_that_claims_millions_of_texts_takes_no_memory(tmp_path) -> None:
    place = SRGB.index(b"mluc", 200) + 8
    hostile = SRGB[:place] + struct.pack(">I", 0x01000001) + SRGB[place + 4 :]
    for name, icc in (("sound.png", SRGB), ("hostile.png", hostile)):
        (tmp_path / name).write_bytes(encoded(GREY, "PNG", icc_profile=icc))
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "sound.png")]
    command.append(str(tmp_path / "hostile.png"))
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "damaged ICC profile ignored" in ran.stderr
    assert int(ran.stdout) < 32 * 1024 * 1024
