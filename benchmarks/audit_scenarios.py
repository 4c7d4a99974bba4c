"""The rows of `audit_power.py`: who is in the cohort, and what goes wrong for whom."""

from __future__ import annotations

from audit_cohorts import Scenario

MISSES = (
    Scenario("10 and 30 %", (60, 60), (0.1, 0.3)),
    Scenario("2 and 20 %", (60, 60), (0.02, 0.2)),
    Scenario("1 and 30 %", (60, 60), (0.01, 0.3)),
    Scenario("10 and 30 %, 30 people", (30, 30), (0.1, 0.3)),
    Scenario("2 and 20 %, 30 people", (30, 30), (0.02, 0.2)),
    Scenario("5 and 60 %, 30 people", (30, 30), (0.05, 0.6)),
    Scenario("2 and 10 %, 200 people", (200, 200), (0.02, 0.1)),
    Scenario("2 and 20 %, one pair each", (60, 60), (0.02, 0.2), photos="2"),
    Scenario("2 and 20 %, 30 and 200 people", (200, 30), (0.02, 0.2)),
    Scenario("2 and 20 %, 2 to 6 photos", (60, 60), (0.02, 0.2), photos="2 to 6"),
    Scenario("10 and 30 %, people differ", (60, 60), (0.1, 0.3), spread=0.3),
    Scenario("10 and 30 %, 1 to 300 photos", (60, 60), (0.1, 0.3), photos="1 to 300"),
    Scenario("10 and 30 %, 200 people, 1 to 300 photos", (200, 200), (0.1, 0.3), photos="1 to 300"),
    Scenario("2 and 20 %, one person has 300 photos", (60, 60), (0.02, 0.2), photos="one of 300"),
    Scenario("five groups, one 30 % and four 10 %", (60,) * 5, (0.1,) * 4 + (0.3,)),
    Scenario("equal 2 %", (60, 60), (0.02, 0.02)),
    Scenario("equal 10 %", (60, 60), (0.1, 0.1)),
    Scenario("equal 30 %", (60, 60), (0.3, 0.3)),
    Scenario("equal 10 %, 30 people", (30, 30), (0.1, 0.1)),
    Scenario("equal 10 %, 200 people", (200, 200), (0.1, 0.1)),
    Scenario("equal 2 %, 200 people", (200, 200), (0.02, 0.02)),
    Scenario("equal 10 %, 30 and 200 people", (200, 30), (0.1, 0.1)),
    Scenario("equal 10 %, 2 to 6 photos", (60, 60), (0.1, 0.1), photos="2 to 6"),
    Scenario("equal 10 %, people differ", (60, 60), (0.1, 0.1), spread=0.3),
    Scenario("equal 10 %, 1 to 300 photos", (60, 60), (0.1, 0.1), photos="1 to 300"),
    Scenario("equal 10 %, 200 people, 1 to 300 photos", (200, 200), (0.1, 0.1), photos="1 to 300"),
    Scenario("equal 10 %, one person has 300 photos", (60, 60), (0.1, 0.1), photos="one of 300"),
    Scenario("equal 10 %, 2 and 1 to 300 photos", (100, 100), (0.1, 0.1), photos=("2", "1 to 300")),
    Scenario(
        "equal 10 %, 2 and 1 to 30 photos, people differ",
        (100, 100),
        (0.1, 0.1),
        photos=("2", "1 to 30"),
        spread=0.3,
    ),
    Scenario("three groups, equal 10 %", (60,) * 3, (0.1,) * 3),
    Scenario("five groups, equal 10 %", (60,) * 5, (0.1,) * 5),
    Scenario("five groups of 30, equal 10 %", (30,) * 5, (0.1,) * 5),
)

REFUSALS = (
    Scenario("refused 0 and 35 %", (60, 60), (0.0, 0.35), "refusals"),
    Scenario("refused 0 and 35 %, 30 people", (30, 30), (0.0, 0.35), "refusals"),
    Scenario("refused 2 and 35 %, one pair each", (60, 60), (0.02, 0.35), "refusals", photos="2"),
    Scenario("refused 10 % of both", (60, 60), (0.1, 0.1), "refusals"),
)

FALSE_MATCHES = (
    Scenario("0.05 and 2 %", (100, 100), (0.0005, 0.02), "false matches", photos="1"),
    Scenario("0.05 and 2 %, lambs", (100, 100), (0.0005, 0.02), "false matches", "1", lambs=True),
    Scenario("0.5 and 2 %, lambs", (100, 100), (0.005, 0.02), "false matches", "1", lambs=True),
    Scenario("0.1 and 2 %, 30 people", (30, 30), (0.001, 0.02), "false matches"),
    Scenario("equal 0.5 %", (100, 100), (0.005,) * 2, "false matches", "1"),
    Scenario(
        "equal 0.5 %, 0.05 % across groups",
        (100, 100),
        (0.005,) * 2,
        "false matches",
        "1",
        across=0.0005,
    ),
    Scenario("equal 0.5 %, lambs", (100, 100), (0.005,) * 2, "false matches", "1", lambs=True),
    Scenario(
        "equal 0.5 %, lambs, 0.05 % across groups",
        (100, 100),
        (0.005,) * 2,
        "false matches",
        "1",
        lambs=True,
        across=0.0005,
    ),
    Scenario("equal 0.5 %, 1 to 30 photos", (60, 60), (0.005,) * 2, "false matches", "1 to 30"),
    Scenario("equal 0.5 %, 50 and 150 people", (150, 50), (0.005,) * 2, "false matches", "1"),
    Scenario(
        "four groups, equal 0.5 %, 0.05 % across groups",
        (60,) * 4,
        (0.005,) * 4,
        "false matches",
        "1",
        across=0.0005,
    ),
)

SCENARIOS = {
    f"{scenario.kind}: {scenario.name}": scenario
    for scenario in (*MISSES, *REFUSALS, *FALSE_MATCHES)
}
"""All rows by name."""
