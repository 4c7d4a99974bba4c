"""What an audit judges: the scores of models, or the files of another matcher."""

from matcher.cli.judging.contradictions import refuse_contradictions
from matcher.cli.judging.list_files import ListFile
from matcher.cli.judging.score_files import ScoreFile, ScoresOfFile, facts_of_photos, sides

__all__ = [
    "ListFile",
    "ScoreFile",
    "ScoresOfFile",
    "facts_of_photos",
    "refuse_contradictions",
    "sides",
]
