"""Photos that come in: what is refused, where they lie, when they are gone."""

from __future__ import annotations

import io
import re
from pathlib import Path

import httpx
import pytest
from gallery_builders import enrolment
from job_builders import OLD
from made_server import ADMIN, Browser, World, opened_case, running, searched
from PIL import Image

from matcher.embedding import Extractor, ModelIdentity
from matcher.gallery import Gallery
from matcher.serve import ServeSettings, create_app
from matcher.serve.app import Server
from matcher.serve.state import StateFolder, Uploads

pytestmark = pytest.mark.anyio


async def operator(app: Server, world: World) -> tuple[Browser, str]:
    browser = Browser(app)
    await browser.sign_in("olga")
    return browser, await opened_case(browser, world)


async def sent(browser: Browser, case: str, *photos: bytes) -> httpx.Response:
    await browser.get(case)
    files = [("photos", ("x.png", photo, "image/png")) for photo in photos]
    return await browser.post(f"{case}/probes", files=files)


def kept(world: World) -> list[bytes]:
    return [file.read_bytes() for file in (world.settings.state / "uploads").iterdir()]


async def test_a_photo_waits_privately_and_is_gone_from_there_after_the_search(
    world: World,
) -> None:
    async with running(world) as app:
        browser, case = await operator(app, world)
        data = world.probes[0].read_bytes()
        answer = await sent(browser, case, data)
        assert kept(world) == [data]
        for file in (world.settings.state / "uploads").iterdir():
            assert file.stat().st_mode & 0o777 == 0o600
        probe = answer.headers["location"]
        await browser.get(probe)
        await browser.post(f"{probe}/search", face="1", top="3")
        assert kept(world) == []
        (place,) = (world.gallery / "casework" / "probes").iterdir()
        assert place.read_bytes() == data
        assert (await browser.get(probe)).status_code == 404


async def test_a_photo_that_is_discarded_leaves_nothing(world: World) -> None:
    async with running(world) as app:
        browser, case = await operator(app, world)
        probe = (await sent(browser, case, world.probes[0].read_bytes())).headers["location"]
        await browser.get(probe)
        assert (await browser.post(f"{probe}/discard")).headers["location"] == case
        assert kept(world) == []
        assert not (world.gallery / "casework" / "probes").exists()


async def test_only_who_uploaded_a_photo_sees_it(world: World) -> None:
    async with running(world) as app:
        browser, case = await operator(app, world)
        probe = (await sent(browser, case, world.probes[0].read_bytes())).headers["location"]
        sara = Browser(app)
        await sara.sign_in("sara")
        picture = f"/pictures/uploads/{probe.rpartition('/')[2]}"
        for path in (probe, picture):
            assert (await browser.get(path)).status_code == 200
            assert (await sara.get(path)).status_code == 404


async def test_what_is_no_photo_is_refused_in_words_and_not_kept(world: World) -> None:
    async with running(world) as app:
        browser, case = await operator(app, world)
        for data, said in (
            (b"no picture at all", "photo"),
            (b"", "must be chosen"),
            (world.probes[0].read_bytes()[:200], "photo"),
        ):
            answer = await sent(browser, case, data)
            assert answer.status_code == 422, answer.text
            assert said in answer.text
            assert kept(world) == []
        answer = await browser.post(f"{case}/probes")
        assert answer.status_code == 422


async def test_too_many_bytes_are_refused_before_they_are_read(world: World) -> None:
    settings = ServeSettings(
        galleries=world.settings.galleries,
        state=world.settings.state,
        policy="off",
        upload_megabytes=1,
        photo_megabytes=1,
        most_photos=3,
    )
    async with running(World(world.folder, settings, world.gallery, world.probes)) as app:
        browser, case = await operator(app, world)
        assert (await sent(browser, case, bytes(2**20 + 5))).status_code == 413
        taken = 0

        async def endless():
            nonlocal taken
            head = b'--x\r\nContent-Disposition: form-data; name="photos"; filename="a"\r\n\r\n'
            yield head
            while taken < 2**26:
                taken += 2**16
                yield bytes(2**16)

        headers = {"content-type": "multipart/form-data; boundary=x"}
        answer = await browser.client.post(f"{case}/probes", content=endless(), headers=headers)
        assert answer.status_code == 413
        assert taken < 2**21
        small = world.probes[0].read_bytes()
        assert (await sent(browser, case, *[small] * 4)).status_code == 422
        answer = await browser.post("/cases", case_id="x" * 200_000)
        assert answer.status_code == 413
        assert kept(world) == []


