"""Compare the faces of two galleries, or of one, as far as they are not compared yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from matcher.crossing.pair_file import PairFile, Progress
from matcher.crossing.rule import LeadRule
from matcher.crossing.scores import Page, Pairs, larger_pages, pairs_above
from matcher.errors import InputError
from matcher.gallery import Gallery, Moment
from matcher.progress import ProgressHook

_FACES: Final = 100_000
"""Faces of the first gallery between two commits; the other gallery is read once for these."""

_MOST_PAIRS: Final = 100
"""Pairs that may be kept for each face of the first gallery. More than that is no list of leads."""

_FEW: Final = 1_000_000
"""So many pairs may be kept in any case."""

_BEGIN: Final = Moment(-1, "")


@dataclass(frozen=True)
class _Phase:
    """A rectangle to compare: faces added in a range of writes of each gallery.

    With `upwards`, of two faces only the one with the lower id is compared with the other.
    """

    first: tuple[int, int]
    second: tuple[int, int]
    upwards: bool = False


class Comparison:
    """The comparison of two galleries, or of one with itself, kept in a file of pairs.

    Parameters
    ----------
    first, second
        The galleries; one object for the comparison within a gallery.
    file
        The open file of pairs.
    on_progress
        Hears of the faces of the first gallery that were compared.
    """

    def __init__(
        self, first: Gallery, second: Gallery, file: PairFile, on_progress: ProgressHook
    ) -> None:
        self.first = first
        self.second = second
        self.file = file
        self.new_faces = (0, 0)
        self.anew = ""
        self._on_progress = on_progress

    def bring_up_to_date(self, rule: LeadRule, faces: int) -> tuple[Moment, Moment]:
        """Compare what is not compared yet; return the states up to which everything is.

        A run that was interrupted is brought to its end first. `new_faces` then holds the numbers
        of faces of both galleries that were new, and `anew` why all pairs of a file were of no use.

        Parameters
        ----------
        rule
            What sets the lowest score.
        faces
            Number of faces of the second gallery that the list may show.
        """
        now = self.first.moment, self.second.moment
        progress = self.file.progress()
        self.anew = "" if progress is None else self._why_anew(progress, rule, faces)
        if progress is None or self.anew:
            self.file.clear()
            progress = Progress((_BEGIN, _BEGIN), now, _lowest_to_keep(rule, faces))
        self.new_faces = self._new_since(progress.since)
        progress = self._finish(progress)
        if progress.until != now:
            progress = self._finish(replace(progress, until=now))
        return progress.until

    def _new_since(self, since: tuple[Moment, Moment]) -> tuple[int, int]:
        first, second = self.first, self.second
        return (
            first.added(since[0].generation, first.generation),
            second.added(since[1].generation, second.generation),
        )

    def _why_anew(self, progress: Progress, rule: LeadRule, faces: int) -> str:
        sides = (self.first, self.second)
        states = [
            *zip(sides, progress.since, strict=True),
            *zip(sides, progress.until, strict=True),
        ]
        if not all(moment == _BEGIN or side.went_through(moment) for side, moment in states):
            return "the file is of another gallery, or of another history of this one"
        if rule.floor(faces) < progress.lowest:
            return "pairs with a lower score are asked for than the file has"
        return ""

    def _finish(self, progress: Progress) -> Progress:
        """Compare up to `progress.until`; return the progress with everything done."""
        phases = self._phases(progress)
        total = sum(
            self.first.added(*phase.first) for phase in phases if self.second.added(*phase.second)
        )
        self._on_progress("faces compared", progress.done, total)
        for number in range(progress.phase, len(phases)):
            for page in self._pages(phases[number], progress.face_id):
                found = self._found(page, phases[number], progress.lowest)
                progress = replace(
                    progress,
                    phase=number,
                    face_id=int(page[0][-1]),
                    done=progress.done + len(page[0]),
                )
                self.file.keep(found, progress)
                self._on_progress("faces compared", progress.done, total)
            progress = replace(progress, phase=number + 1, face_id=0)
        progress = replace(progress, since=progress.until, phase=0, done=0)
        self.file.keep([], progress)
        return progress

    def _phases(self, progress: Progress) -> Sequence[_Phase]:
        (first_since, second_since), (first, second) = (
            tuple(moment.generation for moment in moments)
            for moments in (progress.since, progress.until)
        )
        new, old = (first_since, first), (-1, first_since)
        if self.first is self.second:
            return _Phase(new, new, upwards=True), _Phase(old, new)
        return _Phase(new, (-1, second)), _Phase(old, (second_since, second))

    def _pages(self, phase: _Phase, after: int) -> Iterator[Page]:
        if not self.second.added(*phase.second):
            return
        for ids, vectors in larger_pages(self.first.pages_added(*phase.first), _FACES):
            left = ids > after
            if left.any():
                yield ids[left], vectors[left]

    def _found(self, page: Page, phase: _Phase, lowest: float) -> list[Pairs]:
        found = []
        kept = len(self.file)
        for ids, vectors in self.second.pages_added(*phase.second):
            if phase.upwards and ids[-1] <= page[0][0]:
                continue
            for pairs in pairs_above(page, (ids, vectors), lowest):
                some = _upwards(pairs) if phase.upwards else pairs
                found.append(some)
                kept += len(some.scores)
                self._require_few(kept)
        return found

    def _require_few(self, pairs: int) -> None:
        most = _FEW + _MOST_PAIRS * len(self.first)
        if pairs > most:
            raise InputError(
                "the lowest score of a lead",
                rule=f"must leave at most {most} pairs of faces to keep",
                got=f"more than that among {len(self.first)} and {len(self.second)} faces",
                next_step="Ask for a higher threshold, or for a smaller max_fpir.",
            )


def _upwards(pairs: Pairs) -> Pairs:
    kept = pairs.first < pairs.second
    return Pairs(pairs.first[kept], pairs.second[kept], pairs.scores[kept])


def _lowest_to_keep(rule: LeadRule, faces: int) -> float:
    """Return the lowest score to keep; it still serves when half of the faces are removed."""
    return min(rule.floor(faces), rule.floor(faces // 2))
