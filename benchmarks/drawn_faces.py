"""How many drawn faces the policy `standard` refuses, and how many photos it takes for drawings.

    python benchmarks/drawn_faces.py FGNET/images [LFW ...] [--most 500] [--drawings 100]

Each photo is measured as it is and once more made worse by one recipe of `matcher.degradation`,
chosen by its name. The drawings are of five kinds: even areas, areas with a soft light, lines
alone, and the first and third on coarse paper. Each is measured as it is, saved as JPEG, or made
worse. A face that another limit refuses does not count. The interval is 95 % Clopper-Pearson.
"""

from __future__ import annotations

import argparse
import io
import sys
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter
from recording import Record, estimate

from fairness import clopper_pearson
from matcher.degradation import RECIPES
from matcher.errors import PhotoError
from matcher.faces import POLICIES, load_detector, refusals
from matcher.photos import Photo, find_photos, load_photo

KINDS = ("areas", "areas, soft light", "areas on paper", "lines", "lines on paper")
WHITE, INK, NAVY = (255, 255, 255), (25, 20, 20), (60, 90, 130)
RECIPE_NAMES = sorted(RECIPES)


def drawing(seed: int, kind: str) -> Image.Image:
    """Draw a face of 300 by 360 pixels; it differs with the seed."""
    rng = np.random.default_rng(seed)
    lines_only = kind.startswith("lines")
    skin, hair, lips = (
        WHITE if lines_only else tuple(int(value * rng.uniform(0.5, 1.0)) for value in colour)
        for colour in ((240, 200, 165), (110, 75, 40), (200, 80, 80))
    )
    page = Image.new("RGB", (900, 1080), WHITE if lines_only else (200, 215, 230))
    pen = ImageDraw.Draw(page)
    pen.rectangle((360, 700, 540, 1080), skin, INK, 6)
    pen.ellipse((175, 110, 725, 860), hair, INK, 6)
    pen.ellipse((210, 180, 690, 920), skin, INK, 6)
    pen.chord((215, 165, 685, 640), 195, 345, hair, INK, 6)
    apart, wide = rng.uniform(95, 110), rng.uniform(38, 50)
    for middle in (450 - apart, 450 + apart):
        pen.ellipse((middle - wide, 490, middle + wide, 540), WHITE, INK, 6)
        pen.ellipse((middle - 24, 491, middle + 24, 539), INK if lines_only else NAVY)
        pen.arc((middle - 65, 425, middle + 65, 520), 205, 335, INK, 12)
    pen.arc((405, 590, 495, 660), 20, 160, INK, 7)
    pen.line((430, 540, 410, 630), INK, 5)
    pen.chord((350, 690, 550, 790), 10, 170, lips, INK, 7)
    small = page.resize((300, 360), Image.Resampling.LANCZOS)
    if kind.endswith("soft light"):
        return _in_soft_light(small, rng)
    return _on_paper(small, rng) if kind.endswith("on paper") else small


def _in_soft_light(page: Image.Image, rng: np.random.Generator) -> Image.Image:
    down, across = np.mgrid[0:360, 0:300]
    away = ((across - rng.uniform(90, 150)) / 115) ** 2 + ((down - 160) / 150) ** 2
    light = 1 - 0.45 * np.clip(away, 0, 1)
    lit = (np.asarray(page) * light[..., None]).astype(np.uint8)
    return Image.fromarray(lit).filter(ImageFilter.GaussianBlur(1.5))


def _on_paper(page: Image.Image, rng: np.random.Generator) -> Image.Image:
    grain = Image.fromarray(rng.normal(128, 30, (360, 300)).clip(0, 255).astype(np.uint8))
    coarse = np.asarray(grain.filter(ImageFilter.GaussianBlur(1)), float) - 128
    rough = np.asarray(page) + rng.uniform(0.3, 1.0) * coarse[..., None] + rng.normal(0, 2, 3)
    return Image.fromarray(rough.clip(0, 255).astype(np.uint8))


def photos(folders: Iterable[Path], most: int) -> Iterator[tuple[str, Photo]]:
    """Yield evenly sampled photos of each folder, as they are and made worse."""
    for folder in folders:
        paths = find_photos(folder)
        for path in paths[:: max(1, len(paths) // most)]:
            try:
                photo = load_photo(path)
            except PhotoError as error:
                print(f"left out: {error}", file=sys.stderr)
                continue
            yield f"photos of {name_of(folder)}, as they are", photo
            yield (
                f"photos of {name_of(folder)}, made worse",
                worse(photo.pixels, zlib.crc32(path.name.encode())),
            )


def name_of(folder: Path) -> str:
    """Return the name of a set of photos: of its folder, or of that around a folder `images`."""
    return folder.parent.name if folder.name == "images" else folder.name


def drawings(count: int) -> Iterator[tuple[str, Photo]]:
    """Yield as many drawings of each kind, by turns as they are, saved as JPEG, made worse."""
    for seed in range(count):
        for kind in KINDS:
            page = drawing(seed, kind)
            if seed % 3 == 2:
                yield f"drawings, {kind}", worse(np.asarray(page), seed)
                continue
            file = io.BytesIO()
            page.save(file, ("PNG", "JPEG")[seed % 3])
            yield f"drawings, {kind}", load_photo(file.getvalue())


def worse(pixels: NDArray[np.uint8], seed: int) -> Photo:
    """Make pixels worse by one recipe; the seed chooses it."""
    recipe = RECIPES[RECIPE_NAMES[seed % len(RECIPE_NAMES)]]
    return load_photo(recipe.apply(pixels, seed=seed))


def main() -> None:
    """Measure the photos and the drawings, print a line for each kind."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="*", help="folders of photos of faces")
    parser.add_argument("--most", type=int, default=500, help="photos of each folder")
    parser.add_argument("--drawings", type=int, default=100, help="drawings of each kind")
    record = Record.begin(__file__, parser)
    options = record.options
    detector = load_detector()
    refused: defaultdict[str, list[bool]] = defaultdict(list)
    given = chain(photos(options.folders, options.most), drawings(options.drawings))
    while batch := list(islice(given, 32)):
        found = detector.detect([photo for _, photo in batch])
        for (kind, _), faces in zip(batch, found, strict=True):
            for face in faces[:1]:
                codes = {one.code for one in refusals(face.quality, POLICIES["standard"])}
                if codes <= {"unshaded"}:
                    refused[kind].append(bool(codes))
    rows = []
    for kind, answers in refused.items():
        low, high = clopper_pearson(sum(answers), len(answers))
        rate = 100 * sum(answers) / len(answers)
        told = estimate(rate, (100 * low, 100 * high), "%", 1)
        rows.append((kind, f"{sum(answers):,} of {len(answers):,}", told))
    record.table("refused", ("pictures", "refused", "share refused"), rows)
    record.write()


if __name__ == "__main__":
    main()