async def test_a_form_with_a_thousand_fields_or_none_that_can_be_read_is_refused(
    world: World,
) -> None:
    async with running(world) as app:
        browser, case = await operator(app, world)
        many = {f"f{number}": "x" for number in range(1000)}
        assert (await browser.post("/cases", **many)).status_code == 422
        send = browser.client.post
        for content, kind in (
            (b"\xff\xfe", "application/x-www-form-urlencoded"),
            (b"{}", "application/json"),
            (b"--x", "multipart/form-data"),
            (b"--x\r\n", "multipart/form-data; boundary=y"),
            (b"csrf=%00", "application/x-www-form-urlencoded"),
        ):
            answer = await send("/cases", content=content, headers={"content-type": kind})
            assert answer.status_code in (403, 422), (content, answer.status_code)
        assert case


async def test_pictures_carry_no_metadata_and_no_byte_of_the_file(world: World) -> None:
    image = Image.open(world.probes[0])
    exif = Image.Exif()
    exif[0x010F] = "a camera of somebody"
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=exif, comment=b"a comment")
    async with running(world) as app:
        browser, case = await operator(app, world)
        probe = (await sent(browser, case, buffer.getvalue())).headers["location"]
        pictures = [f"/pictures/uploads/{probe.rpartition('/')[2]}"]
        await browser.get(probe)
        found = (await browser.post(f"{probe}/search", face="1", top="3")).headers["location"]
        text = (await browser.get(found)).text
        made = {}
        for path in (*pictures, *re.findall(r'src="(/pictures[^"]+)"', text)):
            answer = await browser.get(path)
            if answer.status_code == 200:
                made[path] = answer
        assert len(made) >= 4
        for answer in made.values():
            assert answer.headers["cache-control"] == "no-store"
            shown = Image.open(io.BytesIO(answer.content))
            assert shown.format == "JPEG"
            assert not shown.getexif()
            for text in (b"camera of somebody", b"a comment"):
                assert text not in answer.content


async def test_what_is_typed_of_a_photo_is_checked(world: World) -> None:
    async with running(world) as app:
        browser, case = await operator(app, world)
        probe = (await sent(browser, case, world.probes[0].read_bytes())).headers["location"]
        await browser.get(probe)
        for fields in (
            {"age": "old"},
            {"age": "-1"},
            {"age": "nan"},
            {"age": "1e999"},
            {"taken_on": "yesterday"},
            {"taken_on": "2026-13-01"},
            {"top": "0"},
            {"top": "201"},
            {"top": "x"},
            {"face": "9"},
            {"face": "0"},
            {"max_fpir": "0.1"},
            {"max_fpir": "2"},
        ):
            answer = await browser.post(f"{probe}/search", **{"face": "1", "top": "3", **fields})
            assert answer.status_code == 422, (fields, answer.text)
        good = {"face": "1", "top": "2", "age": "9.5", "taken_on": "2020-02-29"}
        assert (await browser.post(f"{probe}/search", **good)).status_code == 303


async def test_photos_that_nobody_searches_for_are_swept(world: World) -> None:
    folder = StateFolder.of(world.settings.state)
    now = [1_000_000.0]
    uploads = Uploads(folder, longest=100, clock=lambda: now[0])
    (old,) = uploads.add([b"old"], gallery="g", case="c", name="olga")
    now[0] += 101
    (new,) = uploads.add([b"new"], gallery="g", case="c", name="olga")
    uploads.sweep()
    assert uploads.get(old.key) is None
    assert not old.path.exists()
    assert new.path.read_bytes() == b"new"


async def test_a_search_that_cannot_be_recorded_gives_no_list(world: World) -> None:
    async with running(world) as app:
        browser, case = await operator(app, world)
        probe = (await sent(browser, case, world.probes[0].read_bytes())).headers["location"]
        await browser.get(probe)
        log = world.gallery / "casework" / "log.jsonl"
        before = log.read_bytes()
        log.write_bytes(before + b'{"no": "record"}\n')
        answer = await browser.post(f"{probe}/search", face="1", top="3")
        assert answer.status_code == 500
        assert "incident" in answer.text
        log.write_bytes(before)
        assert (await browser.post(f"{probe}/search", face="1", top="3")).status_code == 303
        assert await searched(browser, case, world.probes[1])


@pytest.mark.parametrize("detector", ["mtcnn", "yunet"])
async def test_a_server_finds_faces_by_the_detector_of_the_gallery(
    tmp_path: Path, detector: str
) -> None:
    path, asked = tmp_path / "cases.gallery", []
    with Gallery.create(path, model=OLD.model, governed=True, context=ADMIN) as gallery:
        gallery.add([enrolment(1)], detector=detector)

    def load(model: ModelIdentity, found_by: str) -> Extractor:
        asked.append((model.name, found_by))
        return OLD

    settings = ServeSettings(galleries={"Cases": path}, state=tmp_path / "state")
    async with create_app(settings, load=load).lifespan():
        pass
    assert asked == [("fake", detector)]
