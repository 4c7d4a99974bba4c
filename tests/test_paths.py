"""Any path becomes text that can be printed, and a reference that opens the same file again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from matcher.paths import from_reference, shown, to_reference

NAMES = st.binary(min_size=1).filter(lambda name: b"\0" not in name)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)

posix = pytest.mark.skipif(os.name == "nt", reason="names are text there")


@posix
@given(NAMES)
@example(b"/photos/fot\xe9.jpg")
@example(b"file:/x%41\\\xff\n")
@example(b"//host/\xe9")
def test_a_reference_leads_back_to_the_same_path(name: bytes) -> None:
    path = Path(os.fsdecode(name))
    reference = to_reference(path)
    assert reference.encode("utf-8")
    assert from_reference(reference) == path


@given(TEXTS)
@example("/photos/fot\xe9.jpg")
@example("a%20b\\c")
def test_an_ordinary_path_is_its_own_reference(text: str) -> None:
    assert to_reference(Path(text)) == str(Path(text))
    assert shown(text) == text


@given(st.text())
def test_whatever_is_shown_can_be_written(text: str) -> None:
    assert shown(text).encode("utf-8").decode("utf-8") == shown(text)


@posix
def test_bytes_that_are_not_utf_8_are_shown_as_escapes() -> None:
    assert shown(Path(os.fsdecode(b"/a/fot\xe9.jpg"))) == "/a/fot\\xe9.jpg"
    assert to_reference(Path(os.fsdecode(b"/a/fot\xe9.jpg"))) == "file:///a/fot%E9.jpg"


@posix
def test_a_reference_is_the_same_whatever_the_locale(tmp_path: Path) -> None:
    (tmp_path / "fot\xe9.jpg").touch()
    script = (
        "import sys; from pathlib import Path; from matcher.paths import *; "
        "(file,) = Path(sys.argv[1]).iterdir(); reference = to_reference(file); "
        "assert from_reference(reference).exists(); assert shown(file) == reference; "
        "sys.stdout.buffer.write(reference.encode())"
    )
    plain = os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0"}
    for environment in (plain, os.environ | {"PYTHONUTF8": "1"}):
        done = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path)],
            env=environment,
            capture_output=True,
            check=True,
        )
        assert done.stdout.decode() == str(tmp_path / "fot\xe9.jpg")
