"""Run a watch list: compare what is new, take new leads into the outbox, deliver what waits."""

from __future__ import annotations

import secrets
import sys
import zlib
from collections.abc import Mapping, Sequence, Set
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from matcher.arguments import expect_hook
from matcher.crossing import CrossLead, CrossList, cross_match, mark_reported
from matcher.crossing.again import leads_again
from matcher.crossing.pair_file import pair_file
from matcher.crossing.recording import record_list, require_allowed
from matcher.gallery import Gallery
from matcher.progress import ProgressHook, silent
from matcher.watching.delivery import Receive, deliver
from matcher.watching.files import OUTBOX_NAME, PAIRS_NAME, alone
from matcher.watching.leads import WatchLead, WatchRun
from matcher.watching.opening import OpenList, open_watch_list, opened_list
from matcher.watching.outbox import Outbox, Pair, open_outbox

_ALL: Final = sys.maxsize
"""Leads of a standing probe that are reported: every one that is close enough."""

Subjects = tuple[str, str]


@dataclass(frozen=True, eq=False)
class Known:
    """What the outbox has, by the subjects that the faces belong to now.

    Parameters
    ----------
    leads
        A pair of faces of each two subjects. If several leads are of the same two, it is of one
        that was received; or else of the one that was found first.
    pairs
        All pairs of which both faces are there.
    void
        Pairs of which a face is gone, or is another one now.
    """

    leads: Mapping[Subjects, Pair]
    pairs: tuple[Pair, ...]
    void: tuple[Pair, ...]


def run_watch_list(
    gallery: Gallery,
    *,
    receive: Receive | None = None,
    on_progress: ProgressHook = silent,
) -> WatchRun:
    """Compare the standing probes with what is new in a gallery, and deliver new leads.

    Call it after each enrolment. A lead is delivered once. If the process ends anywhere, the next
    run goes on: nothing is lost, and a lead that was found or delivered keeps its identifier.

    Parameters
    ----------
    gallery
        The open gallery.
    receive
        Takes the leads of a list without a receiver, all at once. They count as reported when it
        returns. Without it they wait.
    on_progress
        Hears of the faces that were compared.

    Raises
    ------
    InputError
        An argument is of another type, the receiver could not receive anything, or so many faces
        are close enough that they are no list of leads. Nothing was compared in the first two.
    WatchListError
        There is no watch list, it has no rule, or a file of it cannot be used.
    GalleryModelError
        The list, or its rule, is of another model. The message has the commands that help.
    GalleryBusyError
        Another run uses the list.
    NotAuthorisedError
        The gallery is governed, and was opened without a context that allows a search.
    GalleryWriteError, ActivityLogError
        The run cannot be recorded in the log of a governed gallery. Nothing is delivered then.
    CalibrationError, CrossFileError
        The copy of the calibration, or the file of compared pairs, cannot be used.
    """
    if receive is not None:
        expect_hook("receive", receive)
    expect_hook("on_progress", on_progress)
    with opened_list(gallery) as watch:
        watch.settings.receiver.check(gallery.path)
        with open_outbox(watch.folder / OUTBOX_NAME) as outbox:
            return _run(watch, outbox, receive, on_progress)


def forget_removed(gallery: Gallery) -> int:
    """Drop what the outbox of a watch list has on faces that are gone.

    It returns how many leads of them waited. A run does the same. Call it after a removal, if no
    run is to follow.

    Raises
    ------
    WatchListError, GalleryBusyError
        As in `run_watch_list`.
    """
    with (
        open_watch_list(gallery) as probes,
        alone(probes.path),
        open_outbox(probes.path / OUTBOX_NAME) as outbox,
    ):
        before = outbox.waiting()
        outbox.change((), void=known_leads(outbox, probes, gallery).void)
        return len(before - outbox.waiting())


def known_leads(outbox: Outbox, probes: Gallery, gallery: Gallery) -> Known:
    """Return what the outbox has, as the galleries are now."""
    pairs = outbox.pairs()
    firsts = probes.subjects_and_photos({one.first for one in pairs})
    seconds = gallery.subjects_and_photos({one.second for one in pairs})
    leads: dict[Subjects, Pair] = {}
    place: dict[str, Subjects] = {}
    there, void = [], []
    for pair in pairs:
        one, other = firsts.get(pair.first), seconds.get(pair.second)
        if one is None or other is None or _checksum(one[1], other[1]) != pair.photos:
            void.append(pair)
            continue
        there.append(pair)
        subjects = one[0], other[0]
        # A lead that waits is of one pair of subjects, also after one of them was taken apart.
        if pair.received or place.setdefault(pair.lead_id, subjects) == subjects:
            leads.setdefault(subjects, pair)
    return Known(leads, tuple(there), tuple(void))


