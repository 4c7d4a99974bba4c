"""Erase a subject or a case: from every place of the gallery, with a record, and with a proof.

What there is of it is collected in a file first. Then each place is cleared; to clear one twice
changes nothing. Then the proof is made, and the file is deleted. A process that is killed leaves
the file, and whoever comes next finishes: `finish_erasures`, or the same call again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from matcher.arguments import expect, listed, path_of
from matcher.casework import probes
from matcher.casework.reading import activity_of
from matcher.casework.retention.collecting import (
    subject_named,
    traces_of_case,
    traces_of_subject,
)
from matcher.casework.retention.dates import drop_dates
from matcher.casework.retention.proof import ErasureProof, prove
from matcher.casework.retention.traces import (
    Traces,
    drop_half_traces,
    drop_traces,
    keep_traces,
    kept_traces,
)
from matcher.casework.reviewing import erase_review_texts
from matcher.errors import GalleryBusyError, InputError
from matcher.gallery import Gallery
from matcher.gallery.files import unwritable_reported
from matcher.governance.places import folder_of
from matcher.governance.pseudonyms import CASE, SUBJECT, TEXT
from matcher.private_files import held_alone
from matcher.watching import forget_removed, open_watch_list
from matcher.watching.files import has_probes

LOCK_NAME: Final = "erasing.lock"
WAIT: Final = 30.0
"""Seconds that an erasure waits for another one."""


@dataclass(frozen=True)
class Erasure:
    """What was erased, and the proof.

    Parameters
    ----------
    kind, name
        "subject" or "case", and its identifier.
    tokens
        What stood for it in the log, and now stands for nobody.
    faces
        Number of faces that were removed, those of the watch list included.
    probes
        Number of kept probes that were deleted.
    reviews
        Number of reviews whose texts were erased.
    leads
        Identifiers of the leads that these reviews were of.
    proof
        What was looked at afterwards, and what was found.
    accepted
        Whether something was found, and somebody had looked at it and found that it is not the
        subject's, so that the erasure is over.
    """

    kind: str
    name: str
    tokens: tuple[str, ...]
    faces: int
    probes: int
    reviews: int
    leads: tuple[str, ...]
    proof: ErasureProof
    accepted: bool = False

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to be cleared, or what was found was accepted."""
        return self.proof.is_over or self.accepted

    @property
    def ok(self) -> bool:
        """Whether nothing asks for attention: the erasure is over, and the log holds nothing."""
        return self.is_over and not self.proof.found_in_log


def erase_subject(
    gallery: Gallery,
    subject_id: str,
    *,
    also: Sequence[Path | str] = (),
    accept_left: bool = False,
) -> Erasure:
    """Erase a subject from a governed gallery, in all its places.

    Its records, photo references and vectors go from all editions, indexes and the watch list; its
    reviews lose reasons, notes and marks; kept probes that show it are deleted: those that are a
    photo of it, and those that reviewers took for it. The log stays whole: it holds tokens, and
    nothing says any more whom they meant. The log gets a record with the tokens and the counts of
    the proof.

    Parameters
    ----------
    gallery
        The open governed gallery, with a context.
    subject_id
        The subject.
    also
        Files and folders elsewhere, such as lead sheets, that are searched as well. Nothing is
        deleted there.
    accept_left
        Whether the erasure is over although bytes or vectors were found: somebody looked at them,
        and they are not the subject's, such as a part of a word in a note. The log records this.

    Raises
    ------
    UnknownSubjectError
        There is no such subject in the gallery or its watch list, and no erasure of it to be
        finished.
    NotAuthorisedError
        The gallery is not governed, or was opened without a context.
    GalleryBusyError, GalleryWriteError, ActivityLogError
        It could not be finished. Nothing is lost: call it again.
    """
    places = _checked(gallery, also)
    expect("subject_id", subject_id, str, rule="must be a text", next_step="Give its identifier.")
    with _alone(gallery):
        known = _begun(gallery, SUBJECT, subject_id)
        if known is None:
            name = subject_named(gallery, subject_id)
            known = _begin(gallery, traces_of_subject(gallery.path, name))
        return _finish(gallery, *known, places, accept_left)


def erase_case(
    gallery: Gallery,
    case_id: str,
    *,
    also: Sequence[Path | str] = (),
    accept_left: bool = False,
) -> Erasure:
    """Erase a case from a governed gallery: what the log and the reviews say of it.

    The reviews of its leads lose reasons, notes and marks; probes that were kept for it alone are
    deleted; the log no longer says which case its token meant. Subjects stay in the gallery. Legal
    basis and authorisation stay in the log, in clear.

    Parameters
    ----------
    gallery, also, accept_left
        As in `erase_subject`.
    case_id
        The case, as the contexts name it.

    Raises
    ------
    InputError
        The log knows no such case; or the gallery was opened for this case, so that the record of
        its erasure would name it again.
    NotAuthorisedError, GalleryBusyError, GalleryWriteError, ActivityLogError
        As in `erase_subject`.
    """
    places = _checked(gallery, also)
    expect("case_id", case_id, str, rule="must be a text", next_step="Give its identifier.")
    _check_not_own(gallery, case_id)
    with _alone(gallery):
        known = _begun(gallery, CASE, case_id)
        if known is None:
            if activity_of(gallery).log.pseudonyms.token_of(CASE, case_id) is None:
                raise InputError(
                    "case_id",
                    rule="must be in the log of the gallery",
                    got=repr(case_id),
                    next_step="List the records of the log: matcher log show.",
                )
            known = _begin(gallery, traces_of_case(gallery.path, case_id))
        return _finish(gallery, *known, places, accept_left)


