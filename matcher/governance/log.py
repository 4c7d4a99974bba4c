"""The activity log of a governed gallery: append-only, each record chained to the one before."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from matcher.arguments import path_of
from matcher.errors import ActivityLogError, GalleryBusyError, GalleryWriteError
from matcher.governance.anchors import Anchor, append_configured_anchor
from matcher.governance.checking import LogVerdict, check_log
from matcher.governance.places import folder_of, lock_of, log_of
from matcher.governance.pseudonyms import CASE, Pseudonyms
from matcher.governance.record import (
    FORMAT,
    NOTHING_BEFORE,
    Entry,
    LogRecord,
    line_hash,
    time_text,
)
from matcher.governance.signing import signature_of
from matcher.governance.tail import LONGEST_LINE, Tail, read_tail, write_whole
from matcher.private_files import claim_private, held_alone, make_folder, sync_directory

BUSY_TIMEOUT: Final = 30.0
"""Seconds to wait for another process that writes to the log."""


class ActivityLog:
    """The log of one governed gallery. Get it by `of`. Any thread and any process can use it.

    A record is one line of JSON: keys sorted, ASCII, no blanks. `previous` is the SHA-256 of the
    line before. Nothing in the library changes a line that was written.
    """

    def __init__(self, gallery_path: Path, gallery_id: str) -> None:
        self._gallery = gallery_path
        self._id = gallery_id

    @classmethod
    def of(cls, gallery_path: Path | str) -> ActivityLog:
        """Return the log of a gallery.

        Raises
        ------
        ActivityLogError
            When the gallery has no log, or its first record cannot be read.
        """
        gallery = path_of("gallery_path", gallery_path)
        if not log_of(gallery).exists():
            raise ActivityLogError(
                "gallery",
                rule="must be governed, with an activity log",
                got="no log",
                next_step="Make it governed: matcher gallery govern. If it was, restore the log.",
                path=gallery,
            )
        with _unreadable_reported(log_of(gallery)), log_of(gallery).open("rb") as file:
            line = file.readline(LONGEST_LINE)
            first = LogRecord.of(line.removesuffix(b"\n"))
        return cls(gallery, first.gallery)

    @classmethod
    def begin(cls, gallery_path: Path, gallery_id: str, entry: Entry) -> ActivityLog:
        """Begin the log of a gallery by its first record, and return it.

        A log that is there already stays as it is, so that a process that died can be followed by
        another one. `gallery_id` of the log may then differ from the one that is given.

        Raises
        ------
        GalleryWriteError
            When it cannot be written.
        ActivityLogError
            When a log is there that cannot be read.
        """
        log = cls(gallery_path, gallery_id)
        with _unwritable_reported(log_of(gallery_path)):
            make_folder(folder_of(gallery_path))
            claim_private(log_of(gallery_path))
            sync_directory(folder_of(gallery_path))
            sync_directory(gallery_path)
        log._begin(entry)
        return cls.of(gallery_path)

    @property
    def path(self) -> Path:
        """The file."""
        return log_of(self._gallery)

    @property
    def gallery_id(self) -> str:
        """Random identifier of the gallery."""
        return self._id

    @property
    def pseudonyms(self) -> Pseudonyms:
        """What the tokens in the log stand for."""
        return Pseudonyms(self._gallery)

    def append(self, entry: Entry) -> LogRecord:
        """Write one record, and wait until it is on the disk.

        Half a record that a dead process left is cut off first; the new record says how many bytes
        it had (`facts.recovered_bytes`).

        Raises
        ------
        GalleryWriteError
            When it cannot be written. The log is then as it was. If only the anchor cannot be
            written, the record is there.
        GalleryBusyError
            When another process writes for too long.
        ActivityLogError
            When the last record is damaged, so that nothing can be chained to it, or the key to
            sign with cannot be used.
        """
        (record,) = self.append_all([entry])
        return record

    def append_all(self, entries: Sequence[Entry]) -> list[LogRecord]:
        """Write several records in one go, all or none; as `append` otherwise."""
        if not entries:
            return []
        drafts = self._drafts(entries)
        with self._locked(), self._open() as descriptor:
            tail, last = self._end(descriptor)
            if last is None:
                raise _damaged(self.path, "no record at all")
            return self._write(descriptor, drafts, last, tail)

    def _begin(self, entry: Entry) -> None:
        """Write the first record, unless there is one."""
        (draft,) = self._drafts([entry])
        with self._locked(), self._open() as descriptor:
            tail, last = self._end(descriptor)
            if last is None:
                self._write(descriptor, [draft], last, tail)

    def _end(self, descriptor: int) -> tuple[Tail, LogRecord | None]:
        with _unreadable_reported(self.path):
            tail = read_tail(descriptor)
            return tail, LogRecord.of(tail.line) if tail.line else None

    def _write(
        self, descriptor: int, drafts: Sequence[LogRecord], last: LogRecord | None, tail: Tail
    ) -> list[LogRecord]:
        written: list[LogRecord] = []
        content = b""
        previous = NOTHING_BEFORE if last is None else line_hash(tail.line)
        for draft in drafts:
            rest = 0 if written else tail.rest
            last = self._chained(draft, last, previous, rest)
            line = last.line()
            written.append(last)
            content, previous = content + line + b"\n", line_hash(line)
        with _unwritable_reported(self.path):
            if tail.rest:
                os.ftruncate(descriptor, tail.end)
            write_whole(descriptor, content, tail.end)
        ended = datetime.fromisoformat(written[-1].ended)
        append_configured_anchor(self._id, written[-1].number, previous, ended)
        return written

    def _drafts(self, entries: Sequence[Entry]) -> list[LogRecord]:
        cases = {one.context.case_id for one in entries if one.context and one.context.case_id}
        tokens = self.pseudonyms.tokens(CASE, cases)
        return [self._draft(entry, tokens) for entry in entries]

    def _draft(self, entry: Entry, tokens: Mapping[str, str]) -> LogRecord:
        context = entry.context
        until = None if context is None else context.authorised_until
        case = "" if context is None else context.case_id
        begun = time_text(entry.begun or datetime.now(UTC))
        return LogRecord(
            number=1,
            previous=NOTHING_BEFORE,
            kind=entry.kind,
            begun=begun,
            ended=begun,
            operator="" if context is None else context.operator,
            case=tokens.get(case, ""),
            purpose="" if context is None else context.purpose,
            legal_basis="" if context is None else context.legal_basis,
            authorisation="" if context is None else context.authorisation,
            authorised_until="" if until is None else until.isoformat(),
            gallery=self._id,
            edition=entry.edition,
            generation=entry.generation,
            model=entry.model,
            facts=dict(entry.facts),
            outcome=entry.outcome,
        )

    def _chained(
        self, draft: LogRecord, last: LogRecord | None, previous: str, rest: int
    ) -> LogRecord:
        if last is not None and last.gallery != self._id:
            raise _damaged(self.path, "the log of another gallery")
        facts = draft.facts | ({"format": FORMAT} if last is None else {})
        record = replace(
            draft,
            number=1 if last is None else last.number + 1,
            previous=previous,
            ended=time_text(datetime.now(UTC)),
            facts=facts | ({"recovered_bytes": rest} if rest else {}),
        )
        record = replace(record, digest=record.content_hash)
        return replace(record, signature=signature_of(record.signed_bytes))

    def records(self) -> Iterator[LogRecord]:
        """Yield all records in their order, one line at a time.

        Raises
        ------
        ActivityLogError
            For a line that is no record. `verify` says more of what is wrong.
        """
        with _unreadable_reported(self.path), self.path.open("rb") as file:
            while (line := file.readline(LONGEST_LINE)).endswith(b"\n"):
                yield LogRecord.of(line[:-1])

    def record(self, number: int) -> LogRecord:
        """Return one record by its number.

        Raises
        ------
        ActivityLogError
            When there is none, or a line before it is no record.
        """
        return self.records_of([number])[number]

    def records_of(self, numbers: Collection[int]) -> dict[int, LogRecord]:
        """Return some records by their numbers, in one reading of the log.

        Raises
        ------
        ActivityLogError
            When one is missing, or a line before the last of them is no record.
        """
        missing, found = set(numbers), {}
        records = self.records()
        while missing and (record := next(records, None)) is not None:
            if record.number in missing:
                found[record.number] = record
                missing.remove(record.number)
        if missing:
            raise ActivityLogError(
                "number of a record",
                rule="must be in the log",
                got=min(missing),
                next_step="List the records: matcher log show.",
                path=self.path,
            )
        return found

    def verify(
        self, *, anchors: Sequence[Anchor] = (), public_key: bytes | None = None
    ) -> LogVerdict:
        """Check every line, the chain, the anchors and the signatures.

        Damage is never raised; the verdict lists it.

        Parameters
        ----------
        anchors
            Anchors that were kept elsewhere, see `read_anchors`. Without one, a missing end and a
            log that was written anew as a whole cannot be found.
        public_key
            Ed25519 key, 32 bytes or PEM, to check the signatures with.

        Raises
        ------
        InputError, MissingExtraError
            For a public key that is none, or without the extra `sign`.
        """
        with self._locked_if_possible():
            return check_log(self.path, self._id, anchors=anchors, public_key=public_key)

    def head(self) -> Anchor:
        """Return the last record's number and hash, to keep elsewhere.

        Raises
        ------
        ActivityLogError
            When the last record is damaged.
        """
        with _unreadable_reported(self.path), self.path.open("rb") as file:
            line = read_tail(file.fileno()).line
            number = LogRecord.of(line).number
        return Anchor(self._id, number, line_hash(line), time_text(datetime.now(UTC)))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        place = lock_of(self._gallery)
        reported = _unwritable_reported(place)
        with held_alone(place, BUSY_TIMEOUT, busy=_busy(place), reported=reported):
            yield

    @contextmanager
    def _locked_if_possible(self) -> Iterator[None]:
        """Keep writers out; where nothing can be written, none can come in."""
        try:
            with self._locked():
                pass
        except GalleryWriteError:
            pass
        yield

    @contextmanager
    def _open(self) -> Iterator[int]:
        flags = os.O_RDWR | os.O_APPEND
        try:
            descriptor = os.open(self.path, flags)
        except FileNotFoundError as error:
            raise _damaged(self.path, error) from error
        except OSError as error:
            raise _unwritable(self.path, error) from error
        try:
            yield descriptor
        finally:
            os.close(descriptor)


@contextmanager
def _unreadable_reported(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        raise _damaged(path, error) from error


@contextmanager
def _unwritable_reported(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, got: object) -> GalleryWriteError:
    return GalleryWriteError(
        "activity log of the gallery",
        rule="must be writable, with room on the disk",
        got=got,
        next_step="Free space or correct the rights; without a record nothing is done.",
        path=path,
    )


def _busy(path: Path) -> GalleryBusyError:
    return GalleryBusyError(
        "activity log of the gallery",
        rule=f"is free within {BUSY_TIMEOUT:g} seconds",
        got="another process that writes",
        next_step="Try again.",
        path=path,
    )


def _damaged(path: Path, got: object) -> ActivityLogError:
    return ActivityLogError(
        "activity log of the gallery",
        rule="must be there, and each line a record",
        got=got,
        next_step="Keep the file as it is, run `matcher log verify`, and restore a backup.",
        path=path,
    )
