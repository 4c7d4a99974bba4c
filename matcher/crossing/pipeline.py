"""Compare everybody of one gallery with everybody of another, or with each other."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from matcher.arguments import expect, expect_hook, expect_number, path_of
from matcher.crossing.comparison import Comparison
from matcher.crossing.judging import Judge, Side, closest_of_each, leads_of
from matcher.crossing.leads import Compared, CrossList
from matcher.crossing.pair_file import pair_file
from matcher.crossing.recording import record_list, require_allowed
from matcher.crossing.rule import LeadRule
from matcher.errors import InputError
from matcher.gallery import Filters, Gallery, Moment
from matcher.progress import ProgressHook, silent
from matcher.search.calibration import Calibration


def cross_match(
    first: Gallery,
    second: Gallery | None = None,
    *,
    top: int = 4,
    threshold: float | None = None,
    max_fpir: float | None = None,
    calibration: Calibration | None = None,
    pairs: Path | str | None = None,
    only_new: bool = False,
    include_hidden: bool = False,
    on_progress: ProgressHook = silent,
) -> CrossList:
    """Return the closest subjects of the other side for each subject, for a person to review.

    Two subjects are as close as their closest photos. Faces are compared by the vectors that every
    model makes. Two faces of one identifier are never compared. The comparison is exact: every face
    of the one side with every face of the other.

    Parameters
    ----------
    first, second
        The galleries, of one model. None for `second` compares `first` within itself, to find who
        was registered twice.
    top
        Largest number of leads for a subject, >= 1. A pair that is among the closest of either of
        its two subjects is shown.
    threshold, max_fpir, calibration
        What sets the lowest score of a lead, see `LeadRule`. There is no default.
    pairs
        A file that keeps the pairs of faces and how far the comparison is. The next run with it
        compares only what is new on either side, and one that was interrupted goes on. Only its
        owner can read it. None keeps nothing.
    only_new
        Leave out, and count, leads that `mark_reported` was told of. `top` and ranks are then among
        the others. Needs `pairs`.
    include_hidden
        Show hidden subjects too, each with a note that says why, see `Gallery.hide`. Otherwise they
        are left out on both sides, and their pairs that are close enough are counted. Ranks, lowest
        scores and expected false leads are then those of galleries without them.
    on_progress
        Hears of the faces of the first gallery that were compared.

    Raises
    ------
    InputError
        An argument is of another type or out of range, both galleries are one, or so many pairs
        reach the lowest score that they are no list of leads.
    GalleryModelError
        The galleries are of different models. The message names both.
    CalibrationError
        The calibration is of another model, or there is none for `max_fpir`.
    CrossFileError
        The file of pairs cannot be used.
    NotAuthorisedError
        A gallery is governed, and was opened without a context that allows a search.
    GalleryWriteError, ActivityLogError
        The comparison cannot be recorded in the log of a governed gallery. There is no list then.
    """
    rule = LeadRule(threshold, max_fpir, calibration)
    _check(first, second, top, calibration)
    if only_new and pairs is None:
        raise InputError(
            "only_new",
            rule="needs a file of pairs, which knows what was reported",
            got="none",
            next_step="Give `pairs`.",
        )
    everybody = Filters(include_hidden=include_hidden)
    expect_hook("on_progress", on_progress)
    other = first if second is None else second
    began = datetime.now(UTC)
    require_allowed(first, other)
    with pair_file(None if pairs is None else path_of("pairs", pairs)) as file:
        comparison = Comparison(first, other, file, on_progress)
        moments = comparison.bring_up_to_date(rule, other.select(everybody).faces)
        sides = first.select(everybody).hidden, other.select(everybody).hidden
        found = _list(rule, comparison, moments, sides, top, only_new=only_new)
    record_list("cross_match", found, first, other, began)
    return found


def mark_reported(
    first: Gallery, second: Gallery | None, found: CrossList, pairs: Path | str
) -> None:
    """Note in a file of pairs that the leads of a list were reported.

    Call it once the list is where it was to go. If the process ends before, the next list has the
    same leads once more; none is lost. All pairs of photos of the two subjects of a lead count as
    reported, so that another photo of the same two is no new lead.

    Parameters
    ----------
    first, second
        The galleries of the list.
    found
        The list.
    pairs
        The file that the list was made with.

    Raises
    ------
    CrossFileError
        The file cannot be used.
    """
    named = {
        frozenset((one.first.subject.subject_id, one.second.subject.subject_id)) for one in found
    }
    with pair_file(path_of("pairs", pairs)) as file:
        new = [(pair.first, pair.second) for pair in file.pairs() if not pair.reported]
        faces, others = zip(*new, strict=True) if new else ((), ())
        owners = first.subjects_and_photos(set(faces))
        other_owners = (first if second is None else second).subjects_and_photos(set(others))
        file.mark_reported(
            (one, other)
            for one, other in new
            if one in owners
            and other in other_owners
            and frozenset((owners[one][0], other_owners[other][0])) in named
        )


def _check(
    first: Gallery, second: Gallery | None, top: int, calibration: Calibration | None
) -> None:
    for name, given in (("first", first), ("second", second or first)):
        step = "Give Gallery.open(path)."
        expect(name, given, Gallery, rule="must be an open gallery", next_step=step)
    if second is not None:
        if second.path.resolve() == first.path.resolve():
            raise InputError(
                "second gallery",
                rule="must be another one",
                got="the first one again",
                next_step="Leave it out, to compare the gallery within itself.",
                path=second.path,
            )
        second.require_model(first.model)
    expect_number("top", top, whole=True)
    if top < 1:
        raise InputError("top", rule="at least 1", got=top, next_step="Ask for one or more.")
    if calibration is not None:
        calibration.require_model(first.model)


def _list(
    rule: LeadRule,
    comparison: Comparison,
    moments: tuple[Moment, Moment],
    hidden: tuple[frozenset[str], frozenset[str]],
    top: int,
    *,
    only_new: bool,
) -> CrossList:
    galleries = comparison.first, comparison.second
    side = Side.of(galleries[0], moments[0], hidden[0])
    other = side
    if galleries[0] is not galleries[1]:
        in_pairs = {pair.second for pair in comparison.file.pairs()}
        other = Side.of_pairs(galleries[1], moments[1], in_pairs, hidden[1])
    judge = Judge(rule, side, other)
    close = judge.close_subjects(comparison.file.pairs())
    new = {pair: one for pair, one in close.items() if not (only_new and one.is_reported)}
    left_out = {pair: who for pair in close if (who := judge.hidden_in(pair))}
    wanted = {pair: one for pair, one in new.items() if pair not in left_out}
    hidden_new = [who for pair, who in left_out.items() if pair in new]
    ranks = closest_of_each(wanted, top)
    beyond = judge.beyond_calibration()
    first, second = (
        Compared(gallery.path, len(one.subjects), one.faces, added, moment.generation)
        for gallery, one, added, moment in zip(
            galleries, (side, other), comparison.new_faces, moments, strict=True
        )
    )
    return CrossList(
        leads=tuple(leads_of(judge, wanted, ranks, galleries)),
        first=first,
        second=second,
        rule=str(rule),
        threshold=rule.threshold,
        model=galleries[0].model,
        expected_false_leads=judge.expected(),
        on_both_sides=judge.on_both_sides(),
        without_figures=judge.without_figures(),
        beyond_calibration=len(beyond),
        largest_share=max(beyond.values(), default=None),
        left_out=len(wanted) - len(ranks),
        reported_before=len(close) - len(left_out) - len(wanted),
        anew=comparison.anew,
        hidden_pairs=len(hidden_new),
        hidden_subjects=len(set().union(*hidden_new)),
    )