def finish_erasures(
    gallery: Gallery, *, also: Sequence[Path | str] = (), accept_left: bool = False
) -> list[Erasure]:
    """Finish the erasures that were begun and not proved; return what became of each.

    An erasure stays begun if its process was killed, or if its proof found something that is left.

    Raises
    ------
    GalleryDamagedError
        What there was cannot be read.
    NotAuthorisedError, GalleryBusyError, GalleryWriteError, ActivityLogError
        As in `erase_subject`.
    """
    places = _checked(gallery, also)
    with _alone(gallery):
        begun = list(kept_traces(folder_of(gallery.path)))
        for _, traces in begun:
            _check_not_own(gallery, traces.name if traces.kind == CASE else "")
        return [_finish(gallery, *one, places, accept_left) for one in begun]


def begun_erasures(gallery: Gallery) -> list[tuple[str, str]]:
    """Return kind and identifier of each erasure that was begun and not proved."""
    activity_of(gallery)
    found = kept_traces(folder_of(gallery.path))
    return [(traces.kind, traces.name) for _, traces in found]


def _checked(gallery: object, also: Sequence[Path | str]) -> list[Path]:
    step = "Give Gallery.open(path, context=...)."
    expect("gallery", gallery, Gallery, rule="must be an open gallery", next_step=step)
    rule, step = "must be paths", "Give files or folders."
    places = [
        path_of("also", one) for one in listed("also", also, (str, Path), rule=rule, next_step=step)
    ]
    for place in places:
        if not place.exists():
            raise InputError("also", rule="must be there", got=str(place), next_step="Check it.")
    assert isinstance(gallery, Gallery)  # noqa: S101 - for the type, it is checked above
    activity_of(gallery).require_context("erasure")
    return places


def _check_not_own(gallery: Gallery, case_id: str) -> None:
    if case_id and gallery.context is not None and gallery.context.case_id == case_id:
        raise InputError(
            "case_id",
            rule="must not be the case of the context, whose record would name it again",
            got=repr(case_id),
            next_step="Open the gallery for maintenance, without a case.",
        )


@contextmanager
def _alone(gallery: Gallery) -> Iterator[None]:
    path = folder_of(gallery.path) / LOCK_NAME
    busy = GalleryBusyError(
        "erasure",
        rule="runs alone",
        got="another erasure",
        next_step="Try again when it has ended.",
        path=gallery.path,
    )
    reported = unwritable_reported("lock of erasures", path)
    with held_alone(path, WAIT, busy=busy, reported=reported):
        drop_half_traces(folder_of(gallery.path))
        yield


def _begun(gallery: Gallery, kind: str, name: str) -> tuple[Path, Traces] | None:
    """Return the traces of an erasure that was begun; None if there is none."""
    for path, traces in kept_traces(folder_of(gallery.path)):
        if (traces.kind, traces.name) == (kind, name):
            return path, traces
    return None


def _begin(gallery: Gallery, traces: Traces) -> tuple[Path, Traces]:
    return keep_traces(folder_of(gallery.path), traces), traces


def _finish(
    gallery: Gallery, path: Path, traces: Traces, also: Sequence[Path], accept_left: bool
) -> Erasure:
    """Clear every place, prove it, and forget what there was."""
    with gallery.recorded("erasure", of=traces.kind, tokens=sorted(traces.tokens)) as end:
        faces = _clear_gallery(gallery, traces)
        reviews = erase_review_texts(gallery.path, traces.leads) if traces.leads else 0
        deleted = sum(probes.forget(folder_of(gallery.path), one) for one in traces.kept_probes)
        _clear_tokens(gallery, traces)
        proof = prove(gallery.path, traces, also)
        accepted = accept_left and not (proof.is_over or proof.is_unfinished)
        end.update(_counts(faces, deleted, reviews, proof), accepted=int(accepted))
    done = Erasure(
        kind=traces.kind,
        name=traces.name,
        tokens=traces.tokens,
        faces=faces,
        probes=deleted,
        reviews=reviews,
        leads=traces.leads,
        proof=proof,
        accepted=accepted,
    )
    if done.is_over:
        drop_traces(path)
    return done


def _counts(faces: int, deleted: int, reviews: int, proof: ErasureProof) -> dict[str, Any]:
    return {"faces": faces, "probes": deleted, "reviews": reviews, "proof": proof.facts()}


def _clear_gallery(gallery: Gallery, traces: Traces) -> int:
    """Remove a subject from the gallery and its watch list; return the number of faces."""
    if traces.kind != SUBJECT:
        return 0
    faces = _remove(gallery, traces.name)
    if has_probes(gallery.path):
        with open_watch_list(gallery) as watched:
            faces += _remove(watched, traces.name)
        forget_removed(gallery)
    return faces


def _remove(gallery: Gallery, subject_id: str) -> int:
    """Remove a subject that is there; where it is gone, clear what the removal left."""
    if any(one.subject_id == subject_id for one in gallery.subjects()):
        return gallery.remove_subjects([subject_id])
    Gallery.open(gallery.path, context=gallery.context).close()
    return 0


def _clear_tokens(gallery: Gallery, traces: Traces) -> None:
    tokens = activity_of(gallery).log.pseudonyms
    tokens.forget(traces.kind, [traces.name])
    tokens.forget(TEXT, traces.texts)
    drop_dates(gallery, traces.tokens)
    tokens.compact()
    if has_probes(gallery.path):
        with open_watch_list(gallery) as watched:
            if watched.activity is not None:
                of_watch = watched.activity.log.pseudonyms
                of_watch.forget(traces.kind, [traces.name])
                of_watch.compact()