def _run(
    watch: OpenList, outbox: Outbox, receive: Receive | None, on_progress: ProgressHook
) -> WatchRun:
    began = datetime.now(UTC)
    found = _compared(watch, on_progress)
    record_list("watch_run", found, watch.probes, watch.gallery, began)
    known = known_leads(outbox, watch.probes, watch.gallery)
    of_subjects = {_subjects(lead): lead for lead in found}
    new = _new_pairs(watch, of_subjects.keys() - known.leads.keys())
    entries = {**known.leads, **{subjects: pairs[0] for subjects, pairs in new.items()}}
    of_subjects |= _found_earlier(watch, known, of_subjects.keys())
    to_deliver = [
        _lead(watch, found, lead, entries[subjects])
        for subjects, lead in of_subjects.items()
        if subjects in entries and not entries[subjects].received
    ]
    gone = outbox.waiting() - {lead.lead_id for lead in to_deliver}
    pairs = [pair for several in new.values() for pair in several]
    outbox.change(pairs, void=known.void, gone=gone)
    received: set[str] = set()

    def take(lead_ids: Sequence[str]) -> None:
        outbox.mark_received(lead_ids)
        received.update(lead_ids)

    failures = deliver(watch.settings.receiver, to_deliver, receive, take)
    _leave_out_next_time(watch, found, entries, received)
    return WatchRun(
        new=len(new),
        received=tuple(lead for lead in to_deliver if lead.lead_id in received),
        waiting=tuple(lead for lead in to_deliver if lead.lead_id not in received),
        dropped=len(gone),
        failures=failures,
        receiver=str(watch.settings.receiver),
        compared=found,
    )


def _compared(watch: OpenList, on_progress: ProgressHook) -> CrossList:
    """Compare what is new; the caller writes the record of it."""
    require_allowed(watch.probes, watch.gallery, "watch_run")
    with ExitStack() as stack:
        for gallery in (watch.probes, watch.gallery):
            if gallery.activity is not None:
                stack.enter_context(gallery.activity.covering())
        return cross_match(
            watch.probes,
            watch.gallery,
            top=_ALL,
            threshold=watch.rule.threshold,
            max_fpir=watch.rule.max_fpir,
            calibration=watch.rule.calibration,
            pairs=watch.folder / PAIRS_NAME,
            only_new=True,
            on_progress=on_progress,
        )


def _subjects(lead: CrossLead) -> Subjects:
    return lead.first.subject.subject_id, lead.second.subject.subject_id


def _found_earlier(
    watch: OpenList, known: Known, found: Set[Subjects]
) -> dict[Subjects, CrossLead]:
    """Return leads that wait and are not close enough any more although the rule is the same.

    Under a calibration the lowest score rises while the gallery grows. What was found before is
    delivered all the same.
    """
    wanted = {
        subjects: pair
        for subjects, pair in known.leads.items()
        if not pair.received and subjects not in found and pair.rule == watch.settings.rule_key
    }
    names = {pair.lead_id for pair in wanted.values()}
    pairs = [(one.first, one.second) for one in known.pairs if one.lead_id in names]
    again = leads_again(watch.rule, watch.probes, watch.gallery, pairs)
    return {_subjects(lead): lead for lead in again if _subjects(lead) in wanted}


def _new_pairs(watch: OpenList, wanted: Set[Subjects]) -> dict[Subjects, list[Pair]]:
    """Return all close faces of new leads. A lead of which a face was removed just now has none."""
    if not wanted:
        return {}
    with pair_file(watch.folder / PAIRS_NAME) as file:
        kept = [(one.first, one.second) for one in file.pairs()]
    firsts = watch.probes.subjects_and_photos({one for one, _ in kept})
    seconds = watch.gallery.subjects_and_photos({other for _, other in kept})
    now = datetime.now(UTC)
    found: dict[Subjects, list[Pair]] = {}
    names: dict[Subjects, str] = {}
    for one, other in kept:
        if one not in firsts or other not in seconds:
            continue
        (probe, photo), (candidate, of_candidate) = firsts[one], seconds[other]
        subjects = probe, candidate
        if subjects in wanted:
            name = names.setdefault(subjects, secrets.token_hex(16))
            photos = _checksum(photo, of_candidate)
            pair = Pair(one, other, photos, name, watch.settings.rule_key, now, received=False)
            found.setdefault(subjects, []).append(pair)
    return found


def _checksum(photo: str, other: str) -> int:
    """Return 32 bits of two hashes. Few bits identify nobody."""
    return zlib.crc32(f"{photo} {other}".encode("ascii"))


def _lead(watch: OpenList, found: CrossList, lead: CrossLead, entry: Pair) -> WatchLead:
    return WatchLead(
        entry.lead_id,
        entry.found_at,
        lead,
        watch.gallery.path.absolute(),
        str(found.model),
        found.rule,
    )


def _leave_out_next_time(
    watch: OpenList, found: CrossList, entries: Mapping[Subjects, Pair], received: Set[str]
) -> None:
    """Note in the file of pairs what was received, so that the next run reads no record of it.

    The outbox says what was received. A run that ends before this notes it at the next run.
    """
    reported = tuple(
        lead
        for lead in found
        if (entry := entries.get(_subjects(lead))) is not None
        and (entry.received or entry.lead_id in received)
    )
    if reported:
        said = replace(found, leads=reported)
        mark_reported(watch.probes, watch.gallery, said, watch.folder / PAIRS_NAME)
