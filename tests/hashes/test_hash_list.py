"""A list of hashes is read as agencies write it; what is no hash is counted, and goes nowhere."""

from __future__ import annotations

import sqlite3
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.errors import ExchangeFileError
from matcher.hashes import ALGORITHMS, Algorithm, FileHashes, HashList, hashes_of

PHOTOS = [hashes_of(f"photo {number}".encode()) for number in range(6)]
ON, OFF = PHOTOS[:3], PHOTOS[3:]


def listed(tmp_path: Path, content: str | bytes, name: str = "list.txt") -> HashList:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return HashList.read(path)


def digits(one: FileHashes, algorithm: Algorithm) -> str:
    return str(getattr(one, algorithm))


def finds_exactly_these(found: HashList) -> bool:
    return all(found.match(one) for one in ON) and not any(found.match(one) for one in OFF)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_lists_of_each_algorithm_act_alike(tmp_path: Path, algorithm: Algorithm) -> None:
    found = listed(tmp_path, "\n".join(digits(one, algorithm) for one in ON))
    assert finds_exactly_these(found)
    assert {found.match(one) for one in ON} == {algorithm}
    assert len(found) == len(found.digests[algorithm]) == 3
    assert (found.malformed, found.duplicates) == (0, 0)


FORMS = {
    "upper case": lambda one: one.md5.upper(),
    "sha256sum": lambda one: f"{one.sha256}  ./photos/a b.jpg",
    "md5sum, binary": lambda one: f"{one.md5} *a.jpg",
    "sha1sum, escaped": lambda one: f"\\{one.sha1}  a\\nb.jpg",
    "first cell": lambda one: f'"{one.sha1}","=cmd","a;b"',
    "blanks around": lambda one: f"\t {one.sha256}  ",
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_without_a_header(tmp_path: Path, form: str) -> None:
    assert finds_exactly_these(listed(tmp_path, "\n".join(map(FORMS[form], ON))))


TABLES = {
    "NSRL RDS": (
        '"SHA-1","MD5","CRC32","FileName","FileSize","ProductCode","OpSystemCode","SpecialCode"',
        lambda one: f'"{one.sha1.upper()}","{one.md5.upper()}","AB12CD34","a,b.jpg",1,2,"3",""',
    ),
    "semicolons": ("MD5;SHA1;Image ID;Series name", lambda one: f"{one.md5};{one.sha1};7;=1+1"),
    "tabs": ("name\tsha256", lambda one: f"a.jpg\t{one.sha256}"),
    "hashdeep": ("%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n## note",
                 lambda one: f"12,{one.md5},{one.sha256},/a,b.jpg"),
    "spreadsheet": ("sep=;\nFile Name;SHA-256 Hash", lambda one: f"a.jpg;{one.sha256}"),
    "some cells empty": ("md5,sha1", lambda one: f",{one.sha1}"),
    "other lengths under a heading": ("hash,md5", lambda one: f"{one.md5},{one.sha1}"),
}  # fmt: skip


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_tables_in_every_encoding(tmp_path: Path, table: str, end: str, encoding: str) -> None:
    header, row = TABLES[table]
    text = "\n".join([header, *map(row, ON), ""]).replace("\n", end)
    found = listed(tmp_path, text.encode(encoding))
    assert finds_exactly_these(found)
    assert found.malformed == 0


def test_of_several_hashes_of_a_file_only_the_strongest_counts(tmp_path: Path) -> None:
    """A file that was made to share an MD5 or a SHA-1 with a listed photo is not taken for it."""
    one = ON[0]
    found = listed(tmp_path, f"md5,sha1,sha256\n{one.md5},{one.sha1},{one.sha256}\n")
    forged = FileHashes(sha256=OFF[0].sha256, sha1=one.sha1, md5=one.md5)
    assert found.match(one) == "sha256"
    assert found.match(forged) is None
    assert len(found) == 1


def test_duplicates_comments_and_malformed_lines_are_counted(tmp_path: Path) -> None:
    one, two = ON[:2]
    lines = [
        "# a comment",
        one.md5,
        one.md5.upper(),
        "",
        "=HYPERLINK(1)",
        two.md5[:-1],
        two.md5[:-1] + "g",
        f"{two.sha1[:20]} {two.sha1[21:]}",
        two.md5,
    ]
    found = listed(tmp_path, "\n".join(lines))
    assert (len(found), found.duplicates, found.malformed) == (2, 1, 4)
    assert found.malformed_lines == (5, 6, 7, 8)
    assert found.remarks() == (
        "list.txt: 2 hashes (MD5 2).",
        "Standing there more than once: 1.",
        "Malformed lines: 4 (5, 6, 7, 8).",
    )


def test_a_row_with_one_bad_cell_is_used_and_counted(tmp_path: Path) -> None:
    found = listed(tmp_path, f"md5,sha1\n{ON[0].md5},=1+1\n,\n{ON[1].md5}\n")
    assert (len(found), found.malformed, found.malformed_lines) == (2, 2, (2, 3))


def test_only_the_first_malformed_lines_are_named(tmp_path: Path) -> None:
    found = listed(tmp_path, "\n".join([ON[0].md5, *["x"] * 1000]))
    assert (found.malformed, found.malformed_lines[-1]) == (1000, 11)
    assert found.remarks()[-1].endswith(", 11, …).")


HOSTILE = {
    "a line of ten megabytes": b"a" * 10_000_000,
    "a hash at the end of such a line": b"a" * 70_000 + b" " + PHOTOS[4].md5.encode(),
    "NUL bytes": b"ab\0\0" + PHOTOS[4].md5.encode(),
    "a lone quote": b'"' + b"x" * 100,
    "bytes that are no text": b"\xff\xfe\xfa\x80" * 100,
    "digits of another script": "\u0661".encode() * 32,
    "commands to a terminal": b"\x1b]0;owned\x07" * 50,
}


@pytest.mark.parametrize("bad", HOSTILE)
def test_a_hostile_line_is_one_malformed_line(tmp_path: Path, bad: str) -> None:
    good = "\n".join(one.md5 for one in ON).encode()
    found = listed(tmp_path, good + b"\n" + HOSTILE[bad] + b"\n" + good)
    assert finds_exactly_these(found)
    assert (found.malformed, found.malformed_lines, found.duplicates) == (1, (4,), 3)
    assert all(text.isprintable() for text in found.remarks())


def test_an_unclosed_quote_of_a_table_swallows_no_other_line(tmp_path: Path) -> None:
    found = listed(tmp_path, f'md5,name\n{ON[0].md5},"a\n{ON[1].md5},b"\n{ON[2].md5},c\n')
    assert finds_exactly_these(found)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no hash, and 0 malformed lines"),
        (b"# only a comment\n", "no hash, and 0 malformed lines"),
        (b"photo,subject\na.jpg,A-1\n", "no hash, and 2 malformed lines"),
        (b"md5\n", "no hash"),
        (b'{"@odata.context": ""}', "no list `value`"),
        (b"PK\x03\x04....", "ZIP"),
        (b"\x1f\x8b\x08....", "gzip"),
        (bytes(range(256)) * 40, "no hash"),
    ],
)
def test_a_file_without_hashes_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(ExchangeFileError, match=says):
        listed(tmp_path, content)


