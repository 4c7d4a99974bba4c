"""What every answer has, and what none has: headers, escaping, no path, no trace."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from made_server import ADMIN, Browser, World, leads_in, opened_case, running, searched

from matcher.errors import InputError
from matcher.gallery import Gallery
from matcher.serve import guard
from matcher.serve.security import PAGE_POLICY, ROUTES
from matcher.serve.settings import ServeSettings

pytestmark = pytest.mark.anyio

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=a>\u202e{{7*7}}"


async def pages_of(app: object, world: World, name: str, **case: str) -> dict[str, object]:
    """Open every page that an account can reach by links, from the first one on."""
    browser = Browser(app)
    await browser.sign_in(name)
    seen: dict[str, object] = {}
    waiting = ["/cases", "/log", "/nothing", "/arrivals", "/reviews"]
    while waiting:
        path = waiting.pop().partition("#")[0]
        if path in seen or not path.startswith("/"):
            continue
        answer = seen[path] = await browser.get(path)
        if answer.headers.get("content-type", "").startswith("text/html"):
            waiting += re.findall(r'(?:href|src)="(/[^"]*)"', answer.text.replace("&amp;", "&"))
    return seen


async def test_every_answer_has_its_headers_and_no_path_of_the_machine(world: World) -> None:
    async with running(world) as app:
        browser = Browser(app)
        await browser.sign_in("olga")
        await searched(browser, await opened_case(browser, world), world.probes[0])
        answers = {}
        for name in ("olga", "rita", "sara", "adam"):
            answers |= await pages_of(app, world, name)
        assert len(answers) > 25
        for path, answer in answers.items():
            headers = answer.headers
            assert headers["x-content-type-options"] == "nosniff", path
            assert headers["content-security-policy"] == PAGE_POLICY, path
            assert "server" not in headers
            static = path.startswith("/static/")
            assert ("no-store" in headers["cache-control"]) is not static, path
            if b"JFIF" not in answer.content[:20]:
                for text in (str(world.folder), str(world.folder.parent), "/tmp/", "/work/"):  # noqa: S108
                    assert text not in answer.text, (path, text)


async def test_no_page_has_a_script_a_style_or_a_picture_within_it(world: World) -> None:
    async with running(world) as app:
        browser = Browser(app)
        await browser.sign_in("olga")
        await searched(browser, await opened_case(browser, world), world.probes[0])
        for name in ("olga", "sara", "adam"):
            for path, answer in (await pages_of(app, world, name)).items():
                if not answer.headers.get("content-type", "").startswith("text/html"):
                    continue
                text = answer.text
                assert not re.search(r"<script(?![^>]*src=\"/static/)", text), path
                assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|data:", text), path
                assert not re.search(r'(?:src|href)="(?:https?:)?//', text), path


async def test_texts_of_a_case_file_are_shown_as_texts(world: World) -> None:
    with Gallery.open(world.gallery, context=ADMIN) as gallery:
        gallery.update_subject(
            replace(gallery.subject("subject-000"), note="x", region=HOSTILE[:60])
        )
        gallery.rename_subject("subject-000", HOSTILE)
    async with running(world) as app:
        browser = Browser(app)
        await browser.sign_in("olga")
        await browser.get("/cases")
        bad = await browser.post("/cases", gallery="x", case_id=HOSTILE, purpose=HOSTILE)
        assert "<script>alert" not in bad.text
        case = await opened_case(browser, world, case_id=HOSTILE.replace("\u202e", ""))
        found = await searched(browser, case, world.probes[0])
        shown = 0
        for name in ("olga", "rita", "sara", "adam"):
            for path, answer in (await pages_of(app, world, name)).items():
                if answer.headers.get("content-type", "").startswith("text/html"):
                    shown += answer.text.count("&lt;script&gt;alert(1)")
                    assert "<script>alert" not in answer.text, path
                    assert "onerror=a>" not in answer.text, path
                    assert "\u202e" not in answer.text, path
        assert shown > 5
        assert leads_in(await browser.get(found))


async def test_a_failure_of_the_code_says_nothing_but_its_number(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(f"secret of {world.folder} and of a child")

    async with running(world) as app:
        browser = Browser(app)
        await browser.sign_in("olga")
        monkeypatch.setattr(type(app.services.galleries), "of", broken)
        answer = await browser.get("/cases")
        assert answer.status_code == 500
        number = re.search(r"incident ([0-9a-f]{8})", answer.text)[1]
        assert "secret" not in answer.text
        assert "Traceback" not in answer.text
        assert number in caplog.text
        assert "secret" not in "".join(record.getMessage() for record in caplog.records)


async def test_the_guard_answers_when_it_fails_itself(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(world) as app:
        browser = Browser(app)
        await browser.sign_in("olga")
        monkeypatch.setattr(guard, "fields_of", None)
        answer = await browser.post("/sign-out")
        assert answer.status_code == 500
        assert "incident" in answer.text


async def test_other_methods_long_addresses_and_strange_cookies_are_refused(
    world: World,
) -> None:
    async with running(world) as app:
        browser = Browser(app)
        await browser.sign_in("olga")
        for method in ("PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"):
            answer = await browser.client.request(method, "/cases")
            assert answer.status_code in (404, 405), method
        assert (await browser.get("/cases?x=" + "y" * 5000)).status_code == 414
        for path in ("/cases/..%2f..%2fetc", "/static/../app.py", "/static/%2e%2e/app.py"):
            assert (await browser.get(path)).status_code == 404, path
        token = browser.client.cookies["matcher_session"]
        for cookies in (
            f"matcher_session={token}; matcher_session={token}x",
            f"matcher_session={'x' * 5000}",
            "matcher_session=\xff",
            "matcher_session=",
        ):
            thief = Browser(app)
            answer = await thief.client.get("/cases", headers={"cookie": cookies.encode("latin-1")})
            assert answer.headers.get("location") == "/sign-in", cookies


async def test_the_description_of_the_routes_has_every_route(world: World) -> None:
    async with running(world) as app:
        browser = Browser(app)
        assert (await browser.get("/openapi.json")).status_code == 401
        await browser.sign_in("adam")
        paths = (await browser.get("/openapi.json")).json()["paths"]
        described = {(method.upper(), path) for path, of in paths.items() for method in of}
        wanted = {
            (method, path.replace(":path}", "}"))
            for method, path in ROUTES
            if path != "/openapi.json"
        }
        assert described == wanted
        fields = paths["/leads/{lead}/opinion"]["post"]["requestBody"]["content"]
        (schema,) = (of["schema"] for of in fields.values())
        assert {"csrf", "outcome", "reason", "mark-nose-tip"} <= set(schema["properties"])


async def test_the_report_of_an_audit_is_shown_in_a_sandbox_and_nothing_beside_it(
    world: World,
) -> None:
    report = world.folder / "report"
    (report / "tables").mkdir(parents=True)
    (report / "report.html").write_text("<style>p{}</style><p>rates</p><script>x</script>")
    (report / "tables" / "rates.csv").write_text("a,b\n")
    (report / "run.json").write_text(f'{{"path": "{world.folder}"}}')
    (report / "secret.txt").write_text("secret")
    (report / "tables" / "link.csv").symlink_to(report / "secret.txt")
    settings = replace(world.settings, audit_report=report)
    async with running(World(world.folder, settings, world.gallery)) as app:
        browser = Browser(app)
        await browser.sign_in("adam")
        answer = await browser.get("/audit-report/")
        assert "<p>rates</p>" in answer.text
        assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
        assert "Audit report" in (await browser.get("/log")).text
        table = await browser.get("/audit-report/tables/rates.csv")
        assert "attachment" in table.headers["content-disposition"]
        for name in ("run.json", "secret.txt", "tables/link.csv", "../made.py", "tables", ""):
            answer = await browser.get(f"/audit-report/{name}")
            assert answer.status_code == (200 if name == "" else 404), name


def test_settings_refuse_what_makes_no_server(world: World) -> None:
    good = {"galleries": {"a": world.gallery}, "state": world.folder / "s"}
    for wrong in (
        {"galleries": {}},
        {"galleries": world.gallery},
        {"state": None},
        {"workers": 0},
        {"workers": "2"},
        {"upload_megabytes": 0},
        {"policy": "lax"},
        {"hosts": ()},
        {"hosts": ("Evil Name",)},
    ):
        with pytest.raises(InputError):
            ServeSettings(**{**good, **wrong})
