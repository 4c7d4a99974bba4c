"""Thresholds and expected false leads from a calibration, and errors where it has no figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from matcher.arguments import path_of
from matcher.embedding import ModelIdentity
from matcher.errors import CalibrationError
from matcher.search.calibration.false_match_curve import AgeBand, ExpectedFalseLeads
from matcher.search.calibration.record_file import bands_of, read_record
from matcher.words import counted, figure


@dataclass(frozen=True)
class CalibrationUse:
    """The use of a calibration for one list.

    Parameters
    ----------
    cohort, cohort_sha256, made_on
        The cohort of the calibration, its hash, and the day on which the calibration was made.
    covered
        Whether the calibration has figures for the probe: for its age, and only if it is one photo
        that is not degraded. Without them, the list has no figures.
    ages
        The probes that the figures are taken from, in words: their ages, or why there are none.
    faces
        Size of the gallery that the figures are for: the number of searched faces. All of them are
        assumed to be of other people of the probe's age and sex.
    max_fpir
        The rate for which the threshold was chosen; None if it was not chosen by a rate.
    """

    cohort: str
    cohort_sha256: str
    made_on: str
    covered: bool
    ages: str
    faces: int
    max_fpir: float | None

    def __str__(self) -> str:
        source = f"{self.ages}; calibrated on {self.cohort}, {self.made_on}"
        worst = (
            f"if every one of {counted(self.faces, 'searched face')} were of another person of "
            "that age and sex"
        )
        if not self.covered:
            return f"No figures on false leads ({source})"
        if self.max_fpir is None:
            return f"False leads are those expected {worst} ({source})"
        share = figure(100 * self.max_fpir, 3)
        return (
            f"At most {share} % of searches for somebody who is not there would "
            f"return a lead, {worst} ({source})"
        )


@dataclass(frozen=True)
class LowestScore:
    """The lowest score to show for one face of many that are searched for.

    Parameters
    ----------
    score
        Cosine similarity in [-1, 1].
    share
        Bound on the share of searches for somebody who is not there that return a lead at this
        score; None if the calibration has no figures for the age of the face.
    """

    score: float
    share: float | None


@dataclass(frozen=True, eq=False)
class Calibration:
    """False-match rates of one model by age, measured on a named cohort. `load` reads it.

    Parameters
    ----------
    bands
        Bands of ages, the youngest first.
    cohort, cohort_sha256, made_on
        The cohort that the figures come from, its hash, and the day on which they were made.
    model
        Facts that identify the model.
    path
        The file that messages name.
    sha256
        Hash of the file; empty if it was read from none.
    """

    bands: tuple[AgeBand, ...]
    cohort: str
    cohort_sha256: str
    made_on: str
    model: Mapping[str, str]
    path: Path
    sha256: str = ""

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Read a record that `fairness.calibrate` made.

        Raises
        ------
        CalibrationError
            There is no such file, or this version cannot read it as a calibration.
        """
        path = path_of("path", path)
        record, sha256 = read_record(path)
        cohort, model = (
            part if isinstance(part := record.get(name), dict) else {}
            for name in ("cohort", "model")
        )
        return cls(
            bands=bands_of(record, path),
            cohort=str(cohort.get("name", "an unnamed cohort")),
            cohort_sha256=str(cohort.get("sha256", "")),
            made_on=str(record.get("made_on", "")),
            model={str(key): str(value) for key, value in model.items()},
            path=path,
            sha256=sha256,
        )

    def require_model(self, identity: ModelIdentity) -> None:
        """Refuse a model other than the calibration's model.

        Raises
        ------
        CalibrationError
            The models differ. The message names both.
        """
        given = asdict(identity) | identity.facts()
        needed = {"name", "weights_sha256", *self.model}
        differs = [key for key in needed if self.model.get(key) != str(given.get(key))]
        if differs:
            hashed = self.model.get("weights_sha256", "none")[:12]
            raise CalibrationError(
                "calibration",
                rule=f"is of the scores of {self.model.get('name')} (weights {hashed})",
                got=f"{identity}, which differs in {', '.join(sorted(differs))}",
                next_step="Make a calibration with the gallery's model.",
                path=self.path,
            )

    def threshold(self, max_fpir: float, *, faces: int, age: float | None) -> float:
        """Return the lowest score to show, so that lists rarely hold a false lead.

        Parameters
        ----------
        max_fpir
            Accepted share, in (0, 1), of searches that return a lead although the person is not in
            the gallery.
        faces
            Number of faces that are searched.
        age
            Age of the probe in years. None takes the worst of all bands.

        Raises
        ------
        CalibrationError
            The data do not support the rate. The message names the largest gallery that they
            support.
        """
        thresholds = [band.threshold(max_fpir, faces) for band in self._bands_for(age)]
        scores = [score for score in thresholds if score is not None]
        if len(scores) < len(thresholds):
            raise self._beyond(max_fpir, faces, age)
        return max(scores)

    def lowest_score(self, max_fpir: float, *, faces: int, age: float | None) -> LowestScore:
        """Return `threshold`, or what comes nearest to it; nothing is refused.

        Where the data do not support the rate, this is the highest score with figures, and the
        share that holds there. For an age without figures it is the worst of all bands.

        Parameters
        ----------
        max_fpir, faces, age
            As for `threshold`.
        """
        covered = self.covers(age)
        bands = self._bands_for(age) if covered else self.bands
        found = [_lowest(band, max_fpir, faces) for band in bands]
        share = max(one.share or 0.0 for one in found) if covered else None
        return LowestScore(max(one.score for one in found), share)

    def floor(self, max_fpir: float, *, faces: int) -> float:
        """Return the least `lowest_score` of any age."""
        return min(_lowest(band, max_fpir, faces).score for band in self.bands)

    def largest_gallery(self, max_fpir: float, *, age: float | None) -> int:
        """Return the largest number of faces for which `threshold` has an answer.

        Raises
        ------
        CalibrationError
            The age is in no band.
        """
        return min(band.largest_gallery(max_fpir) for band in self._bands_for(age))

    def false_leads(self, score: float, *, faces: int, age: float | None) -> ExpectedFalseLeads:
        """Return the expected number of other people's faces that score at least as high.

        Parameters
        ----------
        score
            Cosine similarity.
        faces
            Number of faces that are searched.
        age
            Age of the probe in years. None takes the worst of all bands at that score.

        Raises
        ------
        CalibrationError
            The age is in no band.
        """
        found = (band.curve.expected(score, faces) for band in self._bands_for(age))
        return max(found, key=lambda expected: expected.high)

    def false_leads_across(
        self, score: float, *, faces: int, age: float, gap: float
    ) -> ExpectedFalseLeads | None:
        """Return `false_leads` if all faces were `gap` years older or younger than the probe.

        The result is None if the cohort has too few comparisons of that kind.

        Raises
        ------
        CalibrationError
            The age is in no band.
        """
        (band,) = self._bands_for(age)
        for part in band.gaps:
            if part.at_least <= abs(gap) and (part.below is None or abs(gap) < part.below):
                return part.curve.expected(score, faces)
        return None

    def covers(self, age: float | None) -> bool:
        """Return whether there are figures for probes of this age."""
        return age is None or any(age in band for band in self.bands)

    def use(
        self,
        *,
        faces: int,
        age: float | None,
        max_fpir: float | None,
        without: str = "",
    ) -> CalibrationUse:
        """Return what a list should report about the calibration.

        `without` is the kind of probes, if no calibration has figures for it.
        """
        return CalibrationUse(
            cohort=self.cohort,
            cohort_sha256=self.cohort_sha256,
            made_on=self.made_on,
            covered=self.covers(age) and not without,
            ages=f"none for {without}" if without else self._ages(age),
            faces=faces,
            max_fpir=max_fpir,
        )

    def _ages(self, age: float | None) -> str:
        if age is None:
            return f"age not known: the worst of {', '.join(map(str, self.bands))}"
        if not self.covers(age):
            return f"none for the age of {age:g}"
        (band,) = self._bands_for(age)
        return str(band)

    def _bands_for(self, age: float | None) -> tuple[AgeBand, ...]:
        bands = tuple(band for band in self.bands if age is None or age in band)
        if not bands:
            raise CalibrationError(
                f"calibration on {self.cohort}",
                rule=f"holds for {', '.join(map(str, self.bands))}",
                got=f"a probe of {age:g} years",
                next_step="Search without max_fpir, or calibrate with people of that age.",
                path=self.path,
            )
        return bands

    def _beyond(self, max_fpir: float, faces: int, age: float | None) -> CalibrationError:
        largest = self.largest_gallery(max_fpir, age=age)
        times = faces / largest if largest else float("inf")
        needed = (
            f"about {figure(times)} times the comparisons" if largest else "far more comparisons"
        )
        return CalibrationError(
            f"max_fpir {figure(max_fpir, 6)} with {counted(faces, 'face')}",
            rule=f"the calibration on {self.cohort} carries it for at most "
            f"{counted(largest, 'face')} ({self._ages(age)})",
            got=f"{counted(faces, 'face')} to search",
            next_step=f"Calibrate with {needed} of that age, ask for a higher max_fpir, filter "
            "the gallery, or give the age of the probe if it is not given.",
            path=self.path,
        )


def _lowest(band: AgeBand, max_fpir: float, faces: int) -> LowestScore:
    score = band.threshold(max_fpir, faces)
    return LowestScore(*band.strictest(faces)) if score is None else LowestScore(score, max_fpir)
