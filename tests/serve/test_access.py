"""Every role and every route: the table says who may, and nothing else decides."""

from __future__ import annotations

import re

import pytest
from made_server import ROLES, Browser, World, leads_in, opened_case, running, searched

from matcher.serve.errors import ServeError
from matcher.serve.security import ALL_ROLES, ANYBODY, ROUTES, access

pytestmark = pytest.mark.anyio


async def places(app: object, world: World) -> dict[str, str]:
    """Do a day's work, so that every route has something; return a value for each name."""
    browser = Browser(app)
    await browser.sign_in("olga")
    case = await opened_case(browser, world)
    found = await searched(browser, case, world.probes[0])
    (lead, *_) = leads_in(await browser.get(found))
    await browser.get(case)
    files = {"photos": ("a.png", world.probes[1].read_bytes(), "image/png")}
    answer = await browser.post(f"{case}/probes", files=files)
    upload = answer.headers["location"].rpartition("/")[2]
    return {
        "case": case.rpartition("/")[2],
        "search": found.rpartition("/")[2],
        "lead": lead.rpartition("/")[2],
        "upload": upload,
        "job": "0" * 32,
        "grouping": "0" * 12,
        "face": "1",
        "photo": "0",
        "view": "aligned",
        "side": "probe-aligned",
        "name:path": "report.html",
    }


async def test_every_role_and_every_route(world: World) -> None:
    async with running(world) as app:
        known = await places(app, world)
        for name, role in ROLES.items():
            browser = Browser(app)
            await browser.sign_in(name)
            for (method, route), row in sorted(ROUTES.items(), key=_sign_out_last):
                if row.roles is ANYBODY:
                    continue
                path = re.sub(r"\{([^}]+)\}", lambda found: known[found[1]], route)
                answer = await (browser.get(path) if method == "GET" else browser.post(path))
                allowed = role in row.roles
                assert (answer.status_code == 403) is not allowed, (name, method, path)
                assert answer.status_code < 500, (name, method, path, answer.text)
                if not allowed and not path.endswith(".json"):
                    assert f"The role {role} may not do this." in answer.text


def _sign_out_last(item: tuple[tuple[str, str], object]) -> bool:
    return item[0] == ("POST", "/sign-out")


async def test_without_a_session_only_the_form_for_signing_in_is_there(world: World) -> None:
    async with running(world) as app:
        known = await places(app, world)
        for (method, route), row in ROUTES.items():
            path = re.sub(r"\{([^}]+)\}", lambda found: known[found[1]], route)
            browser = Browser(app)
            answer = await (browser.get(path) if method == "GET" else browser.post(path))
            if row.roles:
                signed_out = (401, None) if path.endswith(".json") else (303, "/sign-in")
                assert (answer.status_code, answer.headers.get("location")) == signed_out, path
        answer = await Browser(app).get("/nothing/of/this/name")
        assert answer.headers["location"] == "/sign-in"  # which paths there are is told to nobody


async def test_who_has_no_right_to_a_gallery_finds_nothing_of_it(world: World) -> None:
    async with running(world) as app:
        known = await places(app, world)
        for name in ROLES:
            world.accounts.change_rights(name, revoke=[world.gallery_id])
        for name, role in ROLES.items():
            browser = Browser(app)
            await browser.sign_in(name)
            for (method, route), row in ROUTES.items():
                if "{" not in route or "grouping" in route or role not in row.roles:
                    continue
                path = re.sub(r"\{([^}]+)\}", lambda found: known[found[1]], route)
                answer = await (browser.get(path) if method == "GET" else browser.post(path))
                assert answer.status_code == 404, (name, method, path, answer.text)
            for page in ("/cases", "/reviews", "/escalated", "/arrivals", "/log"):
                if role in ROUTES["GET", page].roles:
                    answer = await browser.get(page)
                    assert answer.status_code == 200
                    assert "case-7" not in answer.text
                    assert "subject-0" not in answer.text


async def test_the_server_does_not_start_with_a_route_that_the_table_lacks(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    fewer = {key: row for key, row in ROUTES.items() if key != ("GET", "/log")}
    monkeypatch.setattr("matcher.serve.app.ROUTES", fewer)
    with pytest.raises(ServeError, match="table of roles"):
        async with running(world):
            pass


def test_each_row_of_the_table_has_roles_and_forms_that_change_things_are_posted() -> None:
    for (method, path), row in ROUTES.items():
        assert row.roles <= ALL_ROLES
        assert method in ("GET", "POST")
        assert row.roles or path == "/sign-in"
    assert access.ROUTES["POST", "/leads/{lead}/opinion"].roles == {"reviewer", "supervisor"}
    assert access.ROUTES["GET", "/pictures/leads/{lead}/{photo}/{view}"].roles.isdisjoint(
        {"auditor"}
    )
