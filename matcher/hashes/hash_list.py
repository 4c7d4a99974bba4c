"""A list of hashes: sorted bytes, in which a photo is looked up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from matcher.arguments import path_of
from matcher.hashes.digests import ALGORITHMS, BYTES, TITLES, Algorithm, Hashed
from matcher.hashes.lines import hashes_of_lines, unusable
from matcher.hashes.vics_entries import hashes_of_vics, looks_like_vics
from matcher.words import counted

_NAMED: Final = 10  # malformed lines whose numbers are kept


@dataclass(frozen=True, eq=False)
class HashList:
    """Hashes of files, as agencies pass them on. Get one by `read`.

    Parameters
    ----------
    name
        Name of the file.
    digests
        For each algorithm the hashes, distinct and ascending: a bytes array of shape (n,), with an
        item size of 32, 20 or 16. They take that many bytes of memory each.
    duplicates
        Hashes that stood in the file once more.
    malformed
        Lines with something else where a hash is due. Nothing of such a line is used but another
        hash of the same file.
    malformed_lines
        Numbers of the first of them, from 1; of a VICS file those of its entries.
    """

    name: str
    digests: Mapping[Algorithm, NDArray[np.bytes_]]
    duplicates: int = 0
    malformed: int = 0
    malformed_lines: tuple[int, ...] = ()

    @classmethod
    def read(cls, path: Path | str) -> Self:
        """Read a list of MD5, SHA-1 or SHA-256, told apart by their length.

        Parameters
        ----------
        path
            A text with one hash a line, as `md5sum` and `sha256sum` write it; or a CSV with a
            header that names the columns of hashes, such as NSRLFile.txt of the NSRL RDS. The
            separator is a comma, a semicolon or a tab. Lines that begin with # are comments. Or a
            VICS file: every entry counts, whatever its `Category`. Of several hashes of one file
            only the strongest is kept, since files can be made that share an MD5 or a SHA-1 with
            another.

        Raises
        ------
        ExchangeFileError
            The file cannot be read, is of another kind, or holds no hash.
        """
        path = path_of("path", path)
        collected: dict[Algorithm, bytearray] = {name: bytearray() for name in ALGORITHMS}
        of_length = {BYTES[name]: held for name, held in collected.items()}
        malformed, named = 0, []
        entries = hashes_of_vics(path) if looks_like_vics(path) else hashes_of_lines(path)
        for number, digest, is_malformed in entries:
            if digest is not None:
                of_length[len(digest)] += digest
            if is_malformed:
                malformed += 1
                if malformed <= _NAMED:
                    named.append(number)
        if not any(collected.values()):
            raise unusable(path, f"no hash, and {counted(malformed, 'malformed line')}")
        given = sum(len(held) // BYTES[name] for name, held in collected.items())
        digests = {name: _sorted(collected.pop(name), BYTES[name]) for name in ALGORITHMS}
        kept = sum(map(len, digests.values()))
        return cls(path.name, digests, given - kept, malformed, tuple(named))

    def __len__(self) -> int:
        return sum(map(len, self.digests.values()))

    def match(self, photo: Hashed) -> Algorithm | None:
        """Return the strongest hash of a photo that is on the list; None if there is none.

        Parameters
        ----------
        photo
            A `Photo`, a `PhotoRecord` or `FileHashes`.
        """
        for name in ALGORITHMS:
            digits = getattr(photo, name)
            if digits is not None and self._has(name, bytes.fromhex(digits)):
                return name
        return None

    def remarks(self) -> tuple[str, ...]:
        """Return what a person should know about how the list was read, as sentences."""
        of_each = ", ".join(
            f"{TITLES[name]} {len(held)}" for name, held in self.digests.items() if len(held)
        )
        said = [f"{self.name}: {counted(len(self), 'hash', 'hashes')} ({of_each})."]
        if self.duplicates:
            said.append(f"Standing there more than once: {self.duplicates}.")
        if self.malformed:
            more = ", …" if self.malformed > len(self.malformed_lines) else ""
            lines = ", ".join(map(str, self.malformed_lines))
            said.append(f"Malformed lines: {self.malformed} ({lines}{more}).")
        return tuple(said)

    def _has(self, name: Algorithm, digest: bytes) -> bool:
        held = self.digests[name]
        wanted: NDArray[np.bytes_] = np.array(digest, dtype=held.dtype)
        place = int(np.searchsorted(held, wanted))
        return place < len(held) and bool(held[place] == wanted)


def _sorted(collected: bytearray, size: int) -> NDArray[Any]:
    """Return hashes in order, each once. Few copies are made: there may be many millions."""
    held: NDArray[Any] = np.frombuffer(collected, dtype=f"S{size}")
    held.sort()
    first = np.ones(len(held), dtype=bool)
    first[1:] = held[1:] != held[:-1]
    held = held if first.all() else held[first]
    held.setflags(write=False)
    return held
