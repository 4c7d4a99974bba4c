"""A governed gallery of rendered people on a running server, with an account of each role."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from PIL import Image
from rendered_cohort import Cohort
from waiting import wait_until

from matcher.degradation import RECIPES, degrade
from matcher.embedding import Extractor
from matcher.enrolment import enrol, read_manifest
from matcher.gallery import Gallery
from matcher.governance import ActivityLog, CaseContext
from matcher.paths import to_reference
from matcher.photos import load_photo
from matcher.serve import Accounts, ServeSettings, StateFolder, create_app

KEEPER = CaseContext("keeper", "maintenance")
"""Who enrols and removes."""

PASSWORD = "seven red kites over the weir"  # noqa: S105 - of accounts that a test makes
PEOPLE = {"ana": "operator", "ben": "reviewer", "eva": "reviewer", "sam": "supervisor"}
PEOPLE |= {"tom": "auditor"}
"""The accounts and their roles. All have the same password."""


@dataclass(frozen=True)
class ServedCases:
    """A server that runs."""

    address: str
    gallery: Path


@contextmanager
def served_cases(folder: Path, cohort: Cohort, extractor: Extractor) -> Iterator[ServedCases]:
    """Enrol the cohort, make the accounts, and serve the gallery on a free port."""
    path = folder / "north"
    with Gallery.create(path, model=extractor.model, governed=True, context=KEEPER) as gallery:
        enrol(gallery, extractor, read_manifest(cohort.manifest).photos)
    right = {ActivityLog.of(path).gallery_id: to_reference(path)}
    accounts = Accounts(StateFolder.of(folder / "state"))
    for name, role in PEOPLE.items():
        accounts.add(name, role, PASSWORD)  # type: ignore[arg-type]
        accounts.change_rights(name, grant=right)
    settings = ServeSettings(galleries={"north": path}, state=folder / "state", workers=1)
    app = create_app(settings, load=lambda _: extractor)
    with _running(app) as address:
        yield ServedCases(address, path)


@contextmanager
def _running(app: object) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error"))  # type: ignore[arg-type]
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            wait_until(lambda: server.started or not thread.is_alive())
            assert server.started
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def degraded_probe(photo: Path) -> bytes:
    """Return a photo as a phone sends it through a messenger."""
    pixels = degrade(load_photo(photo).pixels, RECIPES["phone"].steps, seed=3)
    held = io.BytesIO()
    Image.fromarray(pixels).save(held, "JPEG", quality=80)
    return held.getvalue()
