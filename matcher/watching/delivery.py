"""Deliver leads: append them to a file exactly once, or hand them to a command."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from matcher.private_files import claim_private, sync_directory
from matcher.strict_reading import read_json
from matcher.watching.leads import WatchLead
from matcher.watching.receivers import BEGIN, NoReceiver, Receiver, Take, ToCommand, ToFile
from matcher.words import counted, figure

Receive = Callable[[Sequence[WatchLead]], None]
"""Takes the leads of a list without a receiver. They count as reported once it has returned."""

_ID: Final = re.compile(rb'"lead"\s*:\s*"([0-9a-f]{32})"')
_MOST_FAILURES: Final = 3
"""Leads in a row that a command may refuse. The others then wait for the next run."""


def deliver(
    receiver: Receiver, leads: Sequence[WatchLead], receive: Receive | None, take: Take
) -> tuple[str, ...]:
    """Deliver leads; return sentences that say why some were not received.

    `take` is told of the identifiers of those that were.
    """
    if not leads:
        return ()
    if isinstance(receiver, ToFile):
        return _to_file(receiver.path, leads, take)
    if isinstance(receiver, ToCommand):
        return _to_command(receiver, leads, take)
    return _to_caller(receiver, leads, receive, take)


def _to_caller(
    receiver: NoReceiver, leads: Sequence[WatchLead], receive: Receive | None, take: Take
) -> tuple[str, ...]:
    del receiver
    if receive is None:
        return ("Leads wait, because the watch list has no receiver and the caller took none.",)
    receive(leads)
    take([lead.lead_id for lead in leads])
    return ()


def _to_file(path: Path, leads: Sequence[WatchLead], take: Take) -> tuple[str, ...]:
    try:
        claim_private(path)
        _append(path, leads)
        sync_directory(path.parent)
    except OSError as error:
        return (f"Leads wait, because {path} could not be written: {error.strerror or error}.",)
    take([lead.lead_id for lead in leads])
    return ()


def _append(path: Path, leads: Sequence[WatchLead]) -> None:
    """Write the leads that the file has not, all or none, and wait until they are on the disk.

    A run may have ended after it wrote them and before it could note that it did. So the file
    itself says what it has.
    """
    there, whole, before = _read(path)
    missing = [lead.to_json() + "\n" for lead in leads if lead.lead_id.encode() not in there]
    text = memoryview(before + "".join(missing).encode("ascii"))
    with path.open("r+b", buffering=0) as file:
        try:
            file.truncate(whole)
            file.seek(whole)
            while text:
                text = text[file.write(text) :]
            os.fsync(file.fileno())
        except OSError:
            file.truncate(whole)
            raise


def _read(path: Path) -> tuple[set[bytes], int, bytes]:
    """Return the identifiers in a file, where to write on, and what has to come first there.

    A lead that was written by half, as in a power cut, is cut off. Any other text without a line
    end gets one.
    """
    there: set[bytes] = set()
    whole = 0
    with path.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n") and _is_half(line):
                break
            there.update(_ID.findall(line))
            whole += len(line)
            if not line.endswith(b"\n"):
                return there, whole, b"\n"
    return there, whole, b""


def _is_half(line: bytes) -> bool:
    if not line.startswith(BEGIN) and not BEGIN.startswith(line):
        return False
    try:
        read_json(line)
    except ValueError:
        return True
    return False


def _to_command(receiver: ToCommand, leads: Sequence[WatchLead], take: Take) -> tuple[str, ...]:
    failures: list[str] = []
    in_a_row = 0
    for number, lead in enumerate(leads):
        if reason := _fault_of(receiver, lead):
            failures.append(f"Lead {lead.lead_id} waits: {receiver.words[0]} {reason}.")
            in_a_row += 1
        else:
            take([lead.lead_id])
            in_a_row = 0
        left = len(leads) - number - 1
        if left and in_a_row == _MOST_FAILURES:
            more = counted(left, "further lead")
            failures.append(f"Not tried after {in_a_row} failures in a row: {more}.")
            break
    return tuple(failures)


def _fault_of(receiver: ToCommand, lead: WatchLead) -> str:
    """Hand one lead over; return why it was not received, or nothing."""
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own program, without a shell
            receiver.words,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,  # results of a run are not mixed with those of the program
            start_new_session=True,
        )
    except OSError as error:
        return f"could not be started ({error.strerror or error})"
    with process:
        try:
            process.communicate(f"{lead.to_json()}\n".encode("ascii"), timeout=receiver.seconds)
        except subprocess.TimeoutExpired:
            _end(process)
            return f"took longer than {figure(receiver.seconds, 4)} s, and was ended"
        except BaseException:
            _end(process)
            raise
    code = process.returncode
    return "" if code == 0 else f"ended {f'with {code}' if code > 0 else f'by signal {-code}'}"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program, and what it started."""
    with suppress(ProcessLookupError):
        if os.name == "nt":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
