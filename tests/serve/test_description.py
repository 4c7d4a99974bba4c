"""Whatever its own description allows, the server answers without a failure."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_server import PASSWORD, Remote, World, leads_in, opened_case, searched
from served_world import served

EXAMPLES = 25
"""For each route."""


class Signed:
    """Somebody who signs in again when the session has ended."""

    def __init__(self, address: str, name: str) -> None:
        self._http = httpx.Client(base_url=address, timeout=120)
        self._name = name
        self._csrf = ""

    def send(self, case: Any, known: dict[str, str], chosen: random.Random) -> httpx.Response:
        """Send what was made up, often with addresses that lead somewhere."""
        path = case.path
        for name, value in (case.path_parameters or {}).items():
            used = known.get(name) if chosen.random() < 0.7 else None
            path = path.replace(f"{{{name}}}", quote(str(used or value), safe="") or "x")
        options: dict[str, Any] = {"params": plain(case.query), "headers": {}}
        if case.method.upper() == "POST":
            options["headers"]["x-csrf-token"] = self._csrf
            body = case.body if isinstance(case.body, dict) else {}
            if case.media_type == "multipart/form-data":
                options["files"] = [("photos", ("a", bytes(str(body), "utf-8", "replace")))]
            else:
                options["data"] = plain(body)
        answer = self._http.request(case.method, path, **options)
        if answer.headers.get("location") == "/sign-in" or not self._csrf:
            self.sign_in()
        return answer

    def sign_in(self) -> None:
        """Sign in, and keep the token of the session."""
        token = re.search(r'name="csrf" value="([^"]+)"', self._http.get("/sign-in").text)
        fields = {"csrf": token[1] if token else "", "name": self._name, "password": PASSWORD}
        self._http.post("/sign-in", data=fields)
        token = re.search(r'name="csrf" value="([^"]+)"', self._http.get("/password").text)
        self._csrf = token[1] if token else ""

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def plain(values: Any) -> dict[str, Any]:
    """Return what a form or an address can hold."""
    if not isinstance(values, dict):
        return {}
    return {
        str(name): [str(one) for one in value] if isinstance(value, list) else str(value)
        for name, value in values.items()
        if value is not None and encodable(f"{name}{value}")
    }


def encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


@contextmanager
def signed(address: str, *names: str) -> Iterator[list[Signed]]:
    people = [Signed(address, name) for name in names]
    for one in people:
        one.sign_in()
    try:
        yield people
    finally:
        for one in people:
            one.close()


async def day(address: str, world: World) -> tuple[dict[str, str], dict[str, Any]]:
    """Do a day's work, so that addresses lead somewhere; return them and the description."""
    browser = Remote(address)
    await browser.sign_in("olga")
    case = await opened_case(browser, world)
    page = await searched(browser, case, world.probes[0])
    (lead, *_) = leads_in(await browser.get(page))
    files = {"photos": ("a.png", world.probes[1].read_bytes(), "image/png")}
    upload = (await browser.post(f"{case}/probes", files=files)).headers["location"]
    description = (await browser.get("/openapi.json")).json()
    await browser.client.aclose()
    names = {"case": case, "search": page, "lead": lead, "upload": upload}
    known = {name: path.rpartition("/")[2] for name, path in names.items()}
    fixed = {"view": "whole", "photo": "0", "side": "probe-whole", "name": "report.html"}
    return known | fixed, description


@pytest.mark.slow
def test_nothing_that_the_description_allows_is_a_failure(world: World) -> None:
    schemathesis = pytest.importorskip("schemathesis")
    seen: dict[str, set[int]] = {}
    with served(world) as (_, address):
        known, description = asyncio.run(day(address, world))
        schema = schemathesis.openapi.from_dict(description)
        with signed(address, "olga", "rita", "sara", "adam") as people:
            for found in schema.get_all_operations():
                operation = found.ok()

                @settings(
                    max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), database=None
                )
                @given(case=operation.as_strategy(), seed=st.integers(0, 2**32))
                def check(case: Any, seed: int) -> None:
                    chosen = random.Random(seed)
                    answer = chosen.choice(people).send(case, known, chosen)
                    label = f"{case.method} {case.path}"
                    seen.setdefault(label, set()).add(answer.status_code)
                    assert answer.status_code < 500, (label, answer.request.url, answer.text)

                check()
    assert len(seen) == sum(len(of) for of in description["paths"].values())
    assert sum(statuses >= {200} or statuses >= {303} for statuses in seen.values()) > 10