def test_a_database_a_folder_and_nothing_are_refused(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "rds.db").execute("CREATE TABLE file (sha256)").connection.close()
    for path in (tmp_path / "rds.db", tmp_path, tmp_path / "none.txt"):
        with pytest.raises(ExchangeFileError) as caught:
            HashList.read(path)
        assert caught.value.path == path


@given(
    st.sets(st.binary(min_size=16, max_size=16), min_size=1, max_size=40),
    st.binary(min_size=16, max_size=16),
)
def test_a_hash_is_found_if_and_only_if_it_is_there(
    tmp_path_factory: pytest.TempPathFactory, there: set[bytes], other: bytes
) -> None:
    """Also hashes that end in zero bytes, which are like blanks to a program in C."""
    there |= {one[:-2] + b"\0\0" for one in there}
    folder = tmp_path_factory.mktemp("lists")
    found = listed(folder, "\n".join(one.hex() for one in there))
    assert len(found) == len(there)
    for one in (*there, other, other[:-1] + b"\0"):
        asked = FileHashes("0" * 64, "0" * 40, one.hex())
        assert (found.match(asked) == "md5") == (one in there)


def test_a_list_takes_a_few_times_its_bytes_and_no_text_stays(tmp_path: Path) -> None:
    count = 200_000
    random = np.random.default_rng(1).bytes(20 * count).hex()
    path = tmp_path / "list.txt"
    path.write_text("\n".join(random[40 * n : 40 * n + 40] for n in range(count)))
    tracemalloc.start()
    found = HashList.read(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found) == count
    assert most < 3 * 20 * count
