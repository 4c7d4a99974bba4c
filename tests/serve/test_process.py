"""A real process on a real socket: many at once, the end by a signal, a kill in the middle."""

from __future__ import annotations

import asyncio
import ipaddress
import signal
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest
from ended_server import free_port
from made_server import Remote, World, leads_in, opened_case, searched
from served_world import served
from starlette.applications import Starlette
from waiting import PATIENCE

from matcher.errors import InputError
from matcher.governance import ActivityLog
from matcher.serve import Listening, ServeError, StateFolder
from matcher.serve.server import serve_on
from matcher.serve.state import Jobs

pytestmark = pytest.mark.anyio

AT_ONCE = 24


async def test_many_search_at_once_and_each_has_a_record(world: World) -> None:
    with served(world) as (process, address):
        ready = []
        for number in range(AT_ONCE):
            browser = Remote(address)
            await browser.sign_in("olga")
            case = await opened_case(browser, world)
            files = {"photos": ("x.png", world.probes[number % 4].read_bytes(), "image/png")}
            probe = (await browser.post(f"{case}/probes", files=files)).headers["location"]
            ready.append((browser, probe))
        asked = (browser.post(f"{probe}/search", face="1", top="3") for browser, probe in ready)
        answers = await asyncio.gather(*asked)
        assert [one.status_code for one in answers] == [303] * AT_ONCE
        lists = {one.headers["location"] for one in answers}
        assert len(lists) == AT_ONCE
        for browser, _ in ready:
            await browser.client.aclose()
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    log = ActivityLog.of(world.gallery)
    assert log.verify().ok
    assert sum(one.kind == "search" for one in log.records()) == AT_ONCE


async def test_a_kill_in_the_middle_of_a_job_loses_no_photo(world: World) -> None:
    photos = [world.probes[number % 4].read_bytes() for number in range(12)]
    jobs = Jobs(StateFolder.of(world.settings.state))
    with served(world) as (process, address):
        browser = Remote(address)
        await browser.sign_in("olga")
        case = await opened_case(browser, world)
        files = [("photos", ("x.png", photo, "image/png")) for photo in photos]
        job = (await browser.post(f"{case}/probes", files=files)).headers["location"]
        key = job.rpartition("/")[2]
        with anyio.fail_after(PATIENCE):
            while len(jobs.get(key).left) > 10:
                await anyio.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE)
        await browser.client.aclose()
    assert ActivityLog.of(world.gallery).verify().ok
    with served(world) as (process, address):
        browser = Remote(address)
        await browser.sign_in("olga")
        with anyio.fail_after(PATIENCE):
            while (await browser.get(f"{job}.json")).json()["state"] != "done":
                await anyio.sleep(0.02)
        await browser.client.aclose()
    after = jobs.get(key)
    assert after.failed == 0
    log = ActivityLog.of(world.gallery)
    assert log.verify().ok
    made = sum(one.kind == "search" for one in log.records())
    assert 12 <= made <= 13  # the one that was under way may have been searched for twice
    assert list((world.settings.state / "uploads").iterdir()) == []


async def test_over_tls(world: World) -> None:
    certificate, key = made_certificate(world.folder)
    with served(world, certificate, key) as (_, address):
        assert address.startswith("https://")
        trusted = ssl.create_default_context(cafile=str(certificate))
        browser = Remote(address, verify=trusted)
        await browser.sign_in("olga")
        page = await searched(browser, await opened_case(browser, world), world.probes[0])
        assert len(leads_in(await browser.get(page))) == 3
        cookie = next(one for one in browser.client.cookies.jar if one.name == "matcher_session")
        assert cookie.secure
        await browser.client.aclose()


def made_certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for this machine that nobody else signed."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(alternative, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "tls.pem", folder / "tls.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "10.0.0.1"])  # noqa: S104
def test_an_address_that_others_reach_needs_the_word_and_tls(host: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="allow-remote"):
        Listening(host)
    with pytest.raises(InputError, match="must speak TLS"):
        Listening(host, allow_remote=True)
    with pytest.raises(InputError, match="both given, or neither"):
        Listening(host, allow_remote=True, certificate=tmp_path)
    allowed = Listening(host, allow_remote=True, certificate=tmp_path, key=tmp_path)
    assert allowed.tls
    assert set(Listening().hosts(())) == {"127.0.0.1", "localhost", "[::1]"}
    assert "desk.example" in allowed.hosts(("Desk.example",))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.9.9.9"])
def test_this_machine_alone_needs_nothing(host: str) -> None:
    assert not Listening(host).tls


def test_a_port_that_is_taken_and_a_certificate_that_is_none_are_errors(tmp_path: Path) -> None:
    app = Starlette()
    port = free_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with pytest.raises(ServeError, match="must be usable"):
            serve_on(app, Listening(port=port), print)
    (tmp_path / "x").write_text("no certificate")
    files = {"certificate": tmp_path / "x", "key": tmp_path / "x"}
    with pytest.raises(ServeError, match="must be usable"):
        serve_on(app, Listening(port=0, **files), print)
