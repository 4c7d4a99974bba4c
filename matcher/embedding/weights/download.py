"""Download one file over HTTP: resumable, with a limit on retries. Knows nothing of models."""

from __future__ import annotations

import json
import os
import re
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import IO, Any

from matcher.private_files import PUBLIC_FILE_MODE
from matcher.progress import ProgressHook
from matcher.strict_reading import object_of, read_json, text_of

_TIMEOUT = 30.0  # seconds without data from the server
_PAUSES = (0.2, 1.0, 3.0)  # seconds before each further attempt
_CHUNK = 1 << 18
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


class GaveUpError(Exception):
    """The file could not be downloaded; the message says why."""


class _InterruptedError(Exception):
    """An attempt ended early; another attempt may succeed."""


@dataclass(frozen=True)
class Download:
    """One download: its address, and the file to write to.

    Parameters
    ----------
    url
        An https address, or an http address that the caller has chosen to trust.
    part
        File that grows during the download. A part of an earlier attempt is continued if that is
        safe.
    label
        Name of the step for the progress hook.
    checked
        Whether the caller knows the hash of the whole file. If not, an earlier part is continued
        only if the server confirms by its ETag that the file is still the same.
    """

    url: str
    part: Path
    label: str
    checked: bool

    def run(self, on_progress: ProgressHook) -> None:
        """Complete `part`. Give up if several attempts in a row bring no new bytes.

        Raises
        ------
        GaveUpError
            If the server refuses, or the connection stays broken. `part` keeps the bytes that
            arrived.
        OSError
            If `part` cannot be written.
        """
        most, failures = self._size(), 0
        while True:
            try:
                return self._attempt(on_progress)
            except _InterruptedError as error:
                size = self._size()
                most, failures = max(most, size), 1 if size > most else failures + 1
                if failures > len(_PAUSES):
                    raise GaveUpError(str(error)) from error
                time.sleep(_PAUSES[failures - 1])

    def discard(self) -> None:
        """Remove the part and its note."""
        self.part.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def _attempt(self, on_progress: ProgressHook) -> None:
        etag = self._continuable_etag()
        start = self._size()
        with self._open(start, etag) as response:
            if response.status != 206:
                start = 0
            elif _first_byte(response.headers) != start:
                self.discard()
                raise _InterruptedError("the server continued at another byte than asked for")
            self._write_note(response.headers.get("ETag"))
            total = _total(response.headers, start)
            with open(self.part, "r+b" if start else "wb", opener=_opener) as file:
                file.seek(start)
                done = self._copy(response, file, start, total, on_progress)
        if total is not None and done != total:
            raise _InterruptedError(f"the connection ended after {done} of {total} bytes")

    def _copy(
        self,
        response: HTTPResponse,
        file: IO[bytes],
        done: int,
        total: int | None,
        on_progress: ProgressHook,
    ) -> int:
        on_progress(self.label, done, total)
        while chunk := _read(response):
            file.write(chunk)
            done += len(chunk)
            on_progress(self.label, done, total)
        return done

    def _open(self, start: int, etag: str | None) -> HTTPResponse:
        headers = {"User-Agent": "matcher", "Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
            if etag is not None:
                headers["If-Range"] = etag
        # The caller checked the scheme; `_Redirects` checks that redirections keep it.
        request = urllib.request.Request(self.url, headers=headers)  # noqa: S310
        try:
            response: HTTPResponse = urllib.request.build_opener(_Redirects).open(
                request, timeout=_TIMEOUT
            )
        except urllib.error.HTTPError as error:
            error.close()
            raise self._refused(error.code, error.reason) from error
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise _InterruptedError(f"no connection ({reason})") from error
        return response

    def _refused(self, code: int, reason: str) -> Exception:
        message = f"the server answered {code} {reason}"
        if code == 416:  # the part is longer than the file
            self.discard()
            return _InterruptedError(message)
        return _InterruptedError(message) if code in _PASSING else GaveUpError(message)

    def _continuable_etag(self) -> str | None:
        """Return the ETag of the part; discard a part that cannot be continued safely."""
        note = self._read_note()
        etag = note.get("etag") if note.get("url") == self.url else None
        if etag is None and not self.checked:
            self.discard()
        return etag

    def _size(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    @property
    def _note(self) -> Path:
        return self.part.with_name(self.part.name + ".json")

    def _read_note(self) -> dict[str, Any]:
        try:
            note = object_of(read_json(self._note.read_bytes()))
            return {name: text_of(value) for name, value in note.items() if value is not None}
        except (FileNotFoundError, ValueError):
            return {}

    def _write_note(self, etag: str | None) -> None:
        # A weak ETag does not promise equal bytes (RFC 9110, section 13.1.5).
        strong = etag if etag is not None and not etag.startswith("W/") else None
        with open(self._note, "w", encoding="utf-8", opener=_opener) as file:
            json.dump({"url": self.url, "etag": strong}, file)


def _opener(path: str | os.PathLike[str], flags: int) -> int:
    return os.open(path, flags, PUBLIC_FILE_MODE)


def _read(response: HTTPResponse) -> bytes:
    try:
        return response.read(_CHUNK)
    except (OSError, HTTPException) as error:
        raise _InterruptedError(f"the connection broke ({error})") from error


def _first_byte(headers: Message) -> int | None:
    found = re.match(r"bytes (\d+)-", headers.get("Content-Range", ""))
    return int(found[1]) if found else None


def _total(headers: Message, start: int) -> int | None:
    length = headers.get("Content-Length", "")
    return start + int(length) if length.isdigit() else None


class _Redirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Any,
        newurl: str,
    ) -> urllib.request.Request | None:
        if not newurl.startswith(("https://", f"{req.type}://")):
            raise urllib.error.HTTPError(
                newurl, code, "a redirection to an address that is not https", headers, fp
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)
