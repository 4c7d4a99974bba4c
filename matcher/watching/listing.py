"""List the standing probes of a gallery, with what was reported of each."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

from matcher.crossing.pair_file import pair_file
from matcher.gallery import Gallery
from matcher.watching.files import OUTBOX_NAME, PAIRS_NAME, alone
from matcher.watching.opening import open_watch_list
from matcher.watching.outbox import open_outbox
from matcher.watching.running import known_leads
from matcher.watching.settings import read_settings
from matcher.words import counted

ROW: Final = ("subject", "photos", "leads_reported", "leads_waiting", "compared_until")
"""Keys of the row of a standing probe, in their order."""


@dataclass(frozen=True)
class WatchedSubject:
    """One standing probe.

    Parameters
    ----------
    subject_id
        Its identifier in the watch list.
    photos
        Number of its photos.
    reported, waiting
        Numbers of its leads that the receiver took, and that it did not take yet.
    compared_until
        Number of the gallery's last write with which all of its photos were compared; None if they
        were not compared yet, or if everything is to be compared anew.
    """

    subject_id: str
    photos: int
    reported: int
    waiting: int
    compared_until: int | None

    def row(self) -> dict[str, Any]:
        """Return it as one flat row for a table; its keys are `ROW`."""
        values = self.subject_id, self.photos, self.reported, self.waiting, self.compared_until
        return dict(zip(ROW, values, strict=True))


@dataclass(frozen=True)
class WatchState:
    """The standing probes of a gallery.

    Parameters
    ----------
    subjects
        The standing probes, in the order of their identifiers.
    rule, receiver
        What sets the lowest score, and who gets the leads, in words.
    generation
        Number of the gallery's last write.
    """

    subjects: tuple[WatchedSubject, ...]
    rule: str
    receiver: str
    generation: int

    def headline(self) -> str:
        """Return what is watched for, as one sentence."""
        return (
            f"{counted(len(self.subjects), 'standing probe')}. {self.rule}. New leads are "
            f"{self.receiver}. The gallery is at write {self.generation}"
        )


def read_watch_list(gallery: Gallery) -> WatchState:
    """Return the standing probes of a gallery, with the numbers of their leads.

    Parameters
    ----------
    gallery
        The open gallery.

    Raises
    ------
    InputError
        It is no open gallery.
    WatchListError
        There is no watch list, or a file of it cannot be used.
    GalleryBusyError
        A run uses it.
    """
    with ExitStack() as stack:
        probes = stack.enter_context(open_watch_list(gallery))
        stack.enter_context(alone(probes.path))
        settings = read_settings(probes.path)
        outbox = stack.enter_context(open_outbox(probes.path / OUTBOX_NAME))
        leads = known_leads(outbox, probes, gallery).leads
        counts = Counter((probe, entry.received) for (probe, _), entry in leads.items())
        until, compared = _compared(probes, gallery)
        photos = probes.photo_counts()
        subjects = tuple(
            WatchedSubject(
                one.subject_id,
                photos.get(one.subject_id, 0),
                counts[one.subject_id, True],
                counts[one.subject_id, False],
                until if compared[one.subject_id] == photos.get(one.subject_id, 0) else None,
            )
            for one in probes.subjects()
        )
    rule = "No rule yet" if settings is None else settings.rule_in_words()
    receiver = "printed" if settings is None else str(settings.receiver)
    return WatchState(subjects, rule, receiver, gallery.generation)


def _compared(probes: Gallery, gallery: Gallery) -> tuple[int | None, Counter[str]]:
    """Return the write up to which the gallery was compared, and with how many photos of whom."""
    with pair_file(probes.path / PAIRS_NAME) as file:
        progress = file.progress()
    if progress is None:
        return None, Counter()
    first, second = progress.since
    if not (probes.went_through(first) and gallery.went_through(second)):
        return None, Counter()
    return second.generation, Counter(
        one.subject_id for one in probes.facts_of_faces(first.generation)
    )
