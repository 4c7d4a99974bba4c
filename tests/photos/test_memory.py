"""The memory that a photo takes while it is read keeps to what `DecodeLimits` states."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from photo_bytes import encoded, exif_with_orientation, heic
from PIL import Image

from matcher.photos import DecodeLimits

SIDE = 2000
SLACK = 16 * 1024 * 1024

PROGRAM = """
import json, sys
from pathlib import Path
from matcher.photos import load_photo

def peak():
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in x)
    return int(line.split()[1]) * 1024

folder = Path(sys.argv[1])
for file in sorted(folder.glob("small-*")):
    load_photo(file)
peaks = {}
for file in sorted(folder.glob("large-*")):
    Path("/proc/self/clear_refs").write_text("5")
    before = peak()
    load_photo(file)
    peaks[file.name.removeprefix("large-")] = peak() - before
print(json.dumps(peaks))
"""


def files(side):
    rng = np.random.default_rng(side)
    noise = Image.fromarray(rng.integers(0, 255, (side // 10, side // 10, 3), dtype=np.uint8))
    colour = noise.resize((side, side), Image.Resampling.BICUBIC)
    grey, clear = colour.convert("L"), colour.copy()
    clear.putalpha(Image.linear_gradient("L").resize((side, side)))
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    shares = Image.fromarray(np.asarray(grey).astype(np.float32) / 255)
    one_strip = {"compression": "tiff_lzw", "strip_size": 1 << 30}
    return {
        "JPEG": encoded(colour, "JPEG"),
        "JPEG, turned": encoded(colour, "JPEG", exif=exif_with_orientation(6)),
        "JPEG, CMYK": encoded(colour.convert("CMYK"), "JPEG"),
        "JPEG, progressive": encoded(colour, "JPEG", progressive=True, subsampling=0),
        "PNG": encoded(colour, "PNG", compress_level=1),
        "PNG, transparent": encoded(clear, "PNG", compress_level=1),
        "PNG, 16 bits": encoded(deep, "PNG", compress_level=1),
        "GIF": encoded(colour.convert("P"), "GIF"),
        "BMP": encoded(colour, "BMP"),
        "TIFF": encoded(colour, "TIFF"),
        "TIFF, floating point": encoded(shares, "TIFF"),
        "TIFF, one strip": encoded(clear, "TIFF", **one_strip),
        "WebP": encoded(clear, "WEBP", method=0),
        "HEIC": heic(np.asarray(colour)),
        "AVIF": encoded(colour, "AVIF", speed=10),
    }


BYTES_A_PIXEL = {"JPEG, progressive": 11, "AVIF": 12, "WebP": 19, "TIFF, one strip": 12}
"""As docs/evidence/hostile-files.md states; of the others 9."""


@pytest.mark.skipif(sys.platform != "linux", reason="reads peaks from /proc")
def test_a_photo_takes_no_more_memory_than_is_stated(tmp_path):
    for start, side in (("small", 32), ("large", SIDE)):
        for name, data in files(side).items():
            (tmp_path / f"{start}-{name}").write_bytes(data)
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    peaks = json.loads(ran.stdout)
    assert len(peaks) == len(files(32))
    for name, peak in peaks.items():
        length = Path(tmp_path / f"large-{name}").stat().st_size
        most = BYTES_A_PIXEL.get(name, 9) * SIDE**2 + 4 * length + SLACK
        assert peak <= most, f"{name}: {peak / SIDE**2:.1f} bytes a pixel"
        whole = DecodeLimits(max_bytes=length, max_pixels=SIDE**2).memory
        assert peak <= whole + SLACK


def test_the_stated_memory_follows_from_the_two_sizes():
    assert DecodeLimits(max_bytes=1, max_pixels=1).memory == 24
    assert DecodeLimits().memory == 20 * 128_000_000 + 4 * 256 * 1024**2
