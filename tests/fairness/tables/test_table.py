"""Tables: what enters them, what is kept back, and what their files say."""

import csv
import io
import json
import math
import sys
from typing import Any

import numpy as np
import pytest

from fairness.errors import MissingExtraError
from fairness.rates import FEWEST_SUBJECTS, Rate, Status, clustered_rate
from fairness.tables import (
    TABLE_NAMES,
    Column,
    Table,
    audit_table,
    rate_row,
)
from fairness.tables.schemas import RATE_COLUMNS

NUMBERS = ("estimate", "low", "high", "bound", "errors", "trials", "subjects", "effective")


def table(*rows: dict[str, Any]) -> Table:
    columns = (Column("group", "Group"), Column("rate", "Rate", "rate"), Column("n", "n", "count"))
    return Table("rates", "Rates", columns, rows)


def rate(status: Status) -> Rate:
    return Rate(3, 40, 20, 0.075, 0.02, 0.2, status, 31.5)


def test_values_become_plain_and_what_is_missing_is_none() -> None:
    made = table({"group": "a", "rate": np.float32(0.5), "n": np.int64(3)}, {"group": "b"})
    assert [dict(row) for row in made] == [
        {"group": "a", "rate": 0.5, "n": 3},
        {"group": "b", "rate": None, "n": None},
    ]
    assert type(made.rows[0]["n"]) is int


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float64("nan")])
def test_a_number_that_is_not_finite_is_none(value: float) -> None:
    assert table({"group": "a", "rate": value}).rows[0]["rate"] is None


def test_rows_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        table({"group": "a"}).rows[0]["group"] = "b"  # type: ignore[index]


def test_a_value_without_a_column_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no column for \['rat'\]"):
        table({"group": "a", "rat": 0.5})


def test_a_value_that_is_no_text_or_number_is_refused() -> None:
    with pytest.raises(ValueError, match="list"):
        table({"group": ["a"]})


@pytest.mark.parametrize("name", ["", "../rates", "Rates", "a b", "rates.csv"])
def test_the_name_is_a_file_stem(name: str) -> None:
    with pytest.raises(ValueError, match="lower case"):
        Table(name, "Rates", (Column("group", "Group"),), ())


def test_columns_have_names_of_their_own() -> None:
    with pytest.raises(ValueError, match="names of their own"):
        Table("rates", "Rates", (Column("a", "A"), Column("a", "B")), ())


def test_csv_keeps_numbers_in_full_and_none_empty() -> None:
    made = table({"group": 'a "b", c', "rate": 0.1 + 0.2, "n": 3}, {"group": "d"})
    lines = list(csv.reader(io.StringIO(made.to_csv())))
    assert lines == [
        ["group", "rate", "n"],
        ['a "b", c', "0.30000000000000004", "3"],
        ["d", "", ""],
    ]
    assert float(lines[1][1]) == 0.1 + 0.2


@pytest.mark.parametrize("label", ["=1+1", "+cmd", "-cmd", "@SUM(A1)", "\tx"])
def test_csv_disarms_what_a_spreadsheet_would_run(label: str) -> None:
    made = table({"group": label, "rate": -0.5})
    assert next(csv.reader(io.StringIO(made.to_csv().split("\n", 1)[1])))[0] == f"'{label}"
    assert ",-0.5," in made.to_csv()


def test_json_has_everything_with_sorted_keys() -> None:
    content = json.loads(table({"group": "é", "n": 3}).to_json())
    assert content["rows"] == [{"group": "é", "n": 3, "rate": None}]
    assert [column["name"] for column in content["columns"]] == ["group", "rate", "n"]
    assert list(content) == sorted(content)


def test_frame_has_the_rows_and_columns() -> None:
    frame = table({"group": "a", "rate": 0.5}, {"group": "b", "n": 2}).to_frame()
    assert list(frame.columns) == ["group", "rate", "n"]
    assert frame["group"].tolist() == ["a", "b"]
    assert table().to_frame().columns.tolist() == ["group", "rate", "n"]


def test_without_pandas_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtraError, match=r'pip install "pandas>=2\.3"'):
        table().to_frame()


def test_rows_are_found_by_their_values() -> None:
    made = table({"group": "a", "n": 1}, {"group": "b", "n": 1}, {"group": "a", "n": 2})
    assert [row["n"] for row in made.where(group="a")] == [1, 2]
    assert made.where(group="a", n=2) == (made.rows[2],)
    assert made.values("group") == ("a", "b")
    assert made.values("rate") == ()


@pytest.mark.parametrize(
    ("status", "filled"),
    [
        ("ok", {"estimate", "low", "high", "errors", "trials", "subjects", "effective"}),
        ("limited", {"estimate", "low", "high", "errors", "trials", "subjects", "effective"}),
        ("bound_only", {"bound", "errors", "trials", "subjects", "effective"}),
        ("insufficient", {"errors", "trials", "subjects"}),
        ("suppressed", set()),
    ],
)
def test_a_rate_shows_what_its_status_lets_be_shown(status: Status, filled: set[str]) -> None:
    row = rate_row(rate(status), factor="age", group="a")
    assert {name for name in NUMBERS if row[name] is not None} == filled
    assert (row["factor"], row["group"], row["status"]) == ("age", "a", status)
    assert audit_table("rates", [row]).rows[0]["status"] == status


def test_the_bound_is_the_upper_limit() -> None:
    assert rate_row(rate("bound_only"))["bound"] == 0.2


def test_nine_people_leave_no_number_behind() -> None:
    row = rate_row(clustered_rate([1] * 9, [7] * 9), group="a")
    assert [value for value in row.values() if isinstance(value, int | float)] == []


def test_every_table_of_an_audit_says_what_its_columns_are() -> None:
    for name in TABLE_NAMES:
        made = audit_table(name, [])
        assert made.title
        assert all(column.title and column.description for column in made.columns), name


def test_a_rate_row_fills_the_columns_of_rates() -> None:
    assert set(rate_row(rate("ok"))) == {column.name for column in RATE_COLUMNS}


def test_an_audit_has_no_other_tables() -> None:
    with pytest.raises(ValueError, match="no table 'rate'"):
        audit_table("rate", [])


def test_ten_people_are_the_fewest_that_are_shown() -> None:
    assert FEWEST_SUBJECTS == 10
    assert clustered_rate([0] * 10, [1] * 10).status != "suppressed"
