"""Write a whole cohort of rendered people to disk: photos and the manifest about them."""

from __future__ import annotations

import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from matcher.cells import write_csv
from matcher.degradation import degrade, parse
from matcher.errors import InputError
from matcher.private_files import make_folder, open_private
from matcher.progress import ProgressHook, silent
from matcher.synthetic.interrupts import interrupts_held_back
from matcher.synthetic.person import (
    OLDEST,
    YOUNGEST,
    Identity,
    SkinTone,
    make_identity,
    with_fixed_colour,
    with_tone,
)
from matcher.synthetic.rendering import Exposure, render

SOURCE = "rendered, not a photograph"
"""What every file and every manifest row states about itself."""
UNDEGRADED = "none"
_DEGRADE, _BIRTH = 301, 302
_IMAGE_DESCRIPTION = 0x010E


@dataclass(frozen=True)
class CohortSpec:
    """The description of a cohort.

    Parameters
    ----------
    subjects
        Number of people.
    ages
        Ages in years at which each person is shown, each from 2 to 60.
    shots
        Number of photos at each age.
    seed
        Seed of everything that is random. A photo depends on the seed, the subject, the age, the
        shot and the fields below. It does not depend on the number of other photos.
    size
        Side of the photos in pixels.
    exposure
        "physical" or "equalised", see `render`.
    colour
        "natural"; or "fixed": everybody has the same skin, hair and eye colour, so that only shape
        tells people apart.
    tones
        If given, subject `i` has skin tone `tones[i % len(tones)]`, whatever the shape.
    family_size
        Number of members of a family. With 1, all subjects are strangers. See `make_identity`.
    degradation
        Steps for `matcher.degradation`, such as "downsample:0.5;jpeg:0.3", or "none".
    """

    subjects: int
    ages: tuple[float, ...] = (4, 8, 12, 16, 25)
    shots: int = 1
    seed: int = 0
    size: int = 256
    exposure: Exposure = "physical"
    colour: Literal["natural", "fixed"] = "natural"
    tones: tuple[SkinTone, ...] = ()
    family_size: int = 1
    degradation: str = UNDEGRADED

    def __post_init__(self) -> None:
        rules = {
            "subjects": (self.subjects >= 1, "1 or more"),
            "ages": (
                len(self.ages) > 0
                and len({f"{age:.2f}" for age in self.ages}) == len(self.ages)
                and all(YOUNGEST <= age <= OLDEST for age in self.ages),
                f"different ages from {YOUNGEST:g} to {OLDEST:g} years, at least one; "
                "file names tell hundredths apart",
            ),
            "shots": (self.shots >= 1, "1 or more"),
            "seed": (self.seed >= 0, "0 or more"),
            "size": (self.size >= 64, "64 pixels or more"),
            "exposure": (self.exposure in ("physical", "equalised"), "physical or equalised"),
            "colour": (self.colour in ("natural", "fixed"), "natural or fixed"),
            "family_size": (self.family_size >= 1, "1 or more"),
        }
        for name, (holds, rule) in rules.items():
            if not holds:
                raise InputError(
                    f"{name} of a cohort",
                    rule=rule,
                    got=getattr(self, name),
                    next_step="Correct the cohort's description.",
                )
        if self.degradation != UNDEGRADED:
            parse(self.degradation)

    def identity(self, subject: int) -> Identity:
        """Return one person of the cohort."""
        person = make_identity(self.seed, subject, family_size=self.family_size)
        if self.colour == "fixed":
            person = with_fixed_colour(person)
        return with_tone(person, self.tones[subject % len(self.tones)]) if self.tones else person

    def keys(self) -> Iterator[tuple[int, float, int]]:
        """Iterate over (subject, age, shot) of all photos, in the manifest's order."""
        for subject in range(self.subjects):
            for age in self.ages:
                for shot in range(self.shots):
                    yield subject, age, shot


@dataclass(frozen=True)
class ManifestRow:
    """One row of `manifest.csv`. The fields are its columns.

    Parameters
    ----------
    photo
        Path relative to the manifest.
    subject
        Identifier of the person.
    taken_on, date_of_birth
        ISO dates. They are made up, and consistent with the age.
    age_at_capture
        Age in years.
    sex
        "female" or "male".
    skin_tone_l, skin_tone_hue
        CIE L* and hue angle in degrees of the skin itself, under even white light.
    skin_tone_monk
        Nearest swatch of the Monk Skin Tone scale, 1 to 10.
    family
        Identifier of the family.
    degradation
        Steps applied after rendering, or "none".
    source
        Always `SOURCE`.
    """

    photo: str
    subject: str
    taken_on: str
    age_at_capture: float
    date_of_birth: str
    sex: str
    skin_tone_l: float
    skin_tone_hue: float
    skin_tone_monk: int
    family: str
    degradation: str
    source: str = SOURCE


@dataclass(frozen=True, eq=False)
class SyntheticPhoto:
    """One rendered photo in memory."""

    pixels: NDArray[np.uint8]
    identity: Identity
    subject: int
    age: float
    shot: int


