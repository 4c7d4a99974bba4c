"""The files of groups that are served: read when they changed, corrected one person at a time."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from matcher.errors import GroupFileError
from matcher.grouping import GroupChange, GroupedFace, GroupFile, Grouping
from matcher.serve.refusals import Refusal


@dataclass(eq=False)
class ServedGrouping:
    """One file of groups.

    Parameters
    ----------
    key, name, path
        Its name in addresses, the name that pages show, and the file.
    """

    key: str
    name: str
    path: Path
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _kept: tuple[tuple[int, int], Grouping, tuple[GroupChange, ...]] | None = None

    def read(self) -> tuple[Grouping, tuple[GroupChange, ...]]:
        """Return the groups and the corrections as they are now.

        Raises
        ------
        GroupFileError
            The file cannot be used, or a command has it open.
        """
        with self._lock:
            stamp = self._stamp()
            if self._kept is None or self._kept[0] != stamp:
                with GroupFile.open(self.path) as file:
                    self._kept = stamp, file.grouping(), tuple(file.changes())
            return self._kept[1], self._kept[2]

    def correct(self, correction: Callable[[GroupFile], object]) -> None:
        """Make one correction.

        Raises
        ------
        GroupFileError, InputError
            As `GroupFile`; nothing is changed.
        """
        with self._lock, GroupFile.open(self.path) as file:
            self._kept = None
            correction(file)

    def face(self, face_id: int) -> GroupedFace:
        """Return one face.

        Raises
        ------
        Refusal
            There is none of that number.
        """
        grouping, _ = self.read()
        found = next((one for one in grouping.every_face() if one.face_id == face_id), None)
        if found is None:
            raise Refusal.missing()
        return found

    def _stamp(self) -> tuple[int, int]:
        try:
            facts = self.path.stat()
        except OSError as error:
            raise GroupFileError(
                "file of groups",
                rule="must be there",
                got="none",
                next_step="Ask whoever keeps the server.",
            ) from error
        return facts.st_mtime_ns, facts.st_size


class Groupings:
    """All files of groups of a server, by the names that pages show."""

    def __init__(self, paths: Mapping[str, Path]) -> None:
        made = [
            ServedGrouping(hashlib.sha256(name.encode()).hexdigest()[:12], name, path)
            for name, path in paths.items()
        ]
        self._by_key = {one.key: one for one in made}

    def __iter__(self) -> Iterator[ServedGrouping]:
        return iter(sorted(self._by_key.values(), key=lambda one: one.name))

    def named(self, key: str) -> ServedGrouping:
        """Return one by its key.

        Raises
        ------
        Refusal
            There is none.
        """
        if key not in self._by_key:
            raise Refusal.missing()
        return self._by_key[key]
