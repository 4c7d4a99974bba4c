"""Long work goes on when the browser is closed, and when the server is killed."""

from __future__ import annotations

import threading

import anyio
import pytest
from made_server import Browser, World, leads_in, opened_case, running
from waiting import PATIENCE, wait_until

from matcher.serve.app import Server
from matcher.serve.state import Job, Upload

pytestmark = pytest.mark.anyio


async def begun(app: Server, world: World, *photos: bytes) -> tuple[Browser, str]:
    """Upload several photos; return the browser and the address of the job."""
    browser = Browser(app)
    await browser.sign_in("olga")
    case = await opened_case(browser, world)
    await browser.get(case)
    files = [("photos", ("x.png", photo, "image/png")) for photo in photos]
    answer = await browser.post(f"{case}/probes", files=files)
    assert answer.status_code == 303, answer.text
    return browser, answer.headers["location"]


async def wait_for(browser: Browser, job: str, done: int) -> dict[str, object]:
    """Ask until so many photos are done, as the page does."""
    with anyio.fail_after(PATIENCE):
        while True:
            state = (await browser.get(f"{job}.json")).json()
            if state["done"] >= done:
                return state
            await anyio.sleep(0.02)


async def test_several_photos_are_searched_one_by_one_and_a_bad_one_stops_none(
    world: World,
) -> None:
    photos = [path.read_bytes() for path in world.probes[:3]]
    async with running(world) as app:
        browser, job = await begun(app, world, photos[0], b"no photo", photos[1])
        state = await wait_for(browser, job, 3)
        assert (state["state"], state["total"]) == ("done", 3)
        text = (await browser.get(job)).text
        assert "Photo 2:" in text
        case = str(state["result"])
        page = (await browser.get(case)).text
        assert page.count('href="/searches/') == 2
        assert list((world.settings.state / "uploads").iterdir()) == []
        sara = Browser(app)
        await sara.sign_in("sara")
        assert (await sara.get(job)).status_code == 404
        assert len(leads_in(await browser.get("/reviews"))) == 0  # operators review nothing


async def test_what_is_left_is_done_by_the_next_server(world: World) -> None:
    photos = [path.read_bytes() for path in world.probes[:4]]
    held, reached = threading.Event(), threading.Event()
    async with running(world) as app:
        search = app.services.runner.search

        def slow(job: Job, upload: Upload) -> str:
            reached.set()
            held.wait(60)
            return search(job, upload)

        app.services.runner.search = slow
        browser, job = await begun(app, world, *photos)
        await anyio.to_thread.run_sync(lambda: wait_until(reached.is_set))
        app.services.runner._ending.set()  # as at the end of the server
        held.set()
        await wait_for(browser, job, 1)
    left = app.services.jobs.get(job.rpartition("/")[2])
    assert 1 <= len(left.left) <= 3
    async with running(world) as app:
        browser = Browser(app)
        await browser.sign_in("olga")
        state = await wait_for(browser, job, 4)
        assert state["state"] == "done"
        assert app.services.jobs.get(job.rpartition("/")[2]).failed == 0


async def test_an_account_that_lost_its_right_searches_nothing_more(world: World) -> None:
    photos = [path.read_bytes() for path in world.probes[:3]]
    held, reached = threading.Event(), threading.Event()
    async with running(world) as app:
        search = app.services.runner.search

        def slow(job: Job, upload: Upload) -> str:
            reached.set()
            held.wait(60)
            return search(job, upload)

        app.services.runner.search = slow
        _, job = await begun(app, world, *photos)
        await anyio.to_thread.run_sync(lambda: wait_until(reached.is_set))
        world.accounts.change_rights("olga", revoke=[world.gallery_id])
        held.set()
        key = job.rpartition("/")[2]

        def is_done() -> bool:
            return not app.services.jobs.get(key).left

        await anyio.to_thread.run_sync(lambda: wait_until(is_done))
        done = app.services.jobs.get(key)
        assert done.failed == 3
        assert "no right" in done.items[0].said
