"""A report with made-up numbers, shaped like that of a small cohort of childhood photos."""

from __future__ import annotations

import math
from itertools import combinations_with_replacement
from typing import Any

from made_curves import made_curves, made_det
from made_differences import made_acceptance, made_differentials

from fairness.cohort import AGE_EDGES, GAP_EDGES, bands
from fairness.rates import Rate, status_of, wilson
from fairness.report.audit_report import AuditReport
from fairness.tables import OVERALL, Curves, Table, audit_table, rate_row

AGES = bands(AGE_EDGES)
GAPS = bands(GAP_EDGES)
PEOPLES = ("Black", "East Asian", "Indian", "Latino", "Middle Eastern", "Southeast Asian", "White")
RACE_SEX = tuple(sorted(f"{race}, {sex}" for race in PEOPLES for sex in ("female", "male")))

#               subjects  FMR    FNMR   photos
AGE_FACTS = {
    AGES[0]: (14, 0.31, 0.62, 22),
    AGES[1]: (61, 0.21, 0.44, 131),
    AGES[2]: (70, 0.128, 0.29, 180),
    AGES[3]: (77, 0.067, 0.183, 207),
    AGES[4]: (72, 0.021, 0.121, 192),
    AGES[5]: (55, 0.0042, 0.092, 149),
    AGES[6]: (31, 0.0011, 0.08, 88),
    AGES[7]: (8, 0.0009, 0.05, 17),
    AGES[8]: (3, 0.0, 0.0, 5),
}


def made_rate(
    rate: float, trials: int, subjects: int, *, each: float = 3.0, target: float = 0.05
) -> Rate:
    """Return a rate as if a subject told as much as `each` independent trials."""
    errors, effective = round(rate * trials), min(float(trials), each * subjects)
    status = status_of(errors, subjects, effective, target=target)
    low, high = wilson(errors / max(trials, 1) * effective, effective)
    estimate = errors / trials if trials else math.nan
    if status == "bound_only":
        low, high = 0.0, 1 - 0.05 ** (1 / effective)
    return Rate(errors, trials, subjects, estimate, low, high, status, effective)


def made_report(*, groups: tuple[str, ...] = RACE_SEX) -> AuditReport:
    """Return a whole report; `groups` are those of the factor "race*sex"."""
    return AuditReport(
        title="Error rates by age, sex and origin",
        card=_card(),
        threshold=0.612,
        tables=_tables(groups),
        curves=made_curves({age: facts[0] for age, facts in AGE_FACTS.items()}, groups),
        caveats=(
            "Seen through 82 families of one country; other populations may differ.",
            "Ages are ages at capture as written in the source; years between photos are "
            "differences of these and so are off by up to one year.",
            "The intervals of FPIR and FNIR hold for this gallery, not for another one.",
            "Labels of sex were given by annotators who looked at the photos.",
            "Groups without enough data are left out of the summary measures; the differences "
            "may be larger there.",
        ),
        facts={"seed": 20, "cohort_sha256": "5e" * 32, "numpy": "2.5.5", "threshold": 0.612},
    )


def small_report() -> AuditReport:
    """Return a report of one factor with two groups and few plots."""
    rates = audit_table("rates", _group_rates("sex", ("female", "male")))
    cross = audit_table("cross", _cross("sex", ("female", "male")))
    return AuditReport(
        title="Error rates by sex",
        card=_card(),
        threshold=0.612,
        tables=(rates, cross, audit_table("acceptance", made_acceptance())),
        curves=Curves(det=(made_det("sex", "female", 707, 1.0),)),
        caveats=("Labels of sex were given by annotators.",),
        facts={"seed": 20},
    )


def _card() -> dict[str, str]:
    return {
        "Model": "example-resnet, 128 numbers a face",
        "Weights": "SHA-256 " + "ab12" * 16,
        "Cohort": "made-up childhood photos, 1,002 photos of 82 people, labels " + "5e" * 32,
        "Threshold": "0.612, set for an FMR of 0.1 % on 1,470 adults of another cohort",
        "Side": "a comparison counts when score ≥ threshold",
        "Gallery": "N = 82 subjects, at most 10 candidates looked at",
        "Comparisons": "within one group of age and sex; relatives apart",
        "Labels": "age: document 96 %, unknown 4 %; sex: perceived by annotators 100 %",
        "Exclusions": "3 duplicates, 11 photos without a face",
        "Seed": "20",
        "Versions": "fairness 0.1.0, NumPy 2.5.5, SciPy 1.18.1",
        "Date": "2026-11-20",
    }


