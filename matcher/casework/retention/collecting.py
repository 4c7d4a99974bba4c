"""Find what there is of a subject or a case in a gallery, before it is erased."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matcher.casework.leads import id_of
from matcher.casework.retention.traces import Traces
from matcher.casework.reviews.states import reviewed
from matcher.casework.reviews.storage import open_reviews
from matcher.casework.searches import RecordedSearch, SearchIndex
from matcher.errors import UnknownSubjectError
from matcher.gallery import Gallery
from matcher.gallery.editions import directory_of, names
from matcher.gallery.store import Store
from matcher.governance import ActivityLog, LogRecord
from matcher.governance.pseudonyms import CASE, SUBJECT, TEXT
from matcher.watching import open_watch_list
from matcher.watching.files import folder_of as watch_folder_of
from matcher.watching.files import has_probes

_BUSY_TIMEOUT: Final = 10.0
_HEX_OF_SHA256: Final = 64


def subject_named(gallery: Gallery, subject_id: str) -> str:
    """Return the identifier of a subject of a gallery or of its watch list, as it is kept there.

    Raises
    ------
    UnknownSubjectError
        There is no such subject in either.
    """
    try:
        return gallery.subject(subject_id).subject_id
    except UnknownSubjectError as unknown:
        if not has_probes(gallery.path):
            raise
        with open_watch_list(gallery) as watched, suppress(UnknownSubjectError):
            return watched.subject(subject_id).subject_id
        raise unknown from None


def traces_of_subject(gallery: Path, subject_id: str) -> Traces:
    """Return what there is of a subject in a governed gallery.

    Raises
    ------
    GalleryError
        When a part of the gallery cannot be read.
    """
    log = ActivityLog.of(gallery)
    tokens, called = _tokens_of(log, SUBJECT, subject_id)
    here = _rows_of(gallery, subject_id)
    there = _rows_of(watch_folder_of(gallery), subject_id) if has_probes(gallery) else {}
    both = {key: [*here.get(key, ()), *there.get(key, ())] for key in {*here, *there}}
    leads, shown = _leads_with(log, set(tokens))
    photos = tuple(dict.fromkeys(both.get("photos", ())))
    return Traces(
        kind=SUBJECT,
        name=subject_id,
        tokens=tokens,
        names=called,
        photos=photos,
        references=tuple(dict.fromkeys(both.get("references", ()))),
        faces=tuple(dict.fromkeys(here.get("faces", ()))),
        probes=tuple(dict.fromkeys(there.get("faces", ()))),
        leads=leads,
        kept_probes=tuple({*_probes_taken_for(log, gallery, shown), *photos}),
        texts=_texts_with(log, called),
        vectors=_tables(both.get("vectors", ())),
    )


def traces_of_case(gallery: Path, case_id: str) -> Traces:
    """Return what there is of a case in a governed gallery: its leads, and probes of it alone.

    Raises
    ------
    ActivityLogError
        When the log cannot be read.
    """
    log = ActivityLog.of(gallery)
    tokens, called = _tokens_of(log, CASE, case_id)
    of_case = [search for search in SearchIndex(log).searches() if search.case in tokens]
    probes: set[str] = set()
    of_others: set[str] = set()
    for record in log.records():
        (probes if record.case in tokens else of_others).update(_probes_in(record))
    return Traces(
        kind=CASE,
        name=case_id,
        tokens=tokens,
        names=called,
        leads=tuple(id_of(one, listed) for one in of_case for listed in one.candidates),
        kept_probes=tuple(sorted(probes - of_others)),
        texts=_texts_of_case(log, set(tokens)),
    )


def _tokens_of(log: ActivityLog, kind: str, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the tokens of a name, and the names that these tokens ever had."""
    found = log.pseudonyms.history(kind, name)
    return tuple(found), tuple(dict.fromkeys([name, *found.values()]))


