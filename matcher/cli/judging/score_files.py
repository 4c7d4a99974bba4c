"""Files of scores that an audit judges or compares with, beside the scores of models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from matcher.cli.judging.identity import identity, kind_of

if TYPE_CHECKING:
    from fairness import Cohort, Scores
    from fairness.verification import ListedScores
    from matcher.evaluation import EmbeddedScores


@dataclass(frozen=True)
class ScoreFile:
    """A file of scores as it is named on the command line.

    Parameters
    ----------
    path
        The file.
    distances
        Whether lower is closer.
    drawn_by_chance
        Whether its pairs are said to be drawn without regard to their scores.
    name
        Name and version of the matcher that made it; None if not given.
    """

    path: Path
    distances: bool
    drawn_by_chance: bool
    name: str | None

    @classmethod
    def of(
        cls, path: Path | None, distances: bool, drawn_by_chance: bool, name: str | None
    ) -> Self | None:
        """Return the file; None without a path."""
        return None if path is None else cls(path, distances, drawn_by_chance, name)

    def read(self, people: Cohort) -> ScoresOfFile:
        """Read the scores of a cohort; refuse pairs from which no error rate follows.

        Raises
        ------
        ScoresError
            As `fairness.read_scores` and `fairness.verification.require_no_selection`.
        """
        from fairness import read_scores
        from fairness.verification import require_no_selection

        scores = read_scores(
            self.path,
            people,
            kind=kind_of(self.distances),
            drawn_by_chance=self.drawn_by_chance,
        )
        require_no_selection(scores)
        matcher = identity("scores", self.path, self.name)
        return ScoresOfFile(scores, matcher)


@dataclass(frozen=True, eq=False)
class ScoresOfFile:
    """The scores of a file, and what identifies the matcher and the file."""

    scores: ListedScores
    matcher: Mapping[str, str]


def sides(
    people: Cohort,
    new: EmbeddedScores | ScoresOfFile | None,
    old: EmbeddedScores | ScoresOfFile | None,
) -> tuple[Scores, Scores | None, dict[str, str]]:
    """Return the scores to judge, those to compare with, and what identifies both.

    All are of one cohort: with what was measured on the photos, if a model saw them. What is
    measured on a face can differ in the last digits from run to run.
    """
    assert new is not None  # noqa: S101 - for the type checker: a model or a file is judged
    models = [side for side in (old, new) if side and not isinstance(side, ScoresOfFile)]
    shared = models[0].scores.cohort if models else people
    matcher = dict(new.matcher)
    if old is None:
        return _of_cohort(new, shared), None, matcher
    theirs = dict(old.matcher)
    matcher["baseline"] = theirs.get("model") or theirs["scores"]
    if isinstance(old, ScoresOfFile):
        names = ("scores", "scores_sha256")
        matcher |= {f"baseline_{name}": theirs[name] for name in names}
    return _of_cohort(new, shared), _of_cohort(old, shared), matcher


def facts_of_photos(
    *sides: EmbeddedScores | ScoresOfFile | None,
) -> Mapping[str, Sequence[float]]:
    """Return what a model measured on the photos; nothing if no model saw them."""
    for side in sides:
        if side is not None and not isinstance(side, ScoresOfFile):
            return side.facts
    return {}


def _of_cohort(side: EmbeddedScores | ScoresOfFile, cohort: Cohort) -> Scores:
    if isinstance(side, ScoresOfFile):
        return replace(side.scores, cohort=cohort)
    return side.scores.labelled(cohort)