def sample_photos(
    subjects: int = 2,
    ages: tuple[float, ...] = (8.0, 16.0),
    *,
    seed: int = 0,
    shots: int = 1,
    size: int = 256,
) -> tuple[SyntheticPhoto, ...]:
    """Render a handful of photos in memory, for tests and examples.

    Parameters
    ----------
    subjects, ages, seed, shots, size
        As in `CohortSpec`. A photo takes about a third of a second.
    """
    spec = CohortSpec(subjects, ages=ages, seed=seed, shots=shots, size=size)
    return tuple(render_photo(spec, *key) for key in spec.keys())  # noqa: SIM118, not a dict


def render_photo(spec: CohortSpec, subject: int, age: float, shot: int = 0) -> SyntheticPhoto:
    """Render one photo of a cohort, and degrade it as the description says."""
    person = spec.identity(subject)
    pixels = render(person, age, shot, size=spec.size, exposure=spec.exposure)
    if spec.degradation != UNDEGRADED:
        draw = np.random.default_rng([_DEGRADE, spec.seed, subject, round(age * 1000), shot])
        pixels = degrade(pixels, parse(spec.degradation), seed=int(draw.integers(2**31)))
    return SyntheticPhoto(pixels, person, subject, age, shot)


def write_cohort(
    spec: CohortSpec,
    out: Path | str,
    *,
    workers: int | None = None,
    on_progress: ProgressHook = silent,
) -> Path:
    """Write a cohort's photos and its manifest.

    Parameters
    ----------
    spec
        Description of the cohort to render.
    out
        Folder to write into. It is created if needed. It must not hold a manifest yet.
    workers
        Number of processes; by default one for each processor. The bytes are the same for any
        number.
    on_progress
        Called with ("render photos", done, total).

    Returns
    -------
    Path
        `out / "manifest.csv"`. It is written last. Its columns are the fields of `ManifestRow`.

    Raises
    ------
    InputError
        If the folder already holds a manifest, or `workers` is less than 1.
    """
    out = Path(out)
    manifest = out / "manifest.csv"
    workers = (os.cpu_count() or 1) if workers is None else workers
    if workers < 1:
        raise InputError("workers", rule="1 or more", got=workers, next_step="Give a number.")
    if manifest.exists():
        raise InputError(
            "folder of a cohort",
            rule="holds no manifest yet",
            got="a manifest.csv",
            next_step="Choose another folder, or delete the old cohort first.",
            path=out,
        )
    make_folder(out / "photos")
    keys = list(spec.keys())
    on_progress("render photos", 0, len(keys))
    rows = []
    for row in _rows(spec, out, keys, min(workers, len(keys))):
        rows.append(row)
        on_progress("render photos", len(rows), len(keys))
    _write_manifest(manifest, rows)
    return manifest


def save_photo(pixels: NDArray[np.uint8], path: Path) -> None:
    """Write pixels as a PNG file that states that it is rendered, and that its owner can read."""
    image = Image.fromarray(pixels)
    text = PngInfo()
    text.add_text("Description", SOURCE)
    exif = Image.Exif()
    exif[_IMAGE_DESCRIPTION] = SOURCE
    with open_private(path, "wb") as file:
        image.save(file, format="PNG", pnginfo=text, exif=exif, compress_level=6)


_Job = tuple[CohortSpec, Path, tuple[int, float, int]]


def _rows(
    spec: CohortSpec, out: Path, keys: list[tuple[int, float, int]], workers: int
) -> Iterator[ManifestRow]:
    jobs = [(spec, out, key) for key in keys]
    if workers == 1:
        yield from map(_write_one, jobs)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_end_with_parent) as pool:
        with interrupts_held_back():
            rows = pool.map(_write_one, jobs, chunksize=4)  # starts every worker
        yield from rows


def _end_with_parent() -> None:
    """Leave Ctrl-C to the process that started this one, and end when it does, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_wait_for_end, args=(parent.sentinel,), daemon=True).start()


def _wait_for_end(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)


def _write_one(job: _Job) -> ManifestRow:
    spec, out, (subject, age, shot) = job
    photo = render_photo(spec, subject, age, shot)
    name = f"photos/s{subject:05d}-{age:05.2f}-{shot}.png"
    save_photo(photo.pixels, out / name)
    return _describe(spec, photo, name)


def _describe(spec: CohortSpec, photo: SyntheticPhoto, name: str) -> ManifestRow:
    person = photo.identity
    draw = np.random.default_rng([_BIRTH, spec.seed, photo.subject])
    born = date(1998, 1, 1) + timedelta(days=int(draw.integers(0, 4 * 365)))
    taken = born + timedelta(days=round(photo.age * 365.25))
    return ManifestRow(
        photo=name,
        subject=f"s{photo.subject:05d}",
        taken_on=taken.isoformat(),
        age_at_capture=float(photo.age),
        date_of_birth=born.isoformat(),
        sex="male" if person.male else "female",
        skin_tone_l=round(person.tone.lightness, 2),
        skin_tone_hue=round(person.tone.hue, 2),
        skin_tone_monk=person.tone.monk,
        family=f"f{person.family:05d}",
        degradation=spec.degradation,
    )


def _write_manifest(path: Path, rows: list[ManifestRow]) -> None:
    names = [field.name for field in fields(ManifestRow)]
    with open_private(path, encoding="utf-8", newline="") as file:
        write_csv(file, names, map(asdict, rows), line_end="\n")
