"""Group the faces of a folder: read what is new, then put every face into a group or into none."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Final

from matcher.arguments import expect, expect_day, expect_hook, path_of
from matcher.embedding import Extractor
from matcher.errors import GroupFileError, PhotoError
from matcher.faces import POLICIES, QualityPolicy
from matcher.gallery import Gallery
from matcher.grouping.loading import load_grouping
from matcher.grouping.reading import counts_left_out, read_photos, reference_of
from matcher.grouping.regrouping import HiddenFaces, regroup
from matcher.grouping.result import Grouping
from matcher.grouping.settings import Settings
from matcher.grouping.storage import Rows, opened
from matcher.grouping.thresholds import check_threshold
from matcher.paths import from_reference
from matcher.photos import FolderListing, list_folder
from matcher.progress import ProgressHook, silent

_OPEN: Final = "Give Gallery.open(path)."
_NO_DATES: Final[Mapping[Path, date]] = MappingProxyType({})


def group(
    folder: Path | str,
    extractor: Extractor,
    *,
    state: Path | str | None = None,
    threshold: float | None = None,
    policy: QualityPolicy = POLICIES["standard"],
    dates: Mapping[Path, date] = _NO_DATES,
    hidden_of: Gallery | None = None,
    on_progress: ProgressHook = silent,
) -> Grouping:
    """Put all faces of the photos in a folder into groups of one person each, for review.

    Every face of a photo counts. Near-identical pictures of a face count once. A face that the
    policy refuses is in no group, and so is one that is similar to no other.

    Parameters
    ----------
    folder
        The folder, with all its sub-folders.
    extractor
        Finds and embeds the faces. With `Extractor.decoding_apart` a photo whose decoder hangs or
        crashes is one outcome too.
    state
        A file that keeps photos, faces, vectors, groups and corrections. The next run reads only
        photos whose bytes are new, and keeps every correction; an interrupted run goes on. Only its
        owner can read it. None keeps nothing.
    threshold
        Similarity from which faces may be of one person, a cosine in [-1, 1]. The default was
        measured for the default model, and is higher for more than 3,000 and for more than 30,000
        faces. There is none for any other model.
    policy
        Quality below which a face is in no group.
    dates
        Day of capture by the path of the photo, where it is known.
    hidden_of
        A gallery whose hidden subjects are left out (`Gallery.hide`): faces that are as similar to
        one of them as faces of one person are in no group. They stay listed, with the reason.
    on_progress
        Hears of the photos that are read, then of the faces that are grouped.

    Returns
    -------
    Grouping
        The groups, the ungrouped faces with reasons, and the photos that failed. It depends on the
        photos, corrections and earlier numbers, and not on the order of the photos.

    Raises
    ------
    InputError
        An argument is of another type or out of range, or the model has no measured threshold.
    PhotoNotFoundError, PhotoError
        There is no such folder, or it cannot be listed.
    GroupFileError
        The state cannot be used, or is of another model.
    GalleryModelError
        The gallery is of another model.
    """
    folder = path_of("folder", folder)
    _check(extractor, policy, dates)
    if hidden_of is not None:
        expect("hidden_of", hidden_of, Gallery, rule="must be an open gallery", next_step=_OPEN)
        hidden_of.require_model(extractor.model)
    expect_hook("on_progress", on_progress)
    check_threshold(extractor.model, threshold)
    listing = _listed(folder)
    with opened(None if state is None else path_of("state", state)) as rows:
        _prepare(rows, extractor, listing, dates)
        read_photos(rows, extractor, listing, dates, on_progress)
        _note_what_is_gone(rows, listing)
        regroup(rows, threshold, policy, HiddenFaces.of(hidden_of), on_progress)
        return load_grouping(rows)


def _check(extractor: object, policy: object, dates: object) -> None:
    step = "Give load_extractor(name)."
    expect("extractor", extractor, Extractor, rule="must be an Extractor", next_step=step)
    step = 'Give matcher.faces.POLICIES["standard"], for example.'
    expect("policy", policy, QualityPolicy, rule="must be a QualityPolicy", next_step=step)
    step = "Give {Path(photo): date(2019, 5, 28)}."
    expect("dates", dates, Mapping, rule="must be days by path", next_step=step)
    assert isinstance(dates, Mapping)  # noqa: S101 - it was just looked at
    for path, day in dates.items():
        path_of("path of dates", path)
        expect_day(f"dates[{str(path)!r}]", day)


def _listed(folder: Path) -> FolderListing:
    listing = list_folder(folder)
    if folder in listing.unreadable:
        raise PhotoError(
            "the folder of photos",
            rule="must be readable",
            got="a folder that may not be listed",
            next_step="Check the rights on it and the health of the drive.",
            path=folder,
        )
    return listing


def _prepare(
    rows: Rows, extractor: Extractor, listing: FolderListing, dates: Mapping[Path, date]
) -> None:
    """Note what the run is about; refuse a file of another model."""
    settings = rows.settings() or Settings(secrets.token_hex(4), extractor.model)
    if settings.model != extractor.model:
        raise GroupFileError(
            "The file of groups",
            rule=f"was made by {settings.model}",
            got=f"the model {extractor.model}",
            next_step="Use that model, or name another file.",
            path=rows.path,
        )
    with rows.writing():
        rows.set_settings(replace(settings, left_out=counts_left_out(listing, dates)))


def _note_what_is_gone(rows: Rows, listing: FolderListing) -> None:
    """Forget failures of files that are gone, and old places of photos that were only moved."""
    here = {reference_of(path) for path in listing.photos}
    gone = [file for file in rows.files() if file.reference not in here]
    nowhere = [one.reference for one in gone if not from_reference(one.reference).exists()]
    with rows.writing():
        rows.forget_failures(one.reference for one in gone if one.code)
        rows.forget_places(nowhere)
        found = {file.sha256 for file in rows.files() if file.reference in here and not file.code}
        settings = rows.settings()
        assert settings is not None  # noqa: S101 - they were just set
        rows.set_settings(replace(settings, not_there=len(rows.photos().keys() - found)))
