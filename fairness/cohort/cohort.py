"""The cohort of an evaluation: its photos and their labels.

Labels are kept here. A gallery and a search never see them.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fairness.arguments import listed
from fairness.cohort.factors import FACTORS, labels_of
from fairness.cohort.groups import AGE_EDGES, UNKNOWN, Grouping
from fairness.cohort.sample import SEXES, Provenance, Sample
from fairness.cohort.spellings import Spelling, folded
from fairness.errors import CohortError, printable, require_none
from fairness.manifests import spelling_remarks
from fairness.words import counted

__all__ = ["SEXES", "Cohort", "Coverage", "Provenance", "Sample", "SetAside"]

_OF_A_SUBJECT = {"date_of_birth": None, "sex": UNKNOWN, "family": None}
"""Labels that all photos of a subject share, each with the value that means "not known"."""


@dataclass(frozen=True)
class SetAside:
    """A photo, file or label that was found but is not part of the cohort.

    Parameters
    ----------
    item
        What it is; the photo, where it is a row of a table.
    why
        The reason.
    refused
        Whether it is a row of a table that could not be read. Somebody has to correct it.
    """

    item: str
    why: str
    refused: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "item", printable(self.item))


@dataclass(frozen=True)
class Coverage:
    """Number of photos and subjects of a group. A subject may be in several groups."""

    group: str
    subjects: int
    photos: int


@dataclass(frozen=True, eq=False)
class Cohort:
    """The photos of an audit, sorted by identifier. `Cohort.of` makes a checked one.

    Parameters
    ----------
    samples
        At least one photo; identifiers are unique.
    name
        Name of the cohort, for the report.
    sha256
        Hash of the labels.
    folder
        Folder of the photos, if identifiers are paths. It is not part of the hash.
    set_aside
        Items that a reader or a check left out, for the report. They are not part of the hash.
    remarks
        What a person should know about how the labels were read. Not part of the hash either.
        They may name people: they are for whoever gave the labels, and for no report.
    spellings
        Labels that were written in several ways and are read as one.
    """

    samples: tuple[Sample, ...]
    name: str
    sha256: str
    folder: Path | None = None
    set_aside: tuple[SetAside, ...] = ()
    remarks: tuple[str, ...] = ()
    spellings: tuple[Spelling, ...] = ()

    def __post_init__(self) -> None:
        listed("samples", self.samples, Sample, next_step="Make a cohort with `Cohort.of`.")

    @classmethod
    def of(
        cls,
        samples: Iterable[Sample],
        *,
        name: str,
        folder: Path | None = None,
        set_aside: Iterable[SetAside] = (),
        remarks: Iterable[str] = (),
        spellings: Iterable[Spelling] = (),
    ) -> Cohort:
        """Check samples and return their cohort, sorted by photo.

        If an age is missing and both dates are given, the age is computed from the dates. Labels
        that differ only in capitals, spaces or the form of an accent become one, with a remark
        (`fairness.cohort.spellings.folded`). Subjects stay as they are; a remark names those that
        are almost the same.

        Raises
        ------
        CohortError
            If there is no sample, an identifier occurs twice, a label is impossible, or labels of
            one photo or one subject contradict each other. The message names the first ten faults.
        """
        samples = listed("samples", samples, Sample, next_step="Give Sample(photo, subject, ...).")
        ordered = tuple(sorted(map(_with_age, samples), key=lambda sample: sample.photo))
        if not ordered:
            raise CohortError(
                f"cohort {name!r}",
                rule="at least one photo",
                got="none",
                next_step="Check the manifest or the folder that it was read from.",
                path=folder,
            )
        require_none(
            _faults(ordered),
            what=f"labels of cohort {name!r}",
            rule="possible values that do not contradict each other, each photo once",
            next_step="Correct the labels; leave empty what is not known.",
            path=folder,
        )
        ordered, found = folded(ordered)
        notes = (
            *remarks,
            *spelling_remarks((sample.subject, sample.subject) for sample in ordered),
            *(spelling.remark for spelling in found),
        )
        lines = [json.dumps(vars(sample), default=str, sort_keys=True) for sample in ordered]
        digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        return cls(
            ordered,
            printable(name),
            digest,
            folder,
            tuple(set_aside),
            tuple(dict.fromkeys(notes)),
            (*spellings, *found),
        )

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def refused(self) -> tuple[SetAside, ...]:
        """Rows of the labels that could not be read: nobody in them is counted."""
        return tuple(item for item in self.set_aside if item.refused)

    @cached_property
    def subjects(self) -> tuple[str, ...]:
        """Names of the subjects, sorted."""
        return tuple(sorted({sample.subject for sample in self.samples}))

    @cached_property
    def subject_codes(self) -> NDArray[np.int64]:
        """Subject of each photo, as an index into `subjects`, shape (photos,)."""
        place = {name: index for index, name in enumerate(self.subjects)}
        return np.array([place[sample.subject] for sample in self.samples], dtype=np.int64)

    @cached_property
    def factors(self) -> tuple[str, ...]:
        """Factors that `grouping` accepts."""
        further = {name for sample in self.samples for name in sample.labels}
        return (*FACTORS, *sorted(further))

    def grouping(self, factor: str, *, age_edges: Sequence[float] = AGE_EDGES) -> Grouping:
        """Group the photos by a factor. Photos without a label form the group `UNKNOWN`.

        Parameters
        ----------
        factor
            One of `factors` (`fairness.cohort.FACTORS` explains them), or several of them joined
            by "*", as in "age*sex".
        age_edges
            Lower edges of the age bands, years.

        Raises
        ------
        CohortError
            If there is no such factor.
        """
        parts = [
            Grouping.of(part, labels_of(part, self.samples, age_edges))
            for part in factor.split("*")
        ]
        whole = parts[0]
        for other in parts[1:]:
            whole = whole.crossed(other)
        return whole

    def coverage(self, grouping: Grouping) -> tuple[Coverage, ...]:
        """Count photos and subjects of each group, in the order of `Grouping.names`.

        A table must not print the counts of a group with fewer than
        `fairness.rates.FEWEST_SUBJECTS` subjects.
        """
        photos = np.bincount(grouping.codes, minlength=len(grouping.names))
        pairs = np.unique(np.column_stack([grouping.codes, self.subject_codes]), axis=0)
        subjects = np.bincount(pairs[:, 0], minlength=len(grouping.names))
        return tuple(
            Coverage(group, int(subjects[code]), int(photos[code]))
            for code, group in enumerate(grouping.names)
        )

    def without(self, photos: Collection[str], why: str) -> Cohort:
        """Return the cohort without some photos. The new cohort lists them as set aside.

        Raises
        ------
        CohortError
            If no photo is left.
        """
        left_out = [SetAside(s.photo, why) for s in self.samples if s.photo in photos]
        kept = (sample for sample in self.samples if sample.photo not in photos)
        return self.having(kept, left_out)

    def where(self, kept: NDArray[np.bool_]) -> Cohort:
        """Return the cohort of the photos chosen by a mask of shape (photos,).

        Raises
        ------
        CohortError
            If no photo is left.
        """
        return self.having(sample for sample, one in zip(self.samples, kept, strict=True) if one)

    def having(self, samples: Iterable[Sample], left_out: Iterable[SetAside] = ()) -> Cohort:
        """Return the cohort of other samples, with what was set aside here and now.

        Raises
        ------
        CohortError
            As `of`.
        """
        return Cohort.of(
            samples,
            name=self.name,
            folder=self.folder,
            set_aside=(*self.set_aside, *left_out),
            remarks=self.remarks,
            spellings=self.spellings,
        )


def _with_age(sample: Sample) -> Sample:
    age = sample.age_from_dates
    if sample.age_at_capture is not None or age is None or age < 0:
        return sample
    return replace(sample, age_at_capture=age)


def _faults(samples: Sequence[Sample]) -> Iterator[str]:
    counts = Counter(sample.photo for sample in samples)
    yield from (
        f"photo {photo!r} occurs {counted(n, 'time')}" for photo, n in counts.items() if n > 1
    )
    for sample in samples:
        yield from (f"photo {sample.photo!r}: {fault}" for fault in sample.faults())
        yield from (
            f"photo {sample.photo!r}: a further label cannot be called {name!r}, nor hold a *"
            for name in sample.labels
            if name in FACTORS or "*" in name or not name
        )
    yield from _faults_of_subjects(samples)


def _faults_of_subjects(samples: Sequence[Sample]) -> Iterator[str]:
    for label, nothing in _OF_A_SUBJECT.items():
        found: dict[str, set[str]] = defaultdict(set)
        for sample in samples:
            value = getattr(sample, label)
            if value != nothing:
                found[sample.subject].add(str(value))
        for subject, values in found.items():
            if len(values) > 1:
                yield f"subject {subject!r} has {label} {' and '.join(sorted(values))}"
