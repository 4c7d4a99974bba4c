"""A governed gallery of rendered people on a running server, with an account of each role."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import chromium
import uvicorn
from chromium import Browser, Page
from PIL import Image
from rendered_cohort import Cohort
from waiting import wait_until

from matcher.degradation import RECIPES, degrade
from matcher.embedding import Extractor
from matcher.enrolment import enrol, read_manifest
from matcher.gallery import Gallery
from matcher.governance import CaseContext
from matcher.photos import load_photo
from matcher.serve import Accounts, ServeSettings, StateFolder, create_app, grant_right

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
def served_cases(
    folder: Path, cohort: Cohort, extractor: Extractor, groups: dict[str, Path] | None = None
) -> Iterator[ServedCases]:
    """Enrol the cohort, make the accounts, and serve the gallery on a free port."""
    path = folder / "north"
    with Gallery.create(path, model=extractor.model, governed=True, context=KEEPER) as gallery:
        enrol(gallery, extractor, read_manifest(cohort.manifest).photos)
    accounts = Accounts(StateFolder.of(folder / "state"))
    for name, role in PEOPLE.items():
        accounts.add(name, role, PASSWORD)  # type: ignore[arg-type]
        grant_right(accounts, name, path, KEEPER)
    settings = ServeSettings(
        galleries={"north": path}, state=folder / "state", groups=groups or {}, workers=1
    )
    app = create_app(settings, load=lambda _, __: extractor)
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


@contextmanager
def signed_in(
    browser: Browser, served: ServedCases, name: str, width: int = 1280
) -> Iterator[Page]:
    """Sign somebody in, in a browser of their own."""
    with chromium.opened(browser, width) as page:
        page.goto(served.address + "/")
        page.fill("#field-name", name)
        page.fill("#field-password", PASSWORD)
        look(page)
        page.click("main button")
        assert page.inner_text(".viewer p").startswith(name)
        yield page


def look(page: Page) -> None:
    """Hold the page against axe and against its window."""
    assert chromium.complaints(page) == []
    assert chromium.too_wide(page) == 0
