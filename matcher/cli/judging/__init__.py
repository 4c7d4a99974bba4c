"""What an audit judges: the scores of models, or files of another matcher's numbers."""

from matcher.cli.judging.contradictions import refuse_contradictions
from matcher.cli.judging.score_files import ScoreFile, ScoresOfFile, facts_of_photos, sides

__all__ = ["ScoreFile", "ScoresOfFile", "facts_of_photos", "refuse_contradictions", "sides"]
