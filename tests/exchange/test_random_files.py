"""Whatever the bytes are, a file is read or refused with a typed error; nothing else happens."""

from __future__ import annotations

import json
import random
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.errors import ExchangeFileError
from matcher.hashes import HashList, hashes_of, vics_media

ONE = hashes_of(b"a photo")
PIECES = [
    *("md5", "sha1", ",", ";", "\t", "\n", "\r", "\r\n", '"', "#", "%%%%", "sep=;", "\\", " ", "="),
    *("\0", "\ufeff", "\u0661", "\x1b[31m", "{", "}", "[", "]", ":", "null", "1e999", "-1", "NaN"),
    *(ONE.md5, ONE.sha1.upper(), ONE.sha256, ONE.md5[:31], '"MD5"', '"value"', '"Media"'),
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("random") / "file"


def is_read_or_refused(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    with suppress(ExchangeFileError):
        read = HashList.read(file)
        assert len(read) > 0
        assert all(text.isprintable() for text in read.remarks())
    with suppress(ExchangeFileError):
        list(vics_media(file, Counter()))


@given(st.one_of(st.binary(max_size=300), st.builds(str.encode, TEXTS, ENCODINGS)))
def test_random_bytes_and_pieces_of_lists(file: Path, data: bytes) -> None:
    is_read_or_refused(file, data)


def test_a_case_that_is_cut_or_changed_anywhere(file: Path) -> None:
    entry = {
        "MediaID": 1,
        "MD5": ONE.md5,
        "SHA1": ONE.sha1,
        "MediaFiles": [{"FileName": "a.jpg"}],
        "Tags": ["x"],
        "Category": None,
    }
    document = {"@odata.context": "x", "value": [{"CaseID": "c", "Media": [entry, entry]}], "n": 1}
    whole = json.dumps(document, indent=1).encode()
    for cut in range(len(whole)):
        is_read_or_refused(file, whole[:cut])
    chance = random.Random(1)
    for _ in range(1500):
        changed = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            changed[chance.randrange(len(changed))] = chance.choice(b'{}[]",:0nN\\\0\xff x')
        is_read_or_refused(file, bytes(changed))


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(
                st.sampled_from(["value", "Media", "MD5", "MediaFiles", "FileName", "MediaID"]),
                inner,
                max_size=4,
            ),
        ),
        max_leaves=20,
    )
)
def test_json_of_any_other_shape(file: Path, document: object) -> None:
    is_read_or_refused(file, json.dumps({"value": [{"Media": [document]}, document]}).encode())
    is_read_or_refused(file, json.dumps(document).encode())


@pytest.mark.parametrize("depth", [10, 300, 900, 5000, 200_000])
@pytest.mark.parametrize("name", ["MD5", "Tags", "MediaFiles", "other"])
def test_lists_within_lists(file: Path, name: str, depth: int) -> None:
    nested = "[" * depth + "]" * depth
    is_read_or_refused(file, f'{{"value": [{{"Media": [{{"{name}": {nested}}}]}}]}}'.encode())
    is_read_or_refused(file, f'{{"value": [{{"{name}": {nested}}}], "{name}": {nested}}}'.encode())
