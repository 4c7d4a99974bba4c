"""Cohorts from the folder layouts of research data sets.

The cohort is the photos in a folder. File names and tables of labels give the labels.
`Cohort.set_aside` lists photos whose name does not follow the layout, and labelled photos that
are missing from the folder. Identifiers are paths relative to the folder.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, Literal, get_args

from fairness.arguments import path_of
from fairness.cohort.cohort import Cohort, Sample, SetAside
from fairness.cohort.groups import UNKNOWN
from fairness.cohort.lfw_pairs import photos_of
from fairness.cohort.litter import is_in_litter
from fairness.cohort.manifest import (
    LabelTable,
    ManifestRow,
    columns_of,
    read_manifest,
    read_rows,
)
from fairness.errors import CohortError, require_none
from fairness.manifests import ALIASES, in_one_form
from fairness.words import counted

Layout = Literal["manifest", "fgnet", "lfw", "utkface", "fairface"]
"""The layouts that `read_cohort` knows."""

_SUFFIXES = {
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif"),
    *(".heic", ".heif", ".hif", ".avif"),
}
_FGNET = re.compile(r"(?:.*/)?(\d{3})a(\d{2})[a-z]?\.jpe?g", re.IGNORECASE)
_LFW = re.compile(r"(?:.*/)?(?P<name>[^/]+)/(?P=name)_(\d{4})\.jpg", re.IGNORECASE)
_UTKFACE = re.compile(r"(?:.*/)?(\d{1,3})_([01])_([0-4])_\d+\.jpg(?:\.chip\.jpg)?", re.IGNORECASE)
_UTKFACE_SEXES = ("male", "female")
_UTKFACE_RACES = ("White", "Black", "Asian", "Indian", "Others")
_PATTERNS: Mapping[Layout, re.Pattern[str]] = {"fgnet": _FGNET, "lfw": _LFW, "utkface": _UTKFACE}
_FAIRFACE_COLUMNS = {"file", "age", "gender", "race"}
_FAIRFACE_ALIASES = {**ALIASES, "age": "age_band"}
_AGES = re.compile(r"(\d+)-(\d+)|(?:more than )?(\d+)\+?")


def read_cohort(path: Path | str, layout: Layout | Literal["auto"] = "auto") -> Cohort:
    """Read a cohort from a manifest or from a folder in one of the known layouts.

    Parameters
    ----------
    path
        A folder, or a CSV file.
    layout
        "manifest", "fgnet", "lfw", "utkface" or "fairface". "auto" finds the layout: of a CSV
        file from its columns; of a folder from `manifest.csv`, the names of the photos and the
        tables of labels.

    Raises
    ------
    CohortError
        If the path does not exist, the layout cannot be found, no photo follows it, or labels are
        impossible or contradict each other.
    """
    path = path_of("cohort", path)
    if not path.exists():
        raise _unknown_layout(path, "nothing there")
    readers: Mapping[Layout, Callable[[Path], Cohort]] = {
        "manifest": lambda place: read_manifest(_manifest_of(place)),
        "fgnet": read_fgnet,
        "lfw": read_lfw,
        "utkface": read_utkface,
        "fairface": read_fairface,
    }
    return readers[_guess(path) if layout == "auto" else layout](path)


def read_fgnet(folder: Path | str) -> Cohort:
    """Read the FG-NET ageing database. `001A02.JPG` is subject 001 at age 2, at any folder depth.

    A `labels.csv` in the folder adds labels. It has a column file or photo, and further columns.

    Raises
    ------
    CohortError
        As `read_cohort`.
    """
    folder = Path(folder)

    def sample(photo: str, name: re.Match[str]) -> Sample:
        return Sample(photo, name[1], age_at_capture=float(name[2]), source="FG-NET")

    return _named(folder, _FGNET, sample, "named like 001A02.JPG")


def read_lfw(folder: Path | str) -> Cohort:
    """Read Labeled Faces in the Wild: `Name/Name_0001.jpg`, at any folder depth.

    If the folder holds a `pairs.txt`, the cohort has only the photos of the official pairs. A
    `labels.csv` (file or photo; gender, race, …) adds labels. Annotators perceived these labels.

    Raises
    ------
    CohortError
        As `read_cohort`, or if `pairs.txt` cannot be understood.
    """
    folder = Path(folder)

    def sample(photo: str, name: re.Match[str]) -> Sample:
        return Sample(photo, in_one_form(name["name"]), source="LFW")

    cohort = _named(folder, _LFW, sample, "named like Name/Name_0001.jpg")
    pairs = folder / "pairs.txt"
    return _of_pairs(cohort, pairs) if pairs.is_file() else cohort


def read_utkface(folder: Path | str) -> Cohort:
    """Read UTKFace. `25_0_2_20170104020210693.jpg` gives age, gender and race, at any folder depth.

    Each photo is its own subject. A model estimated the labels, ages included, and an annotator
    checked them. The date in the name is not the date of the photo.

    Raises
    ------
    CohortError
        As `read_cohort`.
    """

    def sample(photo: str, name: re.Match[str]) -> Sample:
        return Sample(
            photo,
            subject=photo,
            age_at_capture=float(name[1]),
            sex=_UTKFACE_SEXES[int(name[2])],
            labels={"race": _UTKFACE_RACES[int(name[3])]},
            source="UTKFace",
        )

    return _named(Path(folder), _UTKFACE, sample, "named like 25_0_2_20170104020210693.jpg")


def read_fairface(path: Path | str) -> Cohort:
    """Read FairFace: photos, and tables with the columns file, age, gender, race.

    Each photo is its own subject. Annotators perceived the labels. Age bands are written so that
    they sort as text: "00-02", "70 and over".

    Parameters
    ----------
    path
        The folder, with `labels.csv` or the data set's `fairface_label_*.csv`. Or one such file:
        then each row is a photo of the cohort, even if the photo itself is missing.

    Raises
    ------
    CohortError
        As `read_cohort`.
    """
    path = Path(path)
    folder = path if path.is_dir() else path.parent
    tables = _fairface_tables(path)
    if not tables:
        raise _unknown_layout(path, f"no table with the columns {_listed(_FAIRFACE_COLUMNS)}")
    labels = _together([read_rows(table, aliases=_FAIRFACE_ALIASES) for table in tables])
    labels = replace(labels, rows=tuple(map(_sortable, labels.rows)))
    photos = _photos(folder) if path.is_dir() else [row.photo for row in labels.rows]
    strays = _litter(folder) if path.is_dir() else []
    samples = [
        Sample(photo, subject=photo, source="FairFace", licence="CC BY 4.0") for photo in photos
    ]
    return _cohort(folder, samples, labels, strays)


def _together(tables: Iterable[LabelTable]) -> LabelTable:
    """Return several tables as one."""
    parts = [(table.rows, table.refused, table.remarks) for table in tables]
    rows, refused, remarks = (tuple(chain.from_iterable(part)) for part in zip(*parts, strict=True))
    return LabelTable(rows, refused, remarks)


def _named(
    folder: Path,
    pattern: re.Pattern[str],
    sample: Callable[[str, re.Match[str]], Sample],
    rule: str,
) -> Cohort:
    """Return the cohort of those photos in a folder whose names follow a pattern."""
    names = {photo: pattern.fullmatch(photo) for photo in _photos(folder)}
    samples = [sample(photo, name) for photo, name in names.items() if name]
    if not samples:
        raise _unknown_layout(folder, f"no photo {rule}")
    strays = [SetAside(photo, f"not {rule}") for photo, name in names.items() if not name]
    strays += _litter(folder)
    labels = folder / "labels.csv"
    return _cohort(
        folder, samples, read_rows(labels) if labels.is_file() else LabelTable(()), strays
    )


def _cohort(
    folder: Path, samples: list[Sample], labels: LabelTable, set_aside: list[SetAside]
) -> Cohort:
    """Return the cohort of samples with the labels of a table."""
    by_photo = {sample.photo: sample for sample in samples}
    faults: list[str] = []
    seen: set[str] = set()
    for row in labels.rows:
        if row.photo in seen:
            faults.append(f"line {row.line}: {row.photo!r} has a row already")
        elif row.photo in by_photo:
            by_photo[row.photo] = _labelled(by_photo[row.photo], row, faults)
        else:
            set_aside = [*set_aside, SetAside(row.photo, "labelled, but not in the folder")]
        seen.add(row.photo)
    require_none(
        faults,
        what="table of labels",
        rule="one row for each photo, agreeing with the photo's name",
        next_step="Correct these lines.",
        path=folder,
    )
    perceived = map(_perceived, by_photo.values())
    name = folder.resolve().name
    return Cohort.of(
        perceived,
        name=name,
        folder=folder,
        set_aside=[*set_aside, *labels.refused],
        remarks=labels.remarks,
    )


def _labelled(sample: Sample, row: ManifestRow, faults: list[str]) -> Sample:
    """Add the labels of a row to its sample. A label must not contradict the file name."""
    photo = sample.photo  # also the subject, if the file name names none
    for name in ("subject", "age_at_capture", "sex"):
        stated, value = getattr(sample, name), row.known.get(name)
        if value is not None and stated not in (value, None, UNKNOWN, photo):
            faults.append(f"line {row.line}: {name} {value} of {photo!r}, whose name says {stated}")
    return replace(sample, **row.known, labels={**sample.labels, **row.labels})


def _perceived(sample: Sample) -> Sample:
    if sample.sex == UNKNOWN or sample.sex_provenance != UNKNOWN:
        return sample
    return replace(sample, sex_provenance="annotator_perceived")


def _of_pairs(cohort: Cohort, pairs: Path) -> Cohort:
    """Return the photos of the official pairs."""
    wanted = _photos_of_pairs(pairs)
    short = {"/".join(sample.photo.split("/")[-2:]): sample.photo for sample in cohort.samples}
    others = {photo for key, photo in short.items() if key not in wanted}
    missing = sorted(wanted - short.keys())
    kept = cohort.without(others, "in no pair of pairs.txt")
    absent = (SetAside(key, "in pairs.txt, but not in the folder") for key in missing)
    return replace(kept, set_aside=(*kept.set_aside, *absent))


def _photos_of_pairs(path: Path) -> set[str]:
    wanted: set[str] = set()
    faults: list[str] = []
    for number, line in enumerate(
        path.read_text(encoding="utf-8", errors="replace").splitlines()[1:], start=2
    ):
        if pair := photos_of(line):
            wanted.update(pair)
        else:
            faults.append(f"line {number} is {line!r}")
    require_none(
        faults,
        what="list of pairs",
        rule="after the first line, a name and two numbers, or two names with a number each",
        next_step="Take the file from the set's own home.",
        path=path,
    )
    return wanted


def _sortable(row: ManifestRow) -> ManifestRow:
    """Return a row of FairFace with an age band that sorts as text."""
    text = row.known.get("age_band")
    if text is None:
        return row
    return replace(row, known={**row.known, "age_band": _sortable_age(text)})


def _sortable_age(text: str) -> str:
    parts = _AGES.fullmatch(text)
    if parts is None:
        return text
    if parts[3]:
        return f"{int(parts[3]):02d} and over"
    return f"{int(parts[1]):02d}-{int(parts[2]):02d}"


def _fairface_tables(path: Path) -> list[Path]:
    files = [path] if path.is_file() else sorted(path.glob("*.csv"))
    files = [file for file in files if file == path or not is_in_litter(Path(file.name))]
    return [file for file in files if columns_of(file, {}) >= _FAIRFACE_COLUMNS]


def _manifest_of(path: Path) -> Path:
    if path.is_file():
        return path
    places = [path / "manifest.csv", path / "labels.csv"]
    found = [place for place in places if place.is_file()]
    if not found:
        raise _unknown_layout(path, "neither manifest.csv nor labels.csv")
    return found[0]


def _guess(path: Path) -> Layout:
    if path.is_file():
        is_manifest = "subject" in columns_of(path) or not _fairface_tables(path)
        return "manifest" if is_manifest else "fairface"
    if (path / "manifest.csv").is_file():
        return "manifest"
    photos = _photos(path)
    for layout, pattern in _PATTERNS.items():
        if 2 * sum(pattern.fullmatch(photo) is not None for photo in photos) > len(photos):
            return layout
    if _fairface_tables(path):
        return "fairface"
    if (path / "labels.csv").is_file():
        return "manifest"
    raise _unknown_layout(
        path, f"{counted(len(photos), 'photo')}, most of them in none of these layouts"
    )


def _photos(folder: Path) -> list[str]:
    if not folder.is_dir():
        raise _unknown_layout(folder, "no folder")
    return [path.as_posix() for path in _named_as_photos(folder) if not is_in_litter(path)]


def _litter(folder: Path) -> list[SetAside]:
    """Return what is named as a photo in hidden folders and in those of a system."""
    found = [path.as_posix() for path in _named_as_photos(folder) if is_in_litter(path)]
    return [SetAside(photo, "hidden, or put there by a system") for photo in found]


def _named_as_photos(folder: Path) -> list[Path]:
    files = (file for file in folder.rglob("*") if file.suffix.lower() in _SUFFIXES)
    return sorted(file.relative_to(folder) for file in files if file.is_file())


def _unknown_layout(path: Path, got: str) -> CohortError:
    return CohortError(
        "cohort",
        rule=f"a manifest or a folder in one of the layouts {', '.join(get_args(Layout))}",
        got=got,
        next_step="Check the path, or write a manifest.csv with the columns photo and subject.",
        path=path,
    )


def _listed(names: Iterable[Any]) -> str:
    return ", ".join(sorted(names))
