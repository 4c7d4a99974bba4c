"""Who is let in, for how long, and how often somebody may try."""

from __future__ import annotations

import statistics
import time

import pytest
from made_server import BASE, PASSWORD, ROLES, Browser, World, running

from matcher.errors import InputError
from matcher.serve import StateFolder
from matcher.serve.errors import AccountError, ServeError
from matcher.serve.state import Attempts, Sessions

pytestmark = pytest.mark.anyio


class Clock:
    """A clock that stands until it is set on."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


async def test_the_cookie_is_for_this_server_alone_and_the_token_is_not_in_any_file(
    world: World,
) -> None:
    async with running(world) as app:
        browser = Browser(app)
        await browser.get("/sign-in")
        answer = await browser.post("/sign-in", name="olga", password=PASSWORD)
        cookie = answer.headers.get_list("set-cookie")[0]
        for word in ("matcher_session=", "HttpOnly", "SameSite=strict", "Path=/"):
            assert word in cookie
        token = browser.client.cookies["matcher_session"]
        assert len(token) == 43  # 256 bits
        for file in world.settings.state.rglob("*"):
            if file.is_file():
                assert token.encode() not in file.read_bytes()
                assert PASSWORD.encode() not in file.read_bytes()
                assert file.stat().st_mode & 0o777 == 0o600


async def test_over_tls_the_cookies_are_kept_to_tls(tmp_path, world: World) -> None:
    settings = type(world.settings)(
        galleries=world.settings.galleries, state=world.settings.state, policy="off", tls=True
    )
    async with running(World(tmp_path, settings, world.gallery)) as app:
        browser = Browser(app, "https://127.0.0.1")
        answer = await browser.get("/sign-in")
        assert "Secure" in answer.headers["set-cookie"]
        assert "strict-transport-security" in answer.headers
        assert (await browser.sign_in("olga")).status_code == 303
        assert (await browser.get("/cases")).status_code == 200


async def test_a_session_ends_when_nobody_uses_it_and_after_a_day_in_any_case(
    world: World,
) -> None:
    clock = Clock()
    async with running(world, clock=clock) as app:
        browser = Browser(app)
        await browser.sign_in("olga")
        clock.now += world.settings.idle_minutes * 60 - 1
        assert (await browser.get("/cases")).status_code == 200
        clock.now += world.settings.idle_minutes * 60 + 1
        assert (await browser.get("/cases")).headers["location"] == "/sign-in"
        await browser.sign_in("olga")
        ends = clock.now + world.settings.longest_hours * 3600
        while clock.now + 600 < ends:
            clock.now += 600
            assert (await browser.get("/cases")).status_code == 200
        clock.now = ends + 1
        assert (await browser.get("/cases")).headers["location"] == "/sign-in"


async def test_a_session_ends_with_its_account_its_password_and_its_rights(world: World) -> None:
    changes = (
        lambda: world.accounts.set_password("olga", PASSWORD),
        lambda: world.accounts.change_rights("olga", revoke=[world.gallery_id]),
        lambda: world.accounts.remove("olga"),
    )
    async with running(world) as app:
        for change in changes:
            browser = Browser(app)
            await browser.sign_in("olga")
            assert (await browser.get("/cases")).status_code == 200
            change()
            assert (await browser.get("/cases")).headers["location"] == "/sign-in"


async def test_after_signing_out_the_cookie_is_worth_nothing(world: World) -> None:
    async with running(world) as app:
        browser = Browser(app)
        await browser.sign_in("olga")
        token = browser.client.cookies["matcher_session"]
        await browser.get("/cases")
        assert (await browser.post("/sign-out")).status_code == 303
        thief = Browser(app)
        thief.client.cookies["matcher_session"] = token
        assert (await thief.get("/cases")).headers["location"] == "/sign-in"


async def test_a_few_wrong_passwords_make_an_account_wait_and_others_do_not(world: World) -> None:
    clock = Clock()
    async with running(world, clock=clock) as app:
        browser = Browser(app)
        statuses = [(await browser.sign_in("olga", "wrong")).status_code for _ in range(7)]
        assert statuses == [401] * 5 + [429] * 2
        assert (await browser.sign_in("olga")).status_code == 429  # not even with the right one
        assert (await Browser(app).sign_in("rita")).status_code == 303
        clock.now += 20
        assert (await browser.sign_in("olga")).status_code == 303


async def test_an_address_that_tries_many_names_waits(world: World) -> None:
    clock = Clock()
    async with running(world, clock=clock) as app:
        browser = Browser(app)
        for number in range(20):
            assert (await browser.sign_in(f"name-{number}", "wrong")).status_code == 401
        assert (await browser.sign_in("olga")).status_code == 429


def test_each_further_failure_doubles_the_wait_up_to_a_quarter_of_an_hour(world: World) -> None:
    clock = Clock()
    attempts = Attempts(StateFolder.of(world.settings.state), clock=clock)
    waits = []
    for _ in range(14):
        attempts.failed("olga", "")
        waits.append(round(attempts.wait("olga", "elsewhere")))
    assert waits == [0, 0, 0, 0, 15, 30, 60, 120, 240, 480, 900, 900, 900, 900]
    clock.now += 3601
    assert attempts.wait("olga", "") == 0


async def test_an_unknown_account_is_answered_in_the_same_words_and_time(world: World) -> None:
    async with running(world) as app:
        known, unknown = [], []
        for number in range(5):
            for name, times in (("olga", known), (f"nobody-{number}", unknown)):
                browser = Browser(app)
                await browser.get("/sign-in")
                began = time.perf_counter()
                answer = await browser.post("/sign-in", name=name, password="wrong")  # noqa: S106
                times.append(time.perf_counter() - began)
                assert "do not belong together" in answer.text
        assert 0.25 < statistics.median(unknown) / statistics.median(known) < 4


async def test_the_form_for_signing_in_needs_the_cookie_that_came_with_it(world: World) -> None:
    async with running(world) as app:
        browser = Browser(app)
        await browser.get("/sign-in")
        other = Browser(app)
        other.csrf = browser.csrf
        answer = await other.post("/sign-in", name="olga", password=PASSWORD)
        assert answer.status_code == 403
        assert "matcher_session" not in other.client.cookies


async def test_a_new_password_ends_the_other_sessions(world: World) -> None:
    async with running(world) as app:
        browser, other = Browser(app), Browser(app)
        await browser.sign_in("olga")
        await other.sign_in("olga")
        await browser.get("/password")
        new = "another long password"
        fields = {"old": PASSWORD, "new": new, "again": new}
        wrong = await browser.post("/password", **{**fields, "old": "wrong"})
        assert wrong.status_code == 422
        unlike = await browser.post("/password", **{**fields, "again": "other"})
        assert unlike.status_code == 422
        short = await browser.post("/password", **{**fields, "new": "short", "again": "short"})
        assert "15 to 256 characters" in short.text
        assert (await browser.post("/password", **fields)).status_code == 303
        assert (await browser.get("/cases")).status_code == 200
        assert (await other.get("/cases")).headers["location"] == "/sign-in"
        assert (await Browser(app).sign_in("olga", new)).status_code == 303


async def test_other_names_of_the_machine_are_refused(world: World) -> None:
    """So that a page elsewhere cannot reach the server by giving it a name of its own."""
    async with running(world) as app:
        for base, status in (
            ("http://evil.example", 400),
            ("http://127.0.0.1.evil.example", 400),
            ("http://localhost:8765", 200),
            ("http://[::1]:8765", 200),
            (BASE, 200),
        ):
            assert (await Browser(app, base).get("/sign-in")).status_code == status, base


async def test_a_form_from_another_page_is_refused(world: World) -> None:
    async with running(world) as app:
        browser = Browser(app)
        await browser.sign_in("olga")
        await browser.get("/cases")
        send = browser.client.post
        data = {"csrf": browser.csrf}
        for headers in (
            {"origin": "http://evil.example"},
            {"origin": "null"},
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
        ):
            assert (await send("/sign-out", data=data, headers=headers)).status_code == 403
        assert (await send("/sign-out", data={})).status_code == 403
        assert (await send("/sign-out", data={"csrf": "x"})).status_code == 403
        same = {"origin": BASE, "sec-fetch-site": "same-origin", "x-csrf-token": browser.csrf}
        assert (await send("/sign-out", headers=same)).status_code == 303


def test_accounts_refuse_what_is_none(world: World) -> None:
    accounts = world.accounts
    for name in ("", "a b", "../x", "é", "a" * 65, "-x", "a@b"):
        with pytest.raises(InputError):
            accounts.add(name, "operator", PASSWORD)
    with pytest.raises(InputError, match="is one of"):
        accounts.add("new", "chief", PASSWORD)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="15 to 256"):
        accounts.add("new", "operator", "short")
    with pytest.raises(AccountError, match="must be new"):
        accounts.add("olga", "operator", PASSWORD)
    for wrong in (accounts.remove, lambda name: accounts.set_password(name, PASSWORD)):
        with pytest.raises(AccountError, match="must be there"):
            wrong("nobody")
    assert [one.name for one in accounts.all()] == sorted(ROLES)


def test_a_file_that_is_no_state_is_said_so_and_left_as_it_is(world: World) -> None:
    file = world.settings.state / "accounts.sqlite3"
    file.write_bytes(b"no database at all, but a file of somebody")
    with pytest.raises(ServeError, match="state of the server"):
        world.accounts.all()
    assert file.read_bytes().startswith(b"no database")


def test_the_token_of_a_session_is_random(world: World) -> None:
    account = world.accounts.get("olga")
    sessions = Sessions(StateFolder.of(world.settings.state), idle=60, longest=60)
    assert len({sessions.begin(account) for _ in range(50)}) == 50
