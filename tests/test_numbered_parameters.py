"""Statements with numbered parameters run without a warning, on each Python."""

from __future__ import annotations

import sqlite3

from matcher import sqlite


def test_numbers_and_places_both_find_their_values() -> None:
    connection = sqlite3.connect(":memory:")
    numbered, placed = "SELECT ?2, ?1, ?2", "SELECT ?, ?"
    for sql, wanted in ((numbered, ("b", "a", "b")), (placed, ("a", "b"))):
        assert connection.execute(sql, sqlite.bound(sql, ("a", "b"))).fetchone() == wanted
    connection.close()
