"""What the bytes of a file tell without a model: hashes, dates, looks, VICS, and what that costs.

    python benchmarks/photo_files.py FOLDER [--photos 150] [--hashes 10000000] [--entries 300000]
        [--record NAME]

Times are of the processor, the best of five turns, as a share of the decoding of the same photos
in the same run. `--seed` chooses the photos. Looks are the perceptual hashes by which `matcher
group` folds pictures: of photos that are saved again in five ways, and of different photos. The
list is of random SHA-1, the VICS file of made entries; a process of its own reads each.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import combinations
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageEnhance
from recording import Cell, Record

from matcher.grouping.reading import looks_of
from matcher.hashes import HashList, hashes_of, vics_media
from matcher.photos import capture_date, find_photos, load_photo

TURNS: Final = 5
LINES: Final = 100_000  # hashes that are written together
FOLDED: Final = 6  # bits in which the looks of two photos that are folded may differ


def seconds_of(work: Callable[[bytes], object], photos: Sequence[bytes]) -> float:
    """Return the processor time of some work on all photos, the best of some turns."""
    turns = []
    for _ in range(TURNS):
        begun = time.process_time()
        for photo in photos:
            work(photo)
        turns.append(time.process_time() - begun)
    return min(turns)


def costs(photos: Sequence[bytes]) -> list[list[Cell]]:
    """Return what hashes and dates cost beside the decoding, which includes both."""
    decoding = seconds_of(load_photo, photos)
    one = seconds_of(lambda data: hashlib.sha256(data).digest(), photos)
    three = seconds_of(hashes_of, photos)
    dates = seconds_of(capture_date, photos)
    size = sum(map(len, photos)) / len(photos) / 1000
    more, each = three - one, 1000 / len(photos)
    return [
        [
            f"decoding of a photo, {len(photos)} photos of {size:.0f} kB",
            f"{each * decoding:.2f} ms",
        ],
        ["MD5 and SHA-1 beside SHA-256", f"{100 * more / (decoding - more):.1f} % more"],
        ["three hashes", f"{three / one:.1f} times SHA-256 alone"],
        [
            "reading the date",
            f"{each * dates:.3f} ms, {100 * dates / decoding:.1f} % of the decoding",
        ],
    ]


def saved_again(image: Image.Image) -> Iterator[tuple[str, Image.Image, int]]:
    """Yield name, picture and JPEG quality of each way of saving a picture again."""
    half = image.resize((max(1, image.width // 2), max(1, image.height // 2)))
    yield "quality 75", image, 75
    yield "quality 30", image, 30
    yield "half the size", half, 80
    yield "15 % brighter", ImageEnhance.Brightness(image).enhance(1.15), 85
    yield "grey", image.convert("L").convert("RGB"), 85


def looks(image: Image.Image, quality: int) -> int:
    """Return the perceptual hash of a picture, saved as JPEG."""
    saved = io.BytesIO()
    image.save(saved, "JPEG", quality=quality)
    return looks_of(load_photo(saved.getvalue()))


def record_looks(record: Record, photos: Sequence[Path]) -> None:
    """Add in how many of 64 bits the looks of one photo, and of two photos, differ."""
    images = [Image.fromarray(load_photo(path).pixels) for path in photos]
    clear = [looks(image, 95) for image in images]
    most = {name: 0 for name, _, _ in saved_again(images[0])}
    for image, before in zip(images, clear, strict=True):
        for name, changed, quality in saved_again(image):
            most[name] = max(most[name], (before ^ looks(changed, quality)).bit_count())
    columns = ("photo saved again", "photos", "bits that differ, at most")
    record.table("copies", columns, [(name, len(photos), bits) for name, bits in most.items()])
    apart = [(one ^ other).bit_count() for one, other in combinations(clear, 2)]
    near = sum(bits <= FOLDED for bits in apart)
    columns = ("pairs of different photos", "bits that differ, at least", f"within {FOLDED} bits")
    record.table("different photos", columns, [(len(apart), min(apart), near)])


def list_row(hashes: int, seed: int) -> list[Cell]:
    """Return time and memory of a list of hashes."""
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.txt"
        with path.open("w") as file:
            for _ in range(0, hashes, LINES):
                file.writelines(f"{rng.bytes(20).hex()}\n" for _ in range(LINES))
        size = path.stat().st_size
        before, begun = memory(), time.process_time()
        known = HashList.read(path)
        spent = time.process_time() - begun
    held = sum(map(len, known.digests.values()))
    return _read_row(f"list of {held:,} SHA-1", size, spent, before)


def vics_row(entries: int, seed: int) -> list[Cell]:
    """Return time and memory of a VICS file whose entries are read one at a time."""
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.json"
        with path.open("w") as file:
            file.write('{"value": [{"CaseID": "made", "Media": [')
            for number in range(entries):
                file.write(", " * (number > 0) + json.dumps(vics_entry(number, rng)))
            file.write("]}]}")
        size = path.stat().st_size
        before, begun = memory(), time.process_time()
        read = sum(1 for _ in vics_media(path, Counter()))
        spent = time.process_time() - begun
    return _read_row(f"VICS file with {read:,} entries", size, spent, before)


def _read_row(what: str, size: int, seconds: float, before: float) -> list[Cell]:
    """Return a row of what was read; `before` is the memory before it, in MiB."""
    after = memory()
    sizes = (size / 2**20, before, after - before, after)
    return [what, f"{seconds:.1f} s", *(f"{one:.0f} MiB" for one in sizes)]


def vics_entry(number: int, rng: np.random.Generator) -> dict[str, object]:
    """Return an entry of made values, about as long as those of a real export."""
    name = f"IMG_{number:07d}.JPG"
    place = {"FileName": name, "FilePath": f"/evidence/{rng.bytes(40).hex()}/{name}"}
    return {
        "MediaID": number,
        "Category": 0,
        "MD5": rng.bytes(16).hex(),
        "SHA1": rng.bytes(20).hex(),
        "MediaSize": 2_000_000 + number,
        "MimeType": "image/jpeg",
        "RelativeFilePath": f"Media/{name}",
        "Comments": "made " * 40,
        "MediaFiles": [place],
    }


def alone(row: Callable[[int, int], list[Cell]], size: int, seed: int) -> list[Cell]:
    """Return what a function returns that runs in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(row, size, seed).result()


def memory() -> float:
    """Return the largest memory of the process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photos", type=int, default=150)
    parser.add_argument("--hashes", type=int, default=10_000_000)
    parser.add_argument("--entries", type=int, default=300_000)
    parser.add_argument("--seed", type=int, default=1)
    record = Record.begin(__file__, parser)
    options = record.options
    rng = np.random.default_rng(options.seed)
    record.table(
        "lists",
        ("read", "processor", "file", "memory before", "memory more", "memory in all"),
        [
            alone(list_row, options.hashes, options.seed),
            alone(vics_row, options.entries, options.seed),
        ],
    )
    found = find_photos(options.folder)
    chosen = [found[row] for row in rng.permutation(len(found))[: options.photos]]
    record.table("costs", ("what", "processor"), costs([path.read_bytes() for path in chosen]))
    record_looks(record, chosen)
    record.write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
