"""Progress in a log: a start, a bounded number of lines, and an end, each with its time."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from rendered_cohort import SUBJECTS, Cohort
from typer.testing import CliRunner

from matcher.cli.commands import app
from matcher.cli.printing import StepLines

LINE = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d (.*)$", re.MULTILINE)


def talk(*words: object) -> list[str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    return LINE.findall(result.stderr)


def test_an_enrolment_and_a_search_say_where_they_are(tmp_path: Path, cohort: Cohort) -> None:
    gallery = tmp_path / "g"
    said = talk("enrol", gallery, cohort.manifest)
    assert said == [
        "started",
        f"enrol: 0 of {SUBJECTS}",
        f"enrol: {SUBJECTS} of {SUBJECTS}",
        "done",
    ]
    said = talk("search", gallery, *cohort.probes)
    assert said[0] == "started"
    assert said[-2:] == [f"search: {SUBJECTS} of {SUBJECTS}", "done"]


def test_work_that_ends_early_says_that_it_stopped(tmp_path: Path, cohort: Cohort) -> None:
    assert talk("enrol", tmp_path / "g", cohort.manifest)[-1] == "done"
    assert talk("search", tmp_path / "g", cohort.probes[0], "--model", "none")[-1] == "stopped"


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@given(
    total=st.integers(1, 5000),
    pause=st.floats(0, 100),
    batch=st.integers(1, 400),
    known=st.booleans(),
)
def test_a_step_has_few_lines_and_the_first_and_last_state(
    total: int, pause: float, batch: int, known: bool
) -> None:
    said: list[str] = []
    clock = Clock()
    lines = StepLines(said.append, clock)
    for done in [*range(0, total, batch), total]:
        lines("work", done, total if known else None)
        clock.now += pause
    lines.end("done")
    texts = [LINE.fullmatch(line) for line in said]
    states = [text[1] for text in texts if text is not None]
    assert len(states) == len(said)
    of = f" of {total}" if known else ""
    assert states[0] == "started"
    assert states[1] == f"work: 0{of}"
    assert states[-2:] == [f"work: {total}{of}", "done"]
    assert len(states) <= 4 + 11 + clock.now / 60


def test_steps_that_take_turns_do_not_fill_the_log() -> None:
    said: list[str] = []
    lines = StepLines(said.append, Clock())
    for done in range(1, 1001):
        lines("re-index", done, 1000)
        lines("without a vector", done // 2, None)
    lines.end("done")
    assert len(said) < 20
    assert said[-2].endswith("without a vector: 500")