def _tables(groups: tuple[str, ...]) -> tuple[Table, ...]:
    rates = [
        *_age_rates(),
        *_group_rates("race*sex", groups),
        *_group_rates("sex", ("female", "male")),
    ]
    return (
        audit_table("coverage", _coverage(groups)),
        audit_table("rates", rates),
        audit_table("differentials", made_differentials()),
        audit_table("cross", [*_cross("age", AGES), *_cross("race*sex", groups)]),
        audit_table("age_gap", _gap_rows()),
        audit_table("shift", _shifts()),
        audit_table("open_set", _open_set()),
        audit_table("gallery", _gallery()),
        audit_table("tests", _tests()),
        audit_table("kin", [rate_row(made_rate(0.19, 640, 51), metric="FMR")]),
        audit_table("refused", _refused()),
        audit_table("discard", _discard()),
        audit_table("tone_confound", _tones()),
        audit_table("worst_cells", _worst()),
        audit_table("acceptance", made_acceptance()),
        audit_table("changes", _changes()),
    )


def _keys(factor: str, group: str, metric: str) -> dict[str, str]:
    return {"factor": factor, "group": group, "metric": metric}


def _age_rates() -> list[dict[str, Any]]:
    rows = [
        rate_row(made_rate(0.064, 61_240, 82, target=1e-3), **_keys("age", OVERALL, "FMR")),
        rate_row(made_rate(0.243, 5_808, 82), **_keys("age", OVERALL, "FNMR")),
        rate_row(made_rate(0.261, 5_948, 82), **_keys("age", OVERALL, "FNMR_counted")),
        rate_row(made_rate(0.011, 1_002, 82), **_keys("age", OVERALL, "FTA")),
    ]
    for age, (subjects, fmr, fnmr, photos) in AGE_FACTS.items():
        pairs = photos * (photos - 1) // 2
        rows += [
            rate_row(made_rate(fmr, pairs, subjects, target=0.01), **_keys("age", age, "FMR")),
            rate_row(made_rate(fnmr, 3 * photos, subjects), **_keys("age", age, "FNMR")),
            rate_row(
                made_rate(fnmr * 1.06, 3 * photos + 9, subjects),
                **_keys("age", age, "FNMR_counted"),
            ),
            rate_row(made_rate(0.01, photos, subjects), **_keys("age", age, "FTA")),
        ]
    rows.append(rate_row(made_rate(0.1, 40, 12), **_keys("age", "unknown", "FNMR")))
    return rows


def _group_rates(factor: str, groups: tuple[str, ...]) -> list[dict[str, Any]]:
    whole = made_rate(0.0012, 50_000_000, 10_000, each=60)
    rows = [rate_row(whole, **_keys(factor, OVERALL, "FMR"))]
    for place, group in enumerate(groups):
        rate = 2e-5 * 1.9 ** (place % 9)
        made = made_rate(rate, 250_000, 707, each=60, target=1e-3)
        rows.append(rate_row(made, **_keys(factor, group, "FMR")))
    return rows


def _coverage(groups: tuple[str, ...]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {
            "factor": "age",
            "group": OVERALL,
            "subjects": 82,
            "photos": 1002,
            "share": 1.0,
            "mated": 5808,
            "non_mated": 495_693,
            "status": "limited",
        }
    ]
    for age, (subjects, _, _, photos) in AGE_FACTS.items():
        shown = subjects >= 10
        rows.append(
            {
                "factor": "age",
                "group": age,
                "subjects": subjects if shown else None,
                "photos": photos if shown else None,
                "share": photos / 1002 if shown else None,
                "mated": photos * 3 if shown else None,
                "non_mated": photos * (photos - 1) // 2 if shown else None,
                "status": "limited" if shown else "suppressed",
            }
        )
    rows += [
        {"factor": "race*sex", "group": group, "subjects": 707, "photos": 707, "share": 1 / 14}
        for group in groups
    ]
    return rows


def _cross(factor: str, groups: tuple[str, ...]) -> list[dict[str, Any]]:
    rows = []
    for (i, a), (j, b) in combinations_with_replacement(enumerate(groups), 2):
        few = factor == "age" and max(i, j) > 6
        rate = 0.2 * 0.45 ** (i + j) if factor == "age" else 1e-3 * 0.4 ** abs(i - j)
        made = made_rate(rate, 250_000, 6 if few else 707, each=60, target=1e-3)
        rows.append(rate_row(made, factor=factor, group=a, other_group=b))
    return rows


def _gap_rows() -> list[dict[str, Any]]:
    rows = []
    for i, age in enumerate(AGES[:7]):
        for j, gap in enumerate(GAPS):
            subjects = max(2, 66 - 7 * abs(i - 2) - 5 * abs(j - 4))
            if i + j == 3:
                continue
            fnmr = min(0.95, 0.5 - 0.07 * i + 0.05 * j)
            for metric, factor in (("FNMR", 1.0), ("FNMR_counted", 1.04)):
                rate = made_rate(fnmr * factor, 4 * subjects, subjects)
                rows.append(rate_row(rate, age=age, gap=gap, metric=metric))
    rows.append(rate_row(made_rate(0.1, 40, 31), age="unknown", gap="unknown", metric="FNMR"))
    return rows


