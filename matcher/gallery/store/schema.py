"""Tables of the store in format 1, and the checks made before a store is trusted.

`migrations` leads to the later formats.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from matcher.embedding import ModelIdentity
from matcher.errors import GalleryFormatError
from matcher.gallery.store.migrations import FORMAT_VERSION, migrate, version_of
from matcher.gallery.store.sqlite_errors import damaged
from matcher.strict_reading import object_of, read_json

APPLICATION_ID = 0x6D746368  # "mtch": it tells the store from other SQLite files

_TABLES = """
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One row per committed write. The stamp tells apart two histories that reached the same number,
-- as after the restoration of a backup.
CREATE TABLE commits (
    generation INTEGER PRIMARY KEY,
    stamp TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;

CREATE TABLE subjects (
    subject_id TEXT PRIMARY KEY CHECK (length(subject_id) > 0),
    date_of_birth TEXT CHECK (date_of_birth IS date(date_of_birth)),
    recorded_sex TEXT NOT NULL CHECK (recorded_sex IN ('female', 'male', 'other', 'unknown')),
    region TEXT,
    source TEXT
) STRICT;

CREATE TABLE subject_tags (
    subject_id TEXT NOT NULL REFERENCES subjects ON DELETE CASCADE,
    tag TEXT NOT NULL CHECK (length(tag) > 0),
    PRIMARY KEY (subject_id, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_by_name ON subject_tags (tag);

CREATE TABLE faces (
    face_id INTEGER PRIMARY KEY AUTOINCREMENT,
    subject_id TEXT NOT NULL REFERENCES subjects ON DELETE CASCADE,
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    reference TEXT NOT NULL,
    taken_on TEXT CHECK (taken_on IS date(taken_on)),
    age_at_capture REAL CHECK (age_at_capture >= 0),
    source TEXT,
    box_left REAL NOT NULL,
    box_top REAL NOT NULL,
    box_right REAL NOT NULL,
    box_bottom REAL NOT NULL,
    probability REAL NOT NULL,
    quality TEXT NOT NULL,
    weight REAL NOT NULL CHECK (weight > 0),
    enrolled_at TEXT NOT NULL,
    generation INTEGER NOT NULL REFERENCES commits,
    UNIQUE (subject_id, sha256)
) STRICT;
CREATE INDEX faces_by_photo ON faces (sha256);
CREATE INDEX faces_by_generation ON faces (generation);
CREATE INDEX faces_by_enrolment ON faces (enrolled_at);

-- Apart from `faces`, so that a filter reads rows of a hundred bytes, not of a thousand. A blob
-- holds all vectors of a face, one after the other in the order of the model's names.
CREATE TABLE vectors (
    face_id INTEGER PRIMARY KEY REFERENCES faces ON DELETE CASCADE,
    vector BLOB NOT NULL CHECK (length(vector) = {vector_bytes}),
    crc32 INTEGER NOT NULL
) STRICT;

CREATE TABLE removed (
    face_id INTEGER PRIMARY KEY,
    generation INTEGER NOT NULL REFERENCES commits
) STRICT;
CREATE INDEX removed_by_generation ON removed (generation);

-- Earliest and latest birthday that fit what is recorded. An age in whole years leaves a year
-- open; a fraction counts in mean Gregorian years of 365.2425 days.
CREATE VIEW births AS
WITH aged AS (
    SELECT subject_id, taken_on, age_at_capture AS age, CAST(age_at_capture AS INTEGER) AS years
    FROM faces
    WHERE taken_on IS NOT NULL AND age_at_capture IS NOT NULL
),
fitting AS (
    SELECT
        subject_id,
        iif(age = years, date(taken_on, -(years + 1) || ' years', '+1 day'),
            date(julianday(taken_on) - age * 365.2425)) AS earliest,
        iif(age = years, date(taken_on, -years || ' years'),
            date(julianday(taken_on) - age * 365.2425)) AS latest
    FROM aged
)
SELECT
    s.subject_id,
    coalesce(s.date_of_birth, (
        SELECT min(earliest) FROM fitting f WHERE f.subject_id = s.subject_id)) AS earliest,
    coalesce(s.date_of_birth, (
        SELECT max(latest) FROM fitting f WHERE f.subject_id = s.subject_id)) AS latest
FROM subjects s;
"""


SCHEMA = "SELECT name, sql FROM sqlite_master"


def create_tables(
    connection: sqlite3.Connection, model: ModelIdentity, index: str, governed: str = ""
) -> None:
    """Write an empty store: the tables, the model, the kind of index, and who governs it."""
    facts = {
        "model": json.dumps(model.facts()),
        "index": index,
        "created": now(),
        "scrubbed": "0",
        "governed": governed,
    }
    _create(connection, model, FORMAT_VERSION)
    connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", facts.items())
    connection.execute("INSERT INTO commits VALUES (0, ?, ?)", (new_stamp(), now()))


def _create(connection: sqlite3.Connection, model: ModelIdentity, version: int) -> None:
    connection.executescript(
        _TABLES.format(vector_bytes=4 * model.dimension * len(model.vector_names))
    )
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("PRAGMA user_version = 1")
    migrate(connection, version)


def schema_of(model: ModelIdentity, version: int) -> dict[str, str | None]:
    """Return the statement of each table, index and view of a store of a format, by name."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        _create(connection, model, version)
        return dict(connection.execute(SCHEMA).fetchall())


def check_format(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file that is not a gallery store, or whose format is not known.

    Raises
    ------
    GalleryFormatError
        The message names the format that was found and the formats that are read.
    """
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = version_of(connection)
    if application != APPLICATION_ID:
        raise GalleryFormatError(
            "gallery store",
            rule=f"must carry the application id {APPLICATION_ID:#x}",
            got=f"{application:#x}",
            next_step="Give the directory that `Gallery.create` made.",
            path=path,
        )
    if not 1 <= version <= FORMAT_VERSION:
        newer = "Open it with the newer version of matcher that wrote it."
        raise GalleryFormatError(
            "gallery store",
            rule=f"this version of matcher reads the formats 1 to {FORMAT_VERSION}",
            got=f"format {version}",
            next_step=newer if version > 0 else "Restore the gallery from a backup.",
            path=path,
        )


def read_model(text: str, path: Path) -> ModelIdentity:
    """Return the model of the store from its stored form.

    Raises
    ------
    GalleryDamagedError
        When the text is not the record of a model.
    """
    try:
        return ModelIdentity.of(object_of(read_json(text)))
    except (TypeError, ValueError) as error:
        got = "a record that cannot be read"
        raise damaged(path, rule="must name its model", got=got) from error


def now() -> str:
    """Return the time in UTC as ISO text of fixed width, so that text order is time order."""
    return as_text(datetime.now(UTC))


def as_text(moment: datetime) -> str:
    """Return an aware datetime in the stored form."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def new_stamp() -> str:
    """Return a random name for one commit."""
    return secrets.token_hex(8)
