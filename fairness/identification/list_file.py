"""Reading a file of candidate lists, for the audit of the searches of another matcher."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from fairness.arguments import expect, path_of
from fairness.cohort import Cohort
from fairness.errors import ScoresError
from fairness.identification.candidate_lists import SearchResult
from fairness.identification.plan import ROLE, IdentificationPlan
from fairness.verification import Kind
from fairness.words import counted

COLUMNS = ("probe", "candidate", "score")


@dataclass(frozen=True, eq=False)
class CandidateLists:
    """The lists of candidates of a plan's probes, as `read_lists` reads them.

    Parameters
    ----------
    plan
        The photos that were enrolled, and the probes.
    results
        One list for each probe. Scores of distances are their negatives.
    enrolled
        N, the number of people in the gallery, also outside the cohort.
    depth
        Number of people that the longest lists hold at least; every list is cut there.
    strangers
        Number of candidates who are not in the cohort, each counted once.
    kind
        What the matcher's own numbers are.
    """

    plan: IdentificationPlan
    results: tuple[SearchResult, ...]
    enrolled: int
    depth: int
    strangers: int = 0
    kind: Kind = "similarity"

    @property
    def cohort(self) -> Cohort:
        """The cohort of the probes."""
        return self.plan.cohort

    @property
    def scores(self) -> tuple[float, ...]:
        """All scores in the lists."""
        return tuple(score for result in self.results for _, score in result.candidates)


@dataclass(frozen=True)
class _Row:
    probe: str
    candidate: str
    score: float
    rank: int | None


def read_lists(
    path: Path | str,
    cohort: Cohort,
    *,
    kind: Kind = "similarity",
    gallery: Path | str | None = None,
    enrolled: int | None = None,
) -> CandidateLists:
    """Read lists of candidates from CSV (UTF-8 with a header row).

    Parameters
    ----------
    path
        The file. `probe` names a photo of the cohort. `candidate` names an enrolled photo or
        subject of the cohort, or else somebody outside it. `score` is a number. `rank` is optional,
        1 for the closest. A row with neither candidate nor score is a probe that could not be
        searched with; with the rank 0 it is a search that returned nobody. Other columns are
        ignored. Of several photos of one subject the closest counts.
    cohort
        The cohort of the probes.
    kind
        "distance" if a lower number is closer.
    gallery
        CSV file with the column `photo`: the photos of the cohort that were enrolled. Without it
        the labels `role` of the cohort say so.
    enrolled
        Number of people in the gallery. It is needed if candidates are not in the cohort.

    Raises
    ------
    ScoresError
        If a file cannot be read or lacks a column; if a probe is not in the cohort, a score is no
        number, ranks contradict scores, no candidate is in the cohort, the gallery is not known,
        or `enrolled` is missing or too low.
    CohortError
        If the plan contradicts itself, see `IdentificationPlan`.
    """
    path = path_of("lists", path)
    expect("cohort", cohort, Cohort, rule="must be a Cohort", next_step="Give read_cohort(path).")
    rows = _rows(path, -1.0 if kind == "distance" else 1.0)
    place = {sample.photo: index for index, sample in enumerate(cohort.samples)}
    by_probe: dict[str, list[_Row]] = {}
    for row in rows:
        by_probe.setdefault(row.probe, []).append(row)
    if strange := [probe for probe in by_probe if probe not in place]:
        got = f"{counted(len(strange), 'other probe')}, as {strange[0]!r}"
        raise _error(path, "name photos of the cohort as probes", got)
    plan = _plan(cohort, [place[probe] for probe in by_probe], gallery)
    _require_in_gallery(plan, rows, path)
    subject_of = {s: s for s in cohort.subjects} | {s.photo: s.subject for s in cohort.samples}
    results = [_result(probe, found, subject_of, path) for probe, found in by_probe.items()]
    lengths = [sum(bool(row.candidate) for row in found) for found in by_probe.values()]
    people = [len(result.candidates) for result in results]
    depth = min(n for n, rows_ in zip(people, lengths, strict=True) if rows_ == max(lengths))
    listed = {who for result in results for who, _ in result.candidates}
    strangers = listed - set(cohort.subjects)
    if depth == 0 or listed == strangers:
        raise _error(path, "name photos or subjects of the cohort as candidates", "none")
    cut = [SearchResult(r.photo, r.candidates[:depth], r.refused) for r in results]
    number = _enrolled(enrolled, len(plan.enrolled), len(strangers), path)
    return CandidateLists(plan, tuple(cut), number, depth, len(strangers), kind)


def _rows(path: Path, sign: float) -> list[_Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            header = [name.strip() for name in reader.fieldnames or ()]
            reader.fieldnames = header
            if missing := [column for column in COLUMNS if column not in header]:
                raise _error(path, f"have the columns {', '.join(COLUMNS)}", f"no {missing[0]}")
            rows = [_row(number, row, sign, path) for number, row in enumerate(reader, start=1)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _error(path, "are CSV in UTF-8", error) from error
    if not rows:
        raise _error(path, "have a row", "none")
    return rows


def _row(number: int, row: dict[str, str | None], sign: float, path: Path) -> _Row:
    cells = [(row.get(name) or "").strip() for name in (*COLUMNS, "rank")]
    probe, candidate, score, rank = cells
    try:
        value = float(score) if score else math.nan
        place = int(rank) if rank else None
    except ValueError:
        raise _error(path, "have numbers as scores and ranks", f"row {number}: {cells}") from None
    whole = math.isfinite(np.float32(value)) if candidate else not score and place in (None, 0)
    short_or_long = None in row or None in row.values()
    if short_or_long or not probe or not whole:
        rule = "have a probe, and a candidate with a finite score or neither, in each row"
        raise _error(path, rule, f"row {number}: {cells}")
    return _Row(probe, candidate, sign * float(np.float32(value)), place)


def _result(
    probe: str, rows: Sequence[_Row], subject_of: dict[str, str], path: Path
) -> SearchResult:
    """Return the list of a probe: the closest photo of each person, the highest score first."""
    empty = [row for row in rows if not row.candidate]
    if empty and len(rows) > 1:
        raise _error(path, "have no candidates beside an empty row", f"some for {probe!r}")
    if empty:
        return SearchResult(probe, refused=empty[0].rank is None)
    if twice := [name for name, n in Counter(row.candidate for row in rows).items() if n > 1]:
        raise _error(path, "name a candidate once for a probe", f"{twice[0]!r} for {probe!r}")
    _require_ranks(rows, path)
    best: dict[str, float] = {}
    for row in sorted(rows, key=lambda row: -row.score):
        best.setdefault(subject_of.get(row.candidate, row.candidate), row.score)
    return SearchResult(probe, tuple(best.items()))


def _require_in_gallery(plan: IdentificationPlan, rows: Iterable[_Row], path: Path) -> None:
    """Refuse candidates of the cohort who are not in the gallery, such as the probe itself."""
    samples = plan.cohort.samples
    there = {samples[photo].photo for photo in plan.gallery}
    there |= {samples[photo].subject for photo in plan.gallery}
    known = {name for sample in samples for name in (sample.photo, sample.subject)}
    names = dict.fromkeys(row.candidate for row in rows)
    if outside := [name for name in names if name in known and name not in there]:
        got = f"{counted(len(outside), 'other one')}, as {outside[0]!r}"
        raise _error(path, "name candidates of the cohort only if they are in the gallery", got)


def _require_ranks(rows: Sequence[_Row], path: Path) -> None:
    ranked = sorted((row for row in rows if row.rank is not None), key=lambda row: row.rank or 0)
    if not ranked:
        return
    falling = all(a.score >= b.score for a, b in pairwise(ranked))
    if [row.rank for row in ranked] != list(range(1, len(rows) + 1)) or not falling:
        rule = "rank the candidates of a probe from 1, the closest first"
        raise _error(path, rule, f"other ranks for {rows[0].probe!r}")


def _plan(cohort: Cohort, probes: Iterable[int], gallery: Path | str | None) -> IdentificationPlan:
    if gallery is None:
        if not any(ROLE in sample.labels for sample in cohort.samples):
            raise ScoresError(
                "the gallery of the searches",
                rule="is stated: which photos of the cohort were enrolled",
                got="no labels of roles, and no list of the gallery",
                next_step="Add the column role to the labels (gallery, mated_probe, "
                "non_mated_probe), or give a file with the column photo (--gallery).",
            )
        return IdentificationPlan.stated(cohort)
    path = path_of("gallery", gallery)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            found = [(row.get("photo") or "").strip() for row in csv.DictReader(file, strict=True)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _error(path, "are CSV in UTF-8", error) from error
    place = {sample.photo: index for index, sample in enumerate(cohort.samples)}
    if not found or (strange := [photo for photo in found if photo not in place]):
        got = repr(strange[0]) if found else "no row"
        raise _error(path, "have a column photo with photos of the cohort", got)
    return IdentificationPlan.of_gallery(cohort, [place[photo] for photo in found], probes)


def _enrolled(given: int | None, in_cohort: int, strangers: int, path: Path) -> int:
    least = in_cohort + strangers
    if strangers and given is None:
        raise _error(
            path,
            "come with the number of people in the gallery if candidates are not in the cohort",
            f"{counted(strangers, 'candidate')} outside it",
            "Give the size of the gallery (--enrolled), or correct the names of the candidates.",
        )
    if given is not None and given < least:
        got = f"{given}, but {least} are enrolled or listed"
        raise _error(path, "are of a gallery that holds all their candidates", got)
    return given or in_cohort


def _error(path: Path, rule: str, got: object, next_step: str = "Correct the file.") -> ScoresError:
    return ScoresError(
        "the lists of candidates", rule=rule, got=got, next_step=next_step, path=path
    )