def _shifts() -> list[dict[str, Any]]:
    return [
        {
            "factor": "age",
            "group": age,
            "kind": kind,
            "mean": level + step * i,
            "median": level + step * i + 0.004,
            "shift": step * (i - 3),
            "low": step * (i - 3) - 0.011,
            "high": step * (i - 3) + 0.011,
            "trials": 4000 - 300 * i,
            "subjects": AGE_FACTS[age][0],
            "status": "limited",
        }
        for kind, level, step in (("mated", 0.58, 0.035), ("non-mated", 0.52, -0.045))
        for i, age in enumerate(AGES[1:7])
    ]


def _open_set() -> list[dict[str, Any]]:
    keys: list[tuple[str, dict[str, Any], Rate]] = []
    for group, scale in ((OVERALL, 1.0), (AGES[2], 1.5), (AGES[3], 1.2), (AGES[4], 0.7)):
        keys += [
            (group, {"metric": "FNIR", "rank": 10}, made_rate(0.3 * scale, 240, 60)),
            (group, {"metric": "FNIR_counted", "rank": 10}, made_rate(0.32 * scale, 246, 60)),
            (group, {"metric": "FPIR"}, made_rate(0.6 * scale, 200, 60)),
            (group, {"metric": "FNIR_ranks", "rank": 1}, made_rate(0.4 * scale, 240, 60)),
        ]
    rows = [rate_row(rate, factor="age", group=g, gallery=82, **more) for g, more, rate in keys]
    rows.append(
        _keys("age", OVERALL, "selectivity")
        | {
            "status": "ok",
            "estimate": 3.4,
            "low": 2.9,
            "high": 3.9,
            "trials": 200,
            "subjects": 60,
            "gallery": 82,
        }
    )
    return rows


def _gallery() -> list[dict[str, Any]]:
    rows = []
    for group, scale in ((OVERALL, 1.0), (AGES[2], 1.5), (AGES[3], 1.2)):
        leads = _keys("age", group, "false_leads") | {"status": "ok", "basis": "extrapolated"}
        leads |= {"estimate": 41.0 * scale, "low": 33.0 * scale, "high": 51.0 * scale}
        missed = made_rate(0.12 * scale, 240, 60)
        rows += [
            leads | {"errors": 940, "trials": 1_100_000, "subjects": 82, "gallery": 50_000},
            rate_row(
                missed,
                **_keys("age", group, "not_listed"),
                gallery=50_000,
                rank=20,
                rank_here=6,
                basis="extrapolated",
            ),
        ]
    return rows


def _tests() -> list[dict[str, Any]]:
    return [
        {
            **_keys("age", group, metric),
            "test": test,
            "statistic": 0.0412,
            "p": p,
            "holm": min(1, 4 * p),
            "bh": min(1, 2 * p),
        }
        for group, test, metric, p in (
            (OVERALL, "all groups alike", "FMR", 0.0005),
            (AGES[2], "group and the rest", "FMR", 0.0005),
            (AGES[3], "group and the rest", "FMR", 0.021),
            (AGES[4], "group and the rest", "FNMR", 0.34),
        )
    ]


def _refused() -> list[dict[str, Any]]:
    return [
        rate_row(made_rate(0.02, 131, 61), factor="age", group=AGES[1], reason="no face"),
        rate_row(made_rate(0.055, 180, 70), factor="age", group=AGES[2], reason="no face"),
    ]


def _discard() -> list[dict[str, Any]]:
    return [
        rate_row(
            made_rate(fnmr * (1 - share), round(540 * (1 - share)), 70),
            factor="age",
            group=age,
            discarded=share,
        )
        for age, fnmr in ((AGES[2], 0.29), (AGES[3], 0.183))
        for share in (0.0, 0.1, 0.2, 0.3)
    ]


def _tones() -> list[dict[str, Any]]:
    return [
        rate_row(
            made_rate(0.1 * k, 80 * k, 12 * k),
            tone=tone,
            exposure=exposure,
            quality="middle third",
            metric="FNMR",
            photos=90 * k,
        )
        for k, (tone, exposure) in enumerate(
            ((t, e) for t in ("dark", "light") for e in ("dim", "bright")), start=2
        )
    ]


def _worst() -> list[dict[str, Any]]:
    return [
        rate_row(made_rate(0.24, 6_100, 52), **_keys("age*sex", f"{AGES[1]}, female", "FMR")),
        rate_row(made_rate(0.47, 410, 51), **_keys("age*sex", f"{AGES[1]}, male", "FNMR")),
    ]


def _changes() -> list[dict[str, Any]]:
    return [
        {
            **_keys("age", age, "FNMR"),
            "before": before,
            "after": after,
            "difference": after - before,
            "low": after - before - 0.021,
            "high": after - before + 0.023,
            "trials": 540,
            "subjects": 70,
            "status": "limited",
        }
        for age, before, after in ((AGES[2], 0.31, 0.29), (AGES[3], 0.19, 0.183))
    ]
