"""Bounds in a file: what passes, what fails, what nobody can know, and files that are refused."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairness.auditing.acceptance import EXIT_CODES, Bound, judge, read_bounds
from fairness.errors import BoundsError
from fairness.rates import clustered_rate
from fairness.tables import audit_table, rate_row

repeatable = settings(deadline=None, derandomize=True)

FILE = """
[[bound]]
name = "missed"
table = "rates"
where = { factor = "age", metric = "FNMR" }
at_most = 0.2

[[bound]]
name = "false matches, worst age against the typical"
table = "differentials"
where = { factor = "age", metric = "FMR", measure = ["max/geomean"] }
at_most = 3
"""


def rate(errors, subjects, **keys):
    """A row as an audit writes it, of subjects with one comparison each."""
    missed = [int(i < errors) for i in range(subjects)]
    keys = {"factor": "age", "group": "04 to under 08", "metric": "FNMR"} | keys
    return rate_row(clustered_rate(missed, [1] * subjects), **keys)


def ratio(low, high, status="ok", **keys):
    keys = {"factor": "age", "metric": "FMR", "measure": "max/geomean"} | keys
    return {**keys, "value": 2.0, "low": low, "high": high, "status": status}


def missed_at_most(limit, **where):
    asked = {"factor": ("age",), "metric": ("FNMR",), **where}
    return Bound("missed", "rates", asked, limit)


def outcome_of(*rows, limit=0.2, **where):
    (judgement,) = judge([missed_at_most(limit, **where)], {"rates": rows}).judgements
    return judgement


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "bounds.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_file_is_read_as_it_is_written(write):
    bounds = read_bounds(write(FILE))
    assert bounds == (
        missed_at_most(0.2),
        Bound(
            "false matches, worst age against the typical",
            "differentials",
            {"factor": ("age",), "metric": ("FMR",), "measure": ("max/geomean",)},
            3.0,
        ),
    )


@pytest.mark.parametrize(
    ("row", "outcome", "words"),
    [
        pytest.param(rate(30, 1000), "pass", "at most 0.0", id="clearly below"),
        pytest.param({**rate(30, 1000), "status": None}, "pass", "at most 0.0", id="no status"),
        pytest.param(rate(300, 1000), "fail", "at least 0.27", id="clearly above"),
        pytest.param(rate(200, 1000), "inconclusive", "both sides", id="at the bound"),
        pytest.param(rate(195, 1000), "inconclusive", "both sides", id="just below, by chance"),
        pytest.param(rate(0, 100), "pass", "at most 0.0295", id="a bound and no error"),
        pytest.param(rate(4, 20), "inconclusive", "not enough data", id="few people"),
        pytest.param(rate(0, 9), "inconclusive", "suppressed", id="very few people"),
        pytest.param(rate(9, 9), "inconclusive", "suppressed", id="very few people, all missed"),
        pytest.param(
            {**rate(30, 1000), "status": "undefined"}, "inconclusive", "undefined", id="undefined"
        ),
        pytest.param(
            {**rate(30, 1000), "low": None, "high": None}, "inconclusive", "no conf", id="no limits"
        ),
        pytest.param(
            {**rate(30, 1000), "high": math.nan}, "inconclusive", "no conf", id="limit not a number"
        ),
    ],
)
def test_a_row_passes_or_fails_only_where_its_interval_says_so(row, outcome, words):
    judgement = outcome_of(row)
    assert judgement.outcome == outcome
    assert words in judgement.rows[0].reason
    assert words in str(judgement) or outcome == "pass"


def test_the_limits_themselves_decide_at_equality():
    row = rate(30, 1000)
    assert outcome_of(row, limit=row["high"]).outcome == "pass"
    assert outcome_of(row, limit=row["low"]).outcome == "inconclusive"
    assert outcome_of(row, limit=math.nextafter(row["low"], 0)).outcome == "fail"


def test_every_row_has_to_keep_the_bound():
    good, bad, unknown = (
        rate(errors, 1000, group=group) for errors, group in ((30, "a"), (300, "b"), (200, "c"))
    )
    assert outcome_of(good).outcome == "pass"
    assert outcome_of(good, unknown).outcome == "inconclusive"
    assert outcome_of(good, unknown, bad).outcome == "fail"
    assert outcome_of(good, unknown, bad, group=("a",)).outcome == "pass"
    assert outcome_of(good, unknown, bad, group=("a", "c")).outcome == "inconclusive"
    text = str(outcome_of(good, unknown, bad))
    assert "age, b, FNMR: at least" in text
    assert "age, c, FNMR: between" in text
    assert "age, a, FNMR" not in text


@pytest.mark.parametrize(
    ("rows", "where", "words"),
    [
        pytest.param((), {}, "no row at all", id="empty table"),
        pytest.param(
            (rate(30, 1000),), {"factor": ("tone",)}, "factor tone, only age", id="no such factor"
        ),
        pytest.param(
            (rate(30, 1000),),
            {"group": ("04 to under 08", "00 to under 01")},
            "group 00 to under 01, only 04",
            id="one group of two",
        ),
        pytest.param(
            (rate(30, 1000), rate(30, 1000, factor="sex", group="female")),
            {"group": ("female",)},
            "factor age together with",
            id="not together",
        ),
    ],
)
def test_what_has_no_row_is_never_passed(rows, where, words):
    judgement = outcome_of(*rows, **where)
    assert judgement.outcome == "inconclusive"
    assert words in judgement.reason


def test_exit_codes_differ_and_the_worst_outcome_decides(write):
    bounds = read_bounds(write(FILE))

    def accepted(errors, low, high):
        rows = {"rates": [rate(errors, 1000)], "differentials": [ratio(low, high)]}
        return judge(bounds, rows)

    assert (accepted(30, 1.1, 2.9).outcome, accepted(30, 1.1, 2.9).exit_code) == ("pass", 0)
    assert (accepted(30, 3.1, 9.0).outcome, accepted(30, 3.1, 9.0).exit_code) == ("fail", 7)
    unsure = accepted(30, 2.0, 9.0)
    assert (unsure.outcome, unsure.exit_code) == ("inconclusive", 8)
    assert accepted(200, 3.1, 9.0).outcome == "fail"
    assert str(unsure).endswith("overall: inconclusive")
    assert len({*EXIT_CODES.values(), 1, 2, 3, 4, 5, 6}) == 9  # none is taken by the commands


def test_groups_left_out_of_a_summary_are_named_beside_its_pass():
    bound = Bound("spread", "differentials", {"metric": ("FMR",)}, 3.0)
    row = {**ratio(1.1, 2.0), "groups_excluded": 2}
    (judgement,) = judge([bound], {"differentials": [row]}).judgements
    assert judgement.outcome == "pass"
    assert "2 groups left out" in judgement.rows[0].reason


@pytest.mark.parametrize("metric", ["selectivity", "false_leads", "false_leads_own"])
@pytest.mark.parametrize(("limit", "outcome"), [(4, "pass"), (2.5, "inconclusive"), (1, "fail")])
def test_a_mean_number_of_people_is_no_share_and_may_be_bounded_by_more_than_one(
    metric, limit, outcome
):
    mean = {**rate(30, 1000, metric=metric), "estimate": 2.4, "low": 1.8, "high": 3.2}
    judgement = outcome_of(mean, limit=limit, metric=(metric,))
    assert judgement.outcome == outcome


@pytest.mark.parametrize(
    ("table", "column", "keys"),
    [
        pytest.param("changes", "difference", {"metric": "FNMR", "status": "ok"}, id="changes"),
        pytest.param("shift", "shift", {"kind": "mated", "status": "shown"}, id="shift"),
    ],
)
@pytest.mark.parametrize(
    ("limit", "outcome"), [(0.04, "pass"), (0.02, "inconclusive"), (0.005, "fail")]
)
def test_a_difference_is_judged_and_stands_in_the_table_with_its_name(
    table, column, keys, limit, outcome
):
    row = {"factor": "sex", "group": "male", **keys, column: 0.02, "low": 0.01, "high": 0.03}
    bound = Bound("difference", table, {"factor": ("sex",)}, limit)
    (judged,) = audit_table("acceptance", judge([bound], {table: [row]}).rows())
    assert judged["outcome"] == outcome
    assert (judged["measure"], judged["value"], judged["high"]) == (column, 0.02, 0.03)


@pytest.mark.parametrize("limits", [{}, {"low": None, "high": None}])
def test_a_row_that_is_shown_without_limits_is_never_passed(limits):
    row = {"factor": "sex", "group": "male", "shift": 0.02, "status": "shown", **limits}
    (judgement,) = judge(
        [Bound("x", "shift", {"factor": ("sex",)}, 9.0)], {"shift": [row]}
    ).judgements
    assert judgement.outcome == "inconclusive"
    assert "no confidence limit" in judgement.rows[0].reason


def test_the_tables_of_an_audit_are_judged_and_the_judgement_becomes_one(write):
    rates = audit_table("rates", [rate(30, 1000), rate(0, 5, group="00 to under 01")])
    summary = audit_table("differentials", [ratio(None, None, status="undefined")])
    accepted = judge(read_bounds(write(FILE)), {table.name: table for table in (rates, summary)})
    assert accepted.outcome == "inconclusive"
    first, second, third = audit_table("acceptance", accepted.rows())
    assert (first["outcome"], first["group"]) == ("pass", "04 to under 08")
    assert first["high"] == rates.rows[0]["high"]
    assert (second["outcome"], second["value"], second["high"]) == ("inconclusive", None, None)
    assert third["measure"] == "max/geomean"
    (none,) = judge([missed_at_most(0.2, factor=("tone",))], {"rates": rates}).rows()
    assert (none["outcome"], none["limit"]) == ("inconclusive", 0.2)


@repeatable
@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(1, 400)), min_size=1, max_size=5),
    st.floats(0.001, 0.999),
    st.floats(0.001, 0.999),
)
def test_a_tighter_bound_is_never_kept_where_a_wider_one_is_not(counts, one, other):
    rows = [rate(min(k, n), n, group=str(i)) for i, (k, n) in enumerate(counts)]
    order = ("fail", "inconclusive", "pass")
    tight, wide = (outcome_of(*rows, limit=limit).outcome for limit in sorted((one, other)))
    assert order.index(tight) <= order.index(wide)


@pytest.mark.parametrize(
    ("bound", "words"),
    [
        pytest.param(missed_at_most(0.2, metric=("FNRM",)), "There are: FNMR, FMR", id="metric"),
        pytest.param(missed_at_most(0.2, sex=("male",)), "There are: factor, gr", id="column"),
        pytest.param(
            Bound("x", "rate", {"metric": ("FNMR",)}, 0.2), "There are: rates", id="table"
        ),
        pytest.param(missed_at_most(20), "Write 0.2 for 20 %", id="percent"),
        pytest.param(missed_at_most(1), "below 1", id="a bound that cannot fail"),
    ],
)
def test_slips_of_the_pen_are_named_with_what_there_is(bound, words):
    rows = [rate(30, 1000), rate(30, 1000, metric="FMR")]
    with pytest.raises(BoundsError, match=words):
        judge([bound], {"rates": rows})


def test_nothing_to_judge_is_refused():
    with pytest.raises(BoundsError, match="one or more"):
        judge([], {})


GOOD = 'name = "x"\ntable = "rates"\nwhere = { metric = "FMR" }\nat_most = 0.1\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("", "one .*bound.* or more", id="empty"),
        pytest.param("bound = 3", "one .*bound.* or more", id="no table"),
        pytest.param("bound = [3]", "is a table", id="not a table"),
        pytest.param("[[bound]", "is TOML", id="not TOML"),
        pytest.param(f"[[bounds]]\n{GOOD}", "nothing but", id="bounds"),
        pytest.param(f"[[bound]]\n{GOOD}at_least = 1", "at_least missing or unk", id="unknown key"),
        pytest.param('[[bound]]\nname = "x"', "at_most, table, where missing", id="missing keys"),
        pytest.param(f"[[bound]]\n{GOOD}[[bound]]\n{GOOD}", "own; got x", id="one name twice"),
        pytest.param(f"[[bound]]\n{GOOD}".replace("0.1", "true"), "a number as", id="no number"),
        pytest.param(f"[[bound]]\n{GOOD}".replace("0.1", '"1 %"'), "a number as", id="text"),
        pytest.param(f"[[bound]]\n{GOOD}".replace('"x"', "3"), "text as name", id="name"),
        pytest.param(f"[[bound]]\n{GOOD}".replace('"x"', '""'), "a name and", id="empty name"),
        pytest.param("bound = " + "[" * 50_000, "is TOML", id="deep"),
        pytest.param(f"[[bound]]\n{GOOD}".replace("0.1", "1e999"), "is TOML", id="overflow"),
        pytest.param(f"[[bound]]\n{GOOD}".replace("0.1", "9" * 40), "is TOML", id="huge"),
        pytest.param(f"[[bound]]\n{GOOD}".replace("0.1", "nan"), "above 0", id="nan"),
        pytest.param(f"[[bound]]\n{GOOD}".replace("0.1", "inf"), "above 0", id="infinite"),
        pytest.param(f"[[bound]]\n{GOOD}".replace("0.1", "-1"), "above 0", id="negative"),
        pytest.param(f"[[bound]]\n{GOOD}".replace("0.1", "0"), "No data can show", id="zero"),
        pytest.param(f"[[bound]]\n{GOOD}".replace('"FMR"', "[]"), "in which rows", id="no value"),
        pytest.param(
            f"[[bound]]\n{GOOD}".replace('{ metric = "FMR" }', "{}"), "in which rows", id="no where"
        ),
        pytest.param(
            f"[[bound]]\n{GOOD}".replace('"FMR"', "{ is = 3 }"), "text, numbers", id="nested"
        ),
    ],
)
def test_files_that_cannot_be_understood_are_refused(write, text, words):
    with pytest.raises(BoundsError, match=words):
        read_bounds(write(text))


def test_text_in_place_of_a_list_of_values_is_refused():
    with pytest.raises(BoundsError, match="values for each column"):
        missed_at_most(0.2, factor="age")


def test_a_file_in_another_encoding_is_refused_with_its_path(tmp_path):
    path = tmp_path / "bounds.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(BoundsError, match=r"bounds\.toml"):
        read_bounds(path)
