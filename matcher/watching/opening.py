"""Make, open and set up the watch list of a gallery."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from matcher.arguments import expect, path_of
from matcher.crossing.rule import LeadRule
from matcher.embedding import name_for
from matcher.encryption import keys_of
from matcher.errors import (
    CalibrationError,
    GalleryModelError,
    GalleryNotFoundError,
    WatchListError,
)
from matcher.gallery import Gallery
from matcher.paths import shown
from matcher.search.calibration import Calibration
from matcher.watching.files import alone, folder_of
from matcher.watching.receivers import NoReceiver, Receiver, ToCommand, ToFile
from matcher.watching.settings import WatchSettings, read_settings, write_settings

_OPEN: Final = "Give Gallery.open(path)."


@dataclass(frozen=True, eq=False)
class OpenList:
    """The watch list of a gallery while its lock is held.

    Parameters
    ----------
    folder
        Its folder.
    gallery, probes
        The gallery, and the gallery of the standing probes.
    settings, rule
        Its settings, and the rule that they state.
    """

    folder: Path
    gallery: Gallery
    probes: Gallery
    settings: WatchSettings
    rule: LeadRule


def has_watch_list(gallery: Path) -> bool:
    """Return whether a gallery has a folder for a watch list."""
    return folder_of(gallery).is_dir()


def open_watch_list(gallery: Gallery) -> Gallery:
    """Open the standing probes of a gallery: a gallery of its own in the folder `watch`.

    `matcher.enrol` adds standing probes to it, `Gallery.remove_subjects` removes them, and all that
    corrects a gallery corrects it. Close it, or use it in a `with`.

    Raises
    ------
    InputError
        If it is no open gallery.
    WatchListError
        If the gallery has no watch list.
    """
    expect("gallery", gallery, Gallery, rule="must be an open gallery", next_step=_OPEN)
    try:
        probes = Gallery.open(folder_of(gallery.path))
        if not (probes.governed and gallery.context):
            return probes
        probes.close()
        return Gallery.open(folder_of(gallery.path), context=gallery.context)
    except GalleryNotFoundError as error:
        raise WatchListError(
            "gallery",
            rule="must have a watch list",
            got="none",
            next_step="Make one with `matcher watch add` or `matcher.set_watch_list`.",
            path=gallery.path,
        ) from error


def set_watch_list(
    gallery: Gallery,
    *,
    threshold: float | None = None,
    max_fpir: float | None = None,
    calibration: Path | str | None = None,
    receiver: Receiver | None = None,
) -> None:
    """Set the rule and the receiver of a gallery's watch list; make the list if there is none.

    What is left out stays as it is; a threshold without a calibration leaves none. A new list needs
    a rule, and has no receiver unless one is given. A lower score than before has everything
    compared anew; what was reported stays reported.

    Parameters
    ----------
    gallery
        The open gallery.
    threshold, max_fpir
        What sets the lowest score of a lead, as in `matcher.cross_match`; one of the two.
    calibration
        A record that says what scores mean by age. It is copied into the list.
    receiver
        Who gets the leads: `ToFile`, `ToCommand` or `NoReceiver`.

    Raises
    ------
    InputError
        An argument is of another type or out of range, or the receiver could not receive anything.
    CalibrationError
        The calibration cannot be read, is missing, or is of another model.
    WatchListError
        The settings that are there cannot be read.
    GalleryBusyError, GalleryWriteError
        Another process uses the list, or it cannot be written. Nothing was changed.
    NotAuthorisedError
        The gallery is governed, and was opened without a context.
    """
    expect("gallery", gallery, Gallery, rule="must be an open gallery", next_step=_OPEN)
    if receiver is not None:
        kinds = (NoReceiver, ToFile, ToCommand)
        rule = "must be ToFile(path), ToCommand(words) or NoReceiver()"
        expect("receiver", receiver, kinds, rule=rule, next_step="Leave it out to keep it.")
        receiver.check(gallery.path)
    record = None if calibration is None else path_of("calibration", calibration)
    content = None if record is None else _content(record)
    given = _Given(threshold, max_fpir, record, content, receiver)
    folder = folder_of(gallery.path)
    gallery.require_context("calibration")
    if not folder.exists():
        given.over(None, gallery)  # what is wrong is refused before anything is made
        _make(folder, gallery)
    recorded = gallery.recorded("calibration", action="watch_rule", **given.facts())
    with alone(folder), recorded:
        before = None if given.is_whole else read_settings(folder)
        write_settings(folder, given.over(before, gallery), content)


def _make(folder: Path, gallery: Gallery) -> None:
    """Make the gallery of the standing probes: governed and encrypted as the gallery is."""
    keys = keys_of(gallery.path)
    Gallery.create(
        folder,
        model=gallery.model,
        key=None if keys is None else keys.key,
        governed=gallery.governed,
        context=gallery.context if gallery.governed else None,
    ).close()


@dataclass(frozen=True)
class _Given:
    """What is to be set; None for what stays."""

    threshold: float | None
    max_fpir: float | None
    calibration: Path | None
    content: bytes | None
    receiver: Receiver | None

    def facts(self) -> dict[str, Any]:
        """Return what the log of a governed gallery records of it."""
        digest = None if self.content is None else hashlib.sha256(self.content).hexdigest()
        return {
            "threshold": None if self.threshold is None else float(self.threshold),
            "max_fpir": None if self.max_fpir is None else float(self.max_fpir),
            "calibration": digest,
            "receiver": self.receiver is not None,
        }

    @property
    def is_whole(self) -> bool:
        """Whether nothing stays of the settings that are there."""
        with_record = self.max_fpir is not None and self.calibration is not None
        return self.receiver is not None and (self.threshold is not None or with_record)

    def over(self, before: WatchSettings | None, gallery: Gallery) -> WatchSettings:
        """Return the settings that follow from those before, if there are any."""
        rule = before
        if rule is None or (self.threshold, self.max_fpir, self.calibration) != (None, None, None):
            rule = self._rule_over(before, gallery)
        return rule if self.receiver is None else replace(rule, receiver=self.receiver)

    def _rule_over(self, before: WatchSettings | None, gallery: Gallery) -> WatchSettings:
        threshold, max_fpir = self.threshold, self.max_fpir
        is_other_record = (threshold, max_fpir) == (None, None)
        if is_other_record and before is not None and before.model == gallery.model:
            threshold, max_fpir = before.threshold, before.max_fpir
        meaning, sha256 = None, None
        if self.calibration is not None and self.content is not None:
            meaning = Calibration.load(self.calibration)
            sha256 = hashlib.sha256(self.content).hexdigest()
        elif max_fpir is not None and before is not None:
            meaning = before.rule(folder_of(gallery.path)).calibration
            sha256 = before.calibration_sha256
        LeadRule(threshold, max_fpir, meaning)
        if meaning is not None:
            meaning.require_model(gallery.model)
        receiver = NoReceiver() if before is None else before.receiver
        return WatchSettings(threshold, max_fpir, sha256, gallery.model, receiver)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CalibrationError(
            "calibration",
            rule="must be a file that can be read",
            got=error.strerror,
            next_step="Check the path, or make one with `matcher calibrate`.",
            path=path,
        ) from error


@contextmanager
def opened_list(gallery: Gallery) -> Iterator[OpenList]:
    """Open a watch list for a run, as the only one that uses it.

    Raises
    ------
    WatchListError
        There is no list, or it has no rule yet, or a file of it cannot be used.
    GalleryModelError
        The list, or its rule, is of another model than the gallery. The message names both, and the
        commands that bring the list over.
    GalleryBusyError
        Another run uses it.
    """
    with open_watch_list(gallery) as probes, alone(probes.path):
        settings = read_settings(probes.path)
        if settings is None:
            raise WatchListError(
                "watch list",
                rule="must have a rule",
                got="none",
                next_step="Give one: matcher watch set --threshold, or --max-fpir.",
                path=probes.path,
            )
        _require_model(gallery, probes, settings)
        yield OpenList(probes.path, gallery, probes, settings, settings.rule(probes.path))


def _require_model(gallery: Gallery, probes: Gallery, settings: WatchSettings) -> None:
    commands = []
    if probes.model != gallery.model:
        place, name = shown(probes.path), name_for(gallery.model)
        commands += [
            f"matcher reindex run {place} --model {name}",
            f"matcher reindex switch {place}",
        ]
    if settings.model != gallery.model:
        share = settings.max_fpir is not None
        rule = "--max-fpir … --calibration …" if share else "--threshold …"
        commands += [f"matcher watch set {shown(gallery.path)} {rule}"]
    if commands:
        stale = probes.model if probes.model != gallery.model else settings.model
        what = "watch list" if probes.model != gallery.model else "rule of the watch list"
        raise GalleryModelError(
            what,
            rule=f"must be of the model of the gallery, {gallery.model}",
            got=f"that of {stale}",
            next_step=f"Bring it over: {'; '.join(commands)}",
            path=gallery.path,
        )
