"""A day's work on a gallery: build, correct, add, merge, search, take a photo out, export, print.

    python examples/case_day.py case-day

The script writes its own case files first: rendered people who do not exist. From `main` on, every
line is one that you would write for your own files. Each step prints what a person has to know of
it. The folder must not exist; it holds the gallery, `leads.csv`, `leads.jsonl` and `leads.html`
in the end. Open the last one in a browser; it prints.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from matcher import Gallery, Searcher, enrol, load_extractor, read_manifest
from matcher.embedding import Extractor
from matcher.photos import Photo, find_photos, load_photo, sha256_of
from matcher.private_files import write_private
from matcher.search import CandidateList, write_leads, write_sheet
from matcher.synthetic import sample_photos, save_photo


def main(folder: Path) -> None:
    """Do the day's work in a folder."""
    write_case_files(folder)
    extractor = load_extractor()
    with Gallery.create(folder / "cases.gallery", model=extractor.model) as gallery:
        build(gallery, extractor, folder / "missing.csv")
        correct(gallery, extractor, folder / "corrected.csv")
        build(gallery, extractor, folder / "new.csv")  # what came in later
        merge(gallery, "case-9", into="case-6")
        take_photo_out(gallery, folder / "photos" / "case-1-second.png", "case-1")
        probes, lists = search(gallery, extractor, folder / "tips")
        export(folder, probes, lists)
        for sentence in write_sheet(
            folder / "leads.html", probes, lists, title="Leads from tips", detector=extractor
        ):
            print("not on the page:", sentence)
        print("faults found by the gallery's own check:", *gallery.verify().faults or ["none"])


def build(gallery: Gallery, extractor: Extractor, manifest: Path) -> None:
    """Enrol a manifest; name each refused row, each failed photo and each person without a face."""
    table = read_manifest(manifest)
    for row in table.refused:
        print("refused:", row.subject, row.error)
    for outcome in enrol(gallery, extractor, table.photos):
        if outcome.error is not None:
            print("failed:", outcome.photo.subject.subject_id, outcome.error)
    enrolled = {subject.subject_id for subject in gallery.subjects()}
    given = {photo.subject.subject_id for photo in table.photos}
    print(f"{manifest.name}: {len(given & enrolled)} of {len(given)} people are in the gallery")
    print("without any face:", *sorted(given - enrolled) or ["nobody"])


def correct(gallery: Gallery, extractor: Extractor, manifest: Path) -> None:
    """Take over what a corrected manifest says differently, then correct one record by hand."""
    for outcome in enrol(gallery, extractor, read_manifest(manifest).photos, update=True):
        for difference in outcome.differences:
            print("corrected:", outcome.photo.subject.subject_id, difference)
    gallery.update_subject(replace(gallery.subject("case-3"), region="north"))


def merge(gallery: Gallery, subject_id: str, into: str) -> None:
    """Bring two records of one child together: all photos are the second one's now."""
    gallery.merge_subjects(subject_id, into)
    print(f"merged: {subject_id} into {into}, {gallery.photo_counts()[into]} photos")


def take_photo_out(gallery: Gallery, photo: Path, subject_id: str) -> None:
    """Take out a photo that shows somebody else; then list what `Gallery.undo` can take back."""
    gallery.take_out_photo(sha256_of(photo), subject_id)
    for change in gallery.changes():
        print(f"change {change.change_id}: {change.kind}, {change.subject_id}")


def search(
    gallery: Gallery, extractor: Extractor, folder: Path
) -> tuple[list[Photo], list[CandidateList]]:
    """Search for every face of every photo of a folder; return the photo and list of each face."""
    paths = find_photos(folder)
    found = Searcher(gallery, extractor).search_faces_many(paths, top=3)
    probes, lists = [], []
    for path, of_photo in zip(paths, found, strict=True):
        for number, leads in enumerate(of_photo, start=1):
            print(f"{path.name}, face {number} of {len(of_photo)}: {leads}")
            probes.append(load_photo(path))
            lists.append(leads)
    return probes, lists


def export(folder: Path, probes: Sequence[Photo], lists: Sequence[CandidateList]) -> None:
    """Write the lists for a spreadsheet, and whole as JSON Lines."""
    guarded = write_leads(folder / "leads.csv", probes, lists)
    print(f"leads.csv: {guarded} cells got an apostrophe, because they begin as a formula does")
    write_private(folder / "leads.jsonl", "".join(f"{leads.to_json()}\n" for leads in lists))


def write_case_files(folder: Path) -> None:
    """Write photos and manifests of children who do not exist, and group photos as tips.

    As in real files: a birth date is wrong, a child is there under two numbers, a photo shows
    another child, and one photo shows nobody.
    """
    folder.mkdir(parents=True)
    (folder / "photos").mkdir()
    (folder / "tips").mkdir()
    people = {
        (photo.subject + 1, photo.age): photo.pixels
        for photo in sample_photos(9, (8.0, 9.0, 13.0), seed=20)
    }
    for number in range(1, 9):
        save_photo(people[number, 8.0], folder / "photos" / f"case-{number}.png")
    save_photo(people[6, 9.0], folder / "photos" / "case-9.png")
    save_photo(people[9, 9.0], folder / "photos" / "case-1-second.png")
    save_photo(np.full((200, 200, 3), 127, np.uint8), folder / "photos" / "case-10.png")
    for name, numbers in (("class", (2, 3, 9)), ("park", (6, 7))):
        group = np.hstack([people[number, 13.0] for number in numbers])
        save_photo(group, folder / "tips" / f"{name}.png")
    born = {number: f"{2008 + number % 3}-05-17" for number in range(1, 11)}
    first = [row(number, born[number] if number != 2 else "2001-05-17") for number in range(1, 7)]
    write_manifest(folder / "missing.csv", [*first, row(9, born[9])])
    write_manifest(folder / "corrected.csv", [row(number, born[number]) for number in range(1, 7)])
    second = {"photo": "photos/case-1-second.png", "subject": "case-1"}
    write_manifest(
        folder / "new.csv", [*(row(number, born[number]) for number in (7, 8, 10)), second]
    )


def row(number: int, born: str) -> Mapping[str, str]:
    """Return one row of a manifest."""
    return {
        "photo": f"photos/case-{number}.png",
        "subject": f"case-{number}",
        "age_at_capture": "8",
        "date_of_birth": born,
    }


def write_manifest(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Write rows as a manifest."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, ["photo", "subject", "age_at_capture", "date_of_birth"])
        table.writeheader()
        table.writerows(rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder to write; must not exist")
    place = parser.parse_args().folder
    if place.exists():
        parser.error(f"{place} exists; name another folder, or remove it")
    main(place)
