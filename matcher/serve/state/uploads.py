"""Photos that were uploaded and not yet searched for."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from matcher.private_files import open_private
from matcher.serve.state.files import StateFolder, unusable

_COLUMNS: Final = "key, gallery, case_token, name, job, taken_on, age, at"


@dataclass(frozen=True)
class Upload:
    """One photo that waits.

    Parameters
    ----------
    key
        Its name in addresses.
    gallery, case
        Id of the gallery, and the token of the case.
    name
        Who uploaded it.
    job
        The job that searches for it; None if a person chooses the face.
    taken_on, age
        What was said of it, as typed; both were checked.
    at
        When, in seconds since 1970.
    path
        The file.
    """

    key: str
    gallery: str
    case: str
    name: str
    job: str | None
    taken_on: str
    age: str
    at: float
    path: Path

    def read(self) -> bytes:
        """Return the bytes of the photo.

        Raises
        ------
        ServeError
            The file is gone.
        """
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise unusable(self.path, error.strerror) from error


class Uploads:
    """The uploads of a server: rows in `work.sqlite3`, files that only the owner can read.

    Parameters
    ----------
    folder
        The state of the server.
    longest
        Seconds for which a photo waits for a person. `sweep` deletes it then.
    clock
        Returns the time in seconds since 1970.
    """

    def __init__(
        self,
        folder: StateFolder,
        *,
        longest: float = 86400.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder, self._longest, self._clock = folder, longest, clock

    def add(
        self,
        photos: Sequence[bytes],
        *,
        gallery: str,
        case: str,
        name: str,
        job: str | None = None,
        taken_on: str = "",
        age: str = "",
    ) -> list[Upload]:
        """Keep photos; the rows are written after the files, all or none."""
        made = [
            self._of((secrets.token_hex(16), gallery, case, name, job, taken_on, age, now))
            for now in [self._clock()] * len(photos)
        ]
        try:
            for upload, data in zip(made, photos, strict=True):
                with open_private(upload.path, "wb") as file:
                    file.write(data)
            with self._folder.work() as work, work.writing():
                work.run_each(
                    f"INSERT INTO uploads ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                    (
                        (u.key, u.gallery, u.case, u.name, u.job, u.taken_on, u.age, u.at)
                        for u in made
                    ),
                )
        except OSError as error:
            self._unlink(made)
            raise unusable(self._folder.path, error.strerror) from error
        except BaseException:
            self._unlink(made)
            raise
        return made

    def get(self, key: str) -> Upload | None:
        """Return an upload; None if there is none."""
        with self._folder.work() as work:
            row = work.row(f"SELECT {_COLUMNS} FROM uploads WHERE key = ?", (key,))  # noqa: S608
        return None if row is None else self._of(row)

    def waiting(self, gallery: str, case: str, name: str) -> list[Upload]:
        """Return the photos of a case that wait for the person who uploaded them."""
        with self._folder.work() as work:
            rows = list(work.rows(f"SELECT {_COLUMNS} FROM uploads WHERE job IS NULL ORDER BY at"))  # noqa: S608
        found = map(self._of, rows)
        return [u for u in found if (u.gallery, u.case, u.name) == (gallery, case, name)]

    def discard(self, uploads: Sequence[Upload]) -> None:
        """Delete photos with their rows."""
        self._unlink(uploads)
        with self._folder.work() as work, work.writing():
            work.run_each("DELETE FROM uploads WHERE key = ?", ((u.key,) for u in uploads))

    def sweep(self) -> None:
        """Delete photos that waited too long, and files without a row."""
        with self._folder.work() as work:
            rows = list(work.rows(f"SELECT {_COLUMNS} FROM uploads"))  # noqa: S608
        kept = list(map(self._of, rows))
        old = [u for u in kept if u.job is None and self._clock() - u.at > self._longest]
        self.discard(old)
        known = {u.path for u in kept}
        for path in self._folder.uploads.iterdir():
            if path not in known and self._clock() - path.stat().st_mtime > self._longest:
                path.unlink(missing_ok=True)

    def _of(self, row: Sequence[Any]) -> Upload:
        key, gallery, case, name, job, taken_on, age, at = row
        path = self._folder.uploads / str(key)
        return Upload(key, gallery, case, name, job, taken_on, age, at, path)

    @staticmethod
    def _unlink(uploads: Sequence[Upload]) -> None:
        for upload in uploads:
            upload.path.unlink(missing_ok=True)
