"""The rule and the receiver of a watch list: one small JSON file, and a copy of the calibration."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from matcher.crossing.rule import LeadRule
from matcher.embedding import ModelIdentity
from matcher.errors import CalibrationError, WatchListError
from matcher.gallery.files import replace_private, unwritable_reported
from matcher.paths import from_reference, to_reference
from matcher.search.calibration import Calibration
from matcher.strict_reading import list_of, number_of, object_of, read_json, text_of, whole_of
from matcher.watching.files import SETTINGS_NAME
from matcher.watching.receivers import NoReceiver, Receiver, ToCommand, ToFile
from matcher.words import figure

FORMAT: Final = 1


@dataclass(frozen=True)
class WatchSettings:
    """The settings of a watch list.

    Parameters
    ----------
    threshold, max_fpir
        What sets the lowest score of a lead, as in `matcher.cross_match`; one of them is None.
    calibration_sha256
        Hash of the calibration that was copied in; None without one.
    model
        The model for which the rule was given. Scores of another model mean something else.
    receiver
        Who gets the leads.
    """

    threshold: float | None
    max_fpir: float | None
    calibration_sha256: str | None
    model: ModelIdentity
    receiver: Receiver

    @property
    def rule_key(self) -> str:
        """A text that is the same as long as the rule is: numbers, calibration and model."""
        return f"{self.threshold} {self.max_fpir} {self.calibration_sha256} {self.model}"

    def rule_in_words(self) -> str:
        """Return what sets the lowest score, also where the calibration cannot be read."""
        if self.threshold is not None:
            return f"Lowest score {figure(self.threshold, 4)}, of {self.model.name}"
        share = figure(100 * (self.max_fpir or 0), 3)
        return f"A lead for at most {share} % of the probes without a mate, of {self.model.name}"

    def rule(self, folder: Path) -> LeadRule:
        """Return the rule, with the calibration that was copied in.

        Raises
        ------
        CalibrationError
            If the copy is missing, or is not the file that was copied.
        """
        sha256 = self.calibration_sha256
        if sha256 is None:
            return LeadRule(self.threshold, self.max_fpir)
        path = calibration_at(folder, sha256)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise _no_copy(path, error.strerror) from error
        if hashlib.sha256(content).hexdigest() != sha256:
            raise _no_copy(path, "another one")
        return LeadRule(self.threshold, self.max_fpir, Calibration.load(path))


def calibration_at(folder: Path, sha256: str) -> Path:
    """Return the place of the copy of a calibration."""
    return folder / f"calibration-{sha256[:16]}.json"


def read_settings(folder: Path) -> WatchSettings | None:
    """Return the settings of a watch list; None if there are none yet.

    Raises
    ------
    WatchListError
        If the file is not one that this version writes.
    """
    path = folder / SETTINGS_NAME
    try:
        return _of(object_of(read_json(path.read_bytes())))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WatchListError(
            "settings of the watch list",
            rule=f"must be a readable file of format {FORMAT}",
            got=error,
            next_step="Give the rule and the receiver again: matcher watch set --help.",
            path=path,
        ) from error


def write_settings(folder: Path, settings: WatchSettings, calibration: bytes | None) -> None:
    """Replace the settings in one step, and copy the calibration in before.

    Raises
    ------
    GalleryWriteError
        The settings are as they were.
    """
    with unwritable_reported("settings of the watch list", folder):
        kept = None
        if settings.calibration_sha256 is not None:
            kept = calibration_at(folder, settings.calibration_sha256)
            if calibration is not None:
                replace_private(kept, calibration)
        replace_private(folder / SETTINGS_NAME, json.dumps(_facts(settings)).encode("ascii"))
        for copy in folder.glob("calibration-*.json"):
            if copy != kept:
                copy.unlink(missing_ok=True)


def _facts(settings: WatchSettings) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "threshold": settings.threshold,
        "max_fpir": settings.max_fpir,
        "calibration_sha256": settings.calibration_sha256,
        "model": settings.model.facts(),
        "receiver": _facts_of(settings.receiver),
    }


def _facts_of(receiver: Receiver) -> dict[str, Any]:
    if isinstance(receiver, ToFile):
        return {"kind": "file", "path": to_reference(receiver.path)}
    if isinstance(receiver, ToCommand):
        return {"kind": "command", "words": receiver.words, "seconds": receiver.seconds}
    return {"kind": "none"}


def _of(facts: dict[str, Any]) -> WatchSettings:
    whole_of(facts["format"], FORMAT, FORMAT)
    threshold, share, sha256 = (
        facts[name] for name in ("threshold", "max_fpir", "calibration_sha256")
    )
    if (threshold is None) == (share is None) or (share is not None and sha256 is None):
        raise ValueError("no rule")
    return WatchSettings(
        threshold=None if threshold is None else number_of(threshold, -1, 1),
        max_fpir=None if share is None else number_of(share, 0, 1),
        calibration_sha256=None if sha256 is None else _sha256(sha256),
        model=ModelIdentity.of(object_of(facts["model"])),
        receiver=_receiver_of(object_of(facts["receiver"])),
    )


def _sha256(value: object) -> str:
    text = text_of(value)
    if len(bytes.fromhex(text)) != hashlib.sha256().digest_size:
        raise ValueError("no SHA-256")
    return text


def _receiver_of(facts: dict[str, Any]) -> Receiver:
    kind = text_of(facts["kind"])
    if kind == "file":
        return ToFile(from_reference(text_of(facts["path"])))
    if kind == "command":
        words = tuple(map(text_of, list_of(facts["words"])))
        return ToCommand(words, number_of(facts["seconds"]))
    if kind != "none":
        raise ValueError(f"{kind!r} is no kind of receiver")
    return NoReceiver()


def _no_copy(path: Path, got: object) -> CalibrationError:
    return CalibrationError(
        "calibration of the watch list",
        rule="must be the file that was copied in",
        got=got,
        next_step="Give it again: matcher watch set --calibration.",
        path=path,
    )
