"""The report as a folder: page, tables, plots, and a record of the run with the hash of each."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path

from fairness.errors import AuditError
from fairness.private_files import FOLDER_MODE, make_folder, write_private
from fairness.report.figures import draw_all
from fairness.report.html_page import render
from fairness.report.result import AuditResult
from fairness.strict_reading import read_json

RECORD = "run.json"
_FORMAT = "fairness audit report 1"


def write_folder(report: AuditResult, folder: Path) -> None:
    """Write a report into a temporary folder and move it into place; see `AuditReport.write`."""
    folder = folder.absolute()
    require_replaceable(folder)
    contents = files(report)
    make_folder(folder.parent)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as partial:
        fresh = Path(partial) / "new"
        fresh.mkdir(FOLDER_MODE)
        for name, content in contents.items():
            target = fresh / name
            make_folder(target.parent)
            write_private(target, content)
        if folder.exists():
            folder.rename(Path(partial) / "old")
        fresh.rename(folder)


def files(report: AuditResult) -> dict[str, bytes]:
    """Return every file of a report by its path in the folder. The record comes last."""
    pictures = draw_all(report)
    contents = {"report.html": render(report, pictures).encode()}
    for table in report.tables:
        contents[f"tables/{table.name}.csv"] = table.to_csv().encode()
        contents[f"tables/{table.name}.json"] = table.to_json().encode()
    for picture in pictures:
        contents[f"plots/{picture.name}.svg"] = picture.svg
        contents[f"plots/{picture.name}.png"] = picture.png
    contents[RECORD] = _record(report, contents)
    return contents


def _record(report: AuditResult, contents: dict[str, bytes]) -> bytes:
    record = {
        "format": _FORMAT,
        "title": report.title,
        "card": dict(report.card),
        "threshold": report.threshold,
        "kind": report.kind,
        "level": report.level,
        "facts": dict(report.facts),
        "digest": report.digest,
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()},
    }
    return (json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def require_replaceable(folder: Path) -> None:
    """Refuse a folder that holds anything but an unchanged list of a report's files."""
    if not folder.exists():
        return
    if not folder.is_dir() or folder.is_symlink():
        raise _refusal(folder, "a file or a link")
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    if not found and not any(folder.iterdir()):
        return
    if RECORD not in found or not (known := _files_of(folder / RECORD)):
        raise _refusal(folder, "a folder that is no report")
    if strange := sorted(found - known - {RECORD}):
        raise _refusal(folder, f"a report to which {strange[0]!r} was added")


def _files_of(record: Path) -> set[str]:
    """Return the files that a record lists; none if it is not the record of a report."""
    try:
        content = read_json(record.read_bytes())
    except ValueError:
        return set()
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        return set()
    files = content.get("files")
    return set(files) if isinstance(files, dict) else set()


def _refusal(folder: Path, got: str) -> AuditError:
    return AuditError(
        "the place of a report",
        rule="must be free, or hold an earlier report and nothing else",
        got=got,
        next_step="Choose another folder, or move what is there away.",
        path=folder,
    )
