"""The request of a caller for a search: checked once, then applied to each probe."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from matcher.arguments import expect_number
from matcher.errors import CalibrationError, InputError
from matcher.gallery import Filters
from matcher.gallery.filters import check_filters
from matcher.search.calibration import Calibration, CalibrationUse
from matcher.search.candidates import Candidate, ProbeFacts
from matcher.words import figure


@dataclass(frozen=True)
class SearchRequest:
    """The limits, filters and calibration of a search; parameters as in `Searcher.search`.

    Raises
    ------
    InputError
        `top`, `threshold` or `max_fpir` is no number or out of range, the last two are both given,
        or `filters` are no `Filters`.
    CalibrationError
        `max_fpir` is given without a calibration.
    """

    top: int
    filters: Filters
    threshold: float | None
    max_fpir: float | None
    calibration: Calibration | None

    def __post_init__(self) -> None:
        check_filters(self.filters)
        expect_number("top", self.top, whole=True)
        for name in ("threshold", "max_fpir"):
            if getattr(self, name) is not None:
                expect_number(name, getattr(self, name))
        if self.top < 1:
            raise InputError(
                "top", rule="at least 1", got=self.top, next_step="Ask for one or more."
            )
        if self.threshold is not None and not -1 <= self.threshold <= 1:  # NaN fails too
            raise InputError(
                "threshold",
                rule="a cosine similarity in [-1, 1]",
                got=self.threshold,
                next_step="Leave it out to see all candidates.",
            )
        if self.max_fpir is not None:
            self._check_max_fpir(self.max_fpir)

    def _check_max_fpir(self, max_fpir: float) -> None:
        if not 0 < max_fpir < 1:
            raise InputError(
                "max_fpir",
                rule="a share of searches in (0, 1)",
                got=max_fpir,
                next_step="Leave it out to see all candidates.",
            )
        if self.threshold is not None:
            raise InputError(
                "max_fpir",
                rule="stands instead of a threshold",
                got=f"also the threshold {figure(self.threshold, 6)}",
                next_step="Give one of them.",
            )
        if self.calibration is None:
            raise CalibrationError(
                "max_fpir",
                rule="needs a calibration on people of the probe's age",
                got="none",
                next_step="Give the searcher a Calibration, or search with a threshold or without.",
            )

    def require_supported(self, ages: Iterable[float | None], faces: int) -> None:
        """Refuse, before any work, a request that the calibration does not support.

        Raises
        ------
        CalibrationError
            It does not support `max_fpir` for so many faces, or for one of the ages.
        """
        for age in dict.fromkeys(ages):
            self.lowest_score(age, faces)

    def lowest_score(self, age: float | None, faces: int) -> float | None:
        """Return the lowest score to show for a probe of an age; None if any score is shown."""
        if self.max_fpir is None or self.calibration is None:
            return self.threshold
        return self.calibration.threshold(self.max_fpir, faces=faces, age=age)

    def explained(self, candidate: Candidate, probe: ProbeFacts, faces: int) -> Candidate:
        """Return the candidate with the false leads expected at its score, if they are known."""
        age = probe.age_at_capture
        if self.calibration is None or probe.without_figures or not self.calibration.covers(age):
            return candidate
        expected = self.calibration.false_leads(candidate.score, faces=faces, age=age)
        return replace(candidate, expected_false_leads=expected)

    def use(self, probe: ProbeFacts, faces: int) -> CalibrationUse | None:
        """Return what the list reports about the calibration; None without a calibration."""
        if self.calibration is None:
            return None
        return self.calibration.use(
            faces=faces,
            age=probe.age_at_capture,
            max_fpir=self.max_fpir,
            without=probe.without_figures,
        )