def _rows_of(gallery: Path, subject: str) -> dict[str, list[Any]]:
    """Return faces, hashes, references and vectors of a subject in all editions of a gallery."""
    held: dict[str, list[Any]] = {"faces": [], "photos": [], "references": [], "vectors": []}
    for edition in names(gallery):
        with closing(Store(directory_of(gallery, edition), _BUSY_TIMEOUT)) as store:
            sql = "SELECT face_id, sha256, reference FROM faces WHERE subject_id = ?"
            for face_id, sha256, reference in store.query(sql, (subject,)):
                held["faces"].append(face_id)
                held["photos"].append(sha256)
                held["references"].append(reference)
            held["vectors"] += _vectors_of(store, subject)
    return held


def _vectors_of(store: Store, subject: str) -> Iterator[NDArray[np.float32]]:
    """Yield the vectors of a subject, those of faces that a correction took out too."""
    queries = ["SELECT vector FROM vectors JOIN faces USING (face_id) WHERE subject_id = ?"]
    if store.has_table("set_aside"):
        queries.append(
            "SELECT vector FROM set_aside JOIN changes USING (change_id) "
            "WHERE subject_id = ? AND vector IS NOT NULL"
        )
    for sql in queries:
        for (blob,) in store.query(sql, (subject,)):
            rows = np.frombuffer(blob, dtype="<f4").astype(np.float32)
            yield rows.reshape(-1, store.model.dimension)


def _tables(vectors: Collection[NDArray[np.float32]]) -> tuple[NDArray[np.float32], ...]:
    """Return vectors in one table for each dimension."""
    dimensions = sorted({rows.shape[1] for rows in vectors})
    return tuple(
        np.unique(np.concatenate([rows for rows in vectors if rows.shape[1] == one]), axis=0)
        for one in dimensions
    )


def _leads_with(
    log: ActivityLog, tokens: set[str]
) -> tuple[tuple[str, ...], list[tuple[str, RecordedSearch]]]:
    """Return the leads to a subject, and the searches that listed it."""
    searches = SearchIndex(log).searches() if tokens else ()
    found = [
        (id_of(search, listed), search)
        for search in searches
        for listed in search.candidates
        if listed.token in tokens
    ]
    return tuple(lead_id for lead_id, _ in found), found


def _probes_taken_for(
    log: ActivityLog, gallery: Path, shown: list[tuple[str, RecordedSearch]]
) -> set[str]:
    """Return the probes that reviewers took for the subject: those of leads found a candidate."""
    with open_reviews(gallery) as rows:
        taken = [
            search.number
            for lead_id, search in shown
            if reviewed([one.review for one in rows.of_lead(lead_id)]).state == "candidate"
        ]
    return {probe for one in log.records_of(taken).values() for probe in _probes_in(one)}


def _probes_in(record: LogRecord) -> set[str]:
    """Return the hashes of the photos that a recorded search looked for."""
    probe = record.facts.get("probe")
    found = [probe.get("sha256"), *(probe.get("fused") or ())] if isinstance(probe, dict) else ()
    return {one for one in found if isinstance(one, str) and len(one) == _HEX_OF_SHA256}


def _texts_with(log: ActivityLog, called: Collection[str]) -> tuple[str, ...]:
    """Return the texts of filters that name a subject."""
    texts = log.pseudonyms.values(TEXT)
    return tuple(text for text in texts if any(name in text for name in called))


def _texts_of_case(log: ActivityLog, tokens: set[str]) -> tuple[str, ...]:
    """Return the texts that only records of a case refer to."""
    of_case: set[str] = set()
    of_others: set[str] = set()
    known = log.pseudonyms.all_tokens(TEXT)
    for record in log.records() if known else ():
        line = json.dumps(record.facts)
        (of_case if record.case in tokens else of_others).update(
            token for token in known if token in line
        )
    meanings = log.pseudonyms.meanings(sorted(of_case - of_others))
    return tuple(one.value for one in meanings.values())
