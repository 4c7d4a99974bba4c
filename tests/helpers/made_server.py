"""A server for tests: a governed gallery of drawn pictures, one account of each role, browsers."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from job_builders import NEW, OLD, draw, listed

from matcher.enrolment import enrol
from matcher.faces import POLICIES
from matcher.gallery import Gallery
from matcher.governance import ActivityLog, CaseContext
from matcher.serve import Accounts, ServeSettings, StateFolder, create_app
from matcher.serve.app import Server

PASSWORD = "correct horse battery staple"  # noqa: S105 - of a test
ROLES = {
    "olga": "operator",
    "rita": "reviewer",
    "ravi": "reviewer",
    "sara": "supervisor",
    "adam": "auditor",
}
ADMIN = CaseContext(operator="admin-1", purpose="maintenance")
BASE = "http://127.0.0.1"
CASE = {
    "case_id": "case-7 of Iria",
    "purpose": "missing_child",
    "legal_basis": "art. 12",
    "authorisation": "order 5",
    "authorised_until": "2999-12-31",
}


@dataclass
class World:
    """A folder with a gallery, the state of a server, and photos to upload."""

    folder: Path
    settings: ServeSettings
    gallery: Path
    probes: list[Path] = field(default_factory=list)

    @property
    def accounts(self) -> Accounts:
        """The accounts of the server."""
        return Accounts(StateFolder.of(self.settings.state))

    @property
    def gallery_id(self) -> str:
        """The id of the gallery."""
        return ActivityLog.of(self.gallery).gallery_id


def make_world(folder: Path, **settings: Any) -> World:
    """Make a governed gallery of twelve photos of three subjects, and five accounts."""
    gallery = folder / "cases.gallery"
    with Gallery.create(gallery, model=OLD.model, governed=True, context=ADMIN) as made:
        enrol(made, OLD, listed(folder / "photos", range(12)), policy=POLICIES["off"])
    given = {"galleries": {"Cases": gallery}, "state": folder / "state", "policy": "off"}
    world = World(folder, ServeSettings(**{**given, **settings}), gallery)
    world.probes = [draw(folder / "probes" / f"{n}.png", n) for n in range(4)]
    for name, role in ROLES.items():
        world.accounts.add(name, role, PASSWORD)  # type: ignore[arg-type]
        world.accounts.change_rights(name, grant={world.gallery_id: str(gallery)})
    return world


def copy_of(world: World, folder: Path) -> World:
    """Return a copy of a world that nobody used: the gallery and the state, the same photos."""
    gallery, state = folder / world.gallery.name, folder / "state"
    shutil.copytree(world.gallery, gallery)
    shutil.copytree(world.settings.state, state)
    settings = replace(world.settings, galleries={"Cases": gallery}, state=state)
    return World(folder, settings, gallery, world.probes)


@asynccontextmanager
async def running(world: World, **options: Any) -> AsyncIterator[Server]:
    """Run the application without a socket."""
    made = {one.model: one for one in (OLD, NEW)}
    app = create_app(world.settings, load=lambda model, _: made[model], **options)
    async with app.lifespan():
        yield app


class Browser:
    """Does what a browser does: keeps cookies, sends the token of the form that it loaded."""

    def __init__(self, app: Any, base: str = BASE) -> None:
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 50000))
        self.client = httpx.AsyncClient(transport=transport, base_url=base, timeout=60)
        self.csrf = ""

    async def get(self, path: str) -> httpx.Response:
        """Load a page."""
        return self._noted(await self.client.get(path))

    async def post(self, path: str, files: Any = None, **fields: Any) -> httpx.Response:
        """Send a form with the token of the latest page."""
        data = {"csrf": self.csrf, **fields}
        return self._noted(await self.client.post(path, data=data, files=files))

    async def sign_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        """Sign in."""
        await self.get("/sign-in")
        answer = await self.post("/sign-in", name=name, password=password)
        if answer.status_code == 303:
            await self.follow(answer)
        return answer

    async def follow(self, answer: httpx.Response) -> httpx.Response:
        """Go where an answer sends the browser, and on from there."""
        while answer.status_code == 303:
            answer = await self.get(answer.headers["location"])
        return answer

    def _noted(self, answer: httpx.Response) -> httpx.Response:
        found = re.search(r'name="csrf" value="([^"]+)"', answer.text if _is_page(answer) else "")
        if found:
            self.csrf = found[1]
        return answer


class Remote(Browser):
    """A browser that speaks over a socket."""

    def __init__(self, address: str, **options: object) -> None:
        self.client = httpx.AsyncClient(base_url=address, timeout=300, **options)
        self.csrf = ""


def _is_page(answer: httpx.Response) -> bool:
    return answer.headers.get("content-type", "").startswith("text/html")


async def opened_case(browser: Browser, world: World, **changes: str) -> str:
    """Open a case; return the address of its page."""
    key = world.gallery_id[:12]
    answer = await browser.post("/cases", gallery=key, **{**CASE, **changes})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def searched(browser: Browser, case: str, photo: Path, **fields: str) -> str:
    """Upload a photo and search for its face; return the address of the list."""
    await browser.get(case)
    files = {"photos": (photo.name, photo.read_bytes(), "image/png")}
    answer = await browser.post(f"{case}/probes", files=files)
    assert answer.status_code == 303, answer.text
    probe = answer.headers["location"]
    await browser.get(probe)
    answer = await browser.post(f"{probe}/search", **{"face": "1", "top": "3", **fields})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def leads_in(page: httpx.Response) -> list[str]:
    """Return the addresses of the leads of a page, in their order."""
    return list(dict.fromkeys(re.findall(r'href="(/leads/[0-9a-f]+-\d+-\d+)"', page.text)))
