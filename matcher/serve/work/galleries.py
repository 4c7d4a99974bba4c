"""The galleries that are served: opened once for all people, and anew after a switch of edition."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from matcher.casework import SearchIndex
from matcher.embedding import Extractor, ModelIdentity, usual_detector
from matcher.errors import InputError
from matcher.faces import DetectorName
from matcher.gallery import Gallery
from matcher.gallery.editions import read_pointer
from matcher.governance import ActivityLog, CaseContext
from matcher.serve.refusals import Refusal
from matcher.serve.state import Account
from matcher.serve.work.casebook import Casebook

_KEY: Final = 12  # hexadecimal digits of the id of a gallery in addresses
_VIEWS: Final = 64

LoadExtractor = Callable[[ModelIdentity, DetectorName], Extractor]
"""Loads the extractor of a model with a detector."""


@dataclass(frozen=True, eq=False)
class ServedGallery:
    """One governed gallery.

    Parameters
    ----------
    key
        Its name in addresses.
    name
        The name that pages show.
    path
        Its directory.
    log
        Its activity log.
    cases, index
        Its cases and searches, and its lists, as the log has them.
    """

    key: str
    name: str
    path: Path
    log: ActivityLog
    cases: Casebook
    index: SearchIndex

    @property
    def gallery_id(self) -> str:
        """Random identifier of the gallery, by which accounts have rights to it."""
        return self.log.gallery_id


@dataclass(eq=False)
class _Opened:
    """An open gallery, and how many requests use it."""

    gallery: Gallery
    users: int = 0
    left: bool = False
    views: OrderedDict[CaseContext, Gallery] = field(default_factory=OrderedDict)

    def under(self, context: CaseContext) -> Gallery:
        """Return the gallery in a context; the latest views are kept, with what each selected."""
        view = self.views.pop(context, None) or self.gallery.under(context)
        self.views[context] = view
        while len(self.views) > _VIEWS:
            self.views.popitem(last=False)
        return view


class Galleries:
    """The galleries of a server. Any thread can use them.

    Parameters
    ----------
    paths
        Directories by name.
    load
        Loads the extractor of a model with a detector; each is loaded once.
    workers
        Processes that decode photos.

    Raises
    ------
    ActivityLogError
        One of them is not governed.
    InputError
        Two of them are the same gallery.
    """

    def __init__(self, paths: Mapping[str, Path], load: LoadExtractor, workers: int) -> None:
        self._load, self._workers = load, workers
        self._served = {one.key: one for one in map(_served, paths, paths.values())}
        if len(self._served) < len(paths):
            raise InputError(
                "galleries",
                rule="must be different ones",
                got="the same gallery, or a copy of it, twice",
                next_step="Name each gallery once.",
            )
        self._opened: dict[str, _Opened] = {}
        self._extractors: dict[tuple[ModelIdentity, DetectorName], Extractor] = {}
        self._lock, self._loading = threading.Lock(), threading.Lock()
        self._stack = ExitStack()

    def close(self) -> None:
        """Close all galleries and end the processes that decode photos."""
        self._stack.close()
        with self._lock:
            opened, self._opened = list(self._opened.values()), {}
        for one in opened:
            one.gallery.close()

    def open_all(self) -> None:
        """Open every gallery with its model, so that faults are told before anybody signs in."""
        for served in self._served.values():
            with self.using(served) as gallery:
                self.extractor(gallery)

    def all(self) -> tuple[ServedGallery, ...]:
        """Return all galleries in the order of their names."""
        return tuple(sorted(self._served.values(), key=lambda one: one.name))

    def of(self, account: Account) -> tuple[ServedGallery, ...]:
        """Return the galleries to which an account has a right."""
        return tuple(one for one in self.all() if one.gallery_id in account.galleries)

    def named(self, key: str, account: Account) -> ServedGallery:
        """Return a gallery by its key.

        Raises
        ------
        Refusal
            There is none, or the account has no right to it. Both read the same.
        """
        served = self._served.get(key)
        if served is None or served.gallery_id not in account.galleries:
            raise Refusal.missing()
        return served

    def by_id(self, gallery_id: str) -> ServedGallery | None:
        """Return a gallery by its id; None if it is not served any more."""
        return self._served.get(gallery_id[:_KEY])

    def with_case(self, case: str, account: Account) -> ServedGallery:
        """Return the gallery that has a case, by the token of the case.

        Raises
        ------
        Refusal
            None has it, or the account has no right to it.
        """
        for served in self.of(account):
            if served.cases.case(case) is not None:
                return served
        raise Refusal.missing()

    @contextmanager
    def using(self, served: ServedGallery, context: CaseContext | None = None) -> Iterator[Gallery]:
        """Give an open gallery in a context; it stays open until the block ends.

        After a switch to another edition the gallery is opened anew for who comes then.
        """
        opened = self._enter(served)
        try:
            if context is None:
                yield opened.gallery
            else:
                with self._lock:
                    view = opened.under(context)
                yield view
        finally:
            with self._lock:
                opened.users -= 1
                is_last = opened.left and opened.users == 0
            if is_last:
                opened.gallery.close()

    def extractor(self, gallery: Gallery) -> Extractor:
        """Return what finds and embeds faces as those of a gallery were.

        It decodes photos in processes that may die.
        """
        kind = gallery.model, usual_detector(gallery.detectors)
        with self._loading:
            if kind not in self._extractors:
                apart = self._load(*kind).decoding_apart(self._workers)
                self._extractors[kind] = self._stack.enter_context(apart)
            return self._extractors[kind]

    def _enter(self, served: ServedGallery) -> _Opened:
        current = read_pointer(served.path).current
        stale = None
        with self._lock:
            opened = self._opened.get(served.key)
            if opened is None or opened.gallery.edition != current:
                stale = opened
                opened = self._opened[served.key] = _Opened(Gallery.open(served.path))
                if stale is not None:
                    stale.left = True
            opened.users += 1
            is_unused = stale is not None and stale.users == 0
        if stale is not None and is_unused:
            stale.gallery.close()
        return opened


def _served(name: str, path: Path) -> ServedGallery:
    with Gallery.open(path):
        pass  # what is wrong with it is said before what is wrong with its log
    log = ActivityLog.of(path)
    return ServedGallery(log.gallery_id[:_KEY], name, path, log, Casebook(log), SearchIndex(log))
