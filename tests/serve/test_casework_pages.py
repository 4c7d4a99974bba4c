"""From the upload to the outcome: what each person sees, and what nobody sees too early."""

from __future__ import annotations

import re

import pytest
from job_builders import NEW
from made_server import ADMIN, Browser, World, leads_in, opened_case, running, searched

from matcher import jobs
from matcher.gallery import Gallery
from matcher.governance import ActivityLog
from matcher.serve.app import Server

pytestmark = pytest.mark.anyio

RANK = re.compile(r"\brank\b", re.IGNORECASE)


async def browser_of(app: Server, name: str) -> Browser:
    browser = Browser(app)
    await browser.sign_in(name)
    return browser


async def found(app: Server, world: World) -> tuple[str, list[str]]:
    """Have the operator search; return the list and its leads as the operator sees them."""
    browser = await browser_of(app, "olga")
    page = await searched(browser, await opened_case(browser, world), world.probes[0])
    return page, leads_in(await browser.get(page))


async def say(app: Server, name: str, lead: str, outcome: str, **more: str) -> Browser:
    browser = await browser_of(app, name)
    await browser.get(lead)
    fields = {"outcome": outcome, "reason": f"{name} saw the ears", "notes": "", **more}
    answer = await browser.post(f"{lead}/opinion", **fields)
    assert answer.status_code == 303, answer.text
    return browser


def figures_in(text: str) -> list[str]:
    """Return what tells of a score or a rank."""
    section = re.search(r'id="figures".*?</section>', text, re.DOTALL)
    return re.findall(r"<dt>([^<]+)</dt>", section[0]) if section else []


async def test_score_and_rank_are_hidden_until_the_own_opinion_is_written(world: World) -> None:
    async with running(world) as app:
        page, leads = await found(app, world)
        (scores,) = [
            [one["score"] for one in record.facts["candidates"]]
            for record in ActivityLog.of(world.gallery).records()
            if record.kind == "search"
        ]
        hidden = [f"{score:.3f}" for score in scores] + [f"{score:.2f}" for score in scores]
        for name in ("olga", "rita", "sara"):
            browser = await browser_of(app, name)
            for path in (page, *leads):
                text = (await browser.get(path)).text
                assert not [one for one in hidden if one in text], (name, path)
                assert figures_in(text) == []
        rita = await say(app, "rita", leads[0], "candidate")
        assert "Score" in figures_in((await rita.get(leads[0])).text)
        assert figures_in((await rita.get(leads[1])).text) == []
        ravi = await browser_of(app, "ravi")
        assert figures_in((await ravi.get(leads[0])).text) == []


async def test_the_order_of_a_list_tells_no_rank_and_stays_in_a_session(world: World) -> None:
    async with running(world) as app:
        page, leads = await found(app, world)
        orders = set()
        for _ in range(12):
            browser = await browser_of(app, "rita")
            first = leads_in(await browser.get(page))
            assert leads_in(await browser.get(page)) == first
            await browser.post(f"{page}/shuffle")
            second = leads_in(await browser.get(page))
            assert sorted(second) == sorted(first) == sorted(leads)
            assert leads_in(await browser.get(page)) == second
            orders |= {tuple(first), tuple(second)}
        assert len(orders) > 2


async def test_once_every_lead_has_the_own_opinion_the_list_is_in_the_order_of_ranks(
    world: World,
) -> None:
    async with running(world) as app:
        page, leads = await found(app, world)
        for lead in leads:
            rita = await say(app, "rita", lead, "inconclusive")
        shown = leads_in(await rita.get(page))
        places = []
        for lead in shown:
            text = (await rita.get(lead)).text
            places.append(re.search(r"<dt>Rank</dt>\s*<dd[^>]*>(?:<bdi>)?(\d+)", text)[1])
        assert places == ["1", "2", "3"]


async def test_two_people_decide_blind_and_a_supervisor_when_they_differ(world: World) -> None:
    async with running(world) as app:
        _, leads = await found(app, world)
        agreed, differing = leads[0], leads[1]
        await say(app, "rita", agreed, "candidate", **{"mark-nose-tip": "similar"})
        ravi = await browser_of(app, "ravi")
        text = (await ravi.get(agreed)).text
        assert "rita" not in text
        assert "reviewed by one" in text
        assert "saw the ears" not in text
        await say(app, "ravi", agreed, "candidate")
        text = (await ravi.get(agreed)).text
        assert "rita saw the ears" in text
        assert "Nose: Shape and direction of the tip" in text
        sara = await browser_of(app, "sara")
        assert leads_in(await sara.get("/escalated")) == []
        await say(app, "rita", differing, "candidate")
        await say(app, "ravi", differing, "no candidate")
        assert leads_in(await sara.get("/escalated")) == [differing]
        assert figures_in((await sara.get(differing)).text) == []  # before the third opinion
        await say(app, "sara", differing, "inconclusive")
        assert leads_in(await sara.get("/escalated")) == []
        olga = await browser_of(app, "olga")
        text = (await olga.get(differing)).text
        assert "inconclusive" in text
        assert "Score" in figures_in(text)


async def test_nobody_counts_twice_and_a_third_person_who_reviews_decides_nothing(
    world: World,
) -> None:
    async with running(world) as app:
        _, leads = await found(app, world)
        rita = await say(app, "rita", leads[0], "candidate")
        again = await rita.post(f"{leads[0]}/opinion", outcome="candidate", reason="again")
        assert again.status_code == 409
        assert "Your opinion is in." in again.text
        await say(app, "ravi", leads[0], "no candidate")
        world.accounts.add("rosa", "reviewer", "correct horse battery staple")
        world.accounts.change_rights("rosa", grant={world.gallery_id: "here"})
        rosa = await browser_of(app, "rosa")
        await rosa.get(leads[0])
        answer = await rosa.post(f"{leads[0]}/opinion", outcome="candidate", reason="me too")
        assert answer.status_code == 409
        assert "A supervisor decides." in answer.text


async def test_an_opinion_without_a_reason_is_refused_and_what_was_typed_stays(
    world: World,
) -> None:
    async with running(world) as app:
        _, leads = await found(app, world)
        rita = await browser_of(app, "rita")
        await rita.get(leads[0])
        fields = {"outcome": "candidate", "reason": " ", "notes": "kept <b>note</b>"}
        answer = await rita.post(f"{leads[0]}/opinion", **fields, **{"mark-ears-lobe": "similar"})
        assert answer.status_code == 422
        assert "must say why" in answer.text
        assert "kept &lt;b&gt;note&lt;/b&gt;" in answer.text
        assert re.search(r'name="mark-ears-lobe" value="similar" checked', answer.text)
        bad = await rita.post(f"{leads[0]}/opinion", outcome="match", reason="x")
        assert bad.status_code == 422
        assert not [one for one in ActivityLog.of(world.gallery).records() if one.kind == "review"]


async def test_an_opinion_is_withdrawn_by_its_writer_alone(world: World) -> None:
    async with running(world) as app:
        _, leads = await found(app, world)
        rita = await say(app, "rita", leads[0], "candidate")
        text = (await rita.get(leads[0])).text
        number = re.search(r'name="review_id" value="(\d+)"', text)[1]
        ravi = await browser_of(app, "ravi")
        await ravi.get(leads[0])
        assert (
            await ravi.post(f"{leads[0]}/withdraw", review_id=number, reason="x")
        ).status_code == 404
        assert (
            await rita.post(f"{leads[0]}/withdraw", review_id=number, reason="")
        ).status_code == 422
        answer = await rita.post(f"{leads[0]}/withdraw", review_id=number, reason="wrong photo")
        assert answer.status_code == 303
        text = (await rita.get(leads[0])).text
        assert "wrong photo" in text
        assert ">open<" in text


async def test_the_leads_that_wait_for_somebody_are_listed_for_them(world: World) -> None:
    async with running(world) as app:
        _, leads = await found(app, world)
        rita = await browser_of(app, "rita")
        assert sorted(leads_in(await rita.get("/reviews"))) == sorted(leads)
        await say(app, "rita", leads[0], "candidate")
        assert sorted(leads_in(await rita.get("/reviews"))) == sorted(leads[1:])
        ravi = await browser_of(app, "ravi")
        assert leads[0] in leads_in(await ravi.get("/reviews"))


async def test_a_search_is_in_the_log_with_its_case_and_operator(world: World) -> None:
    async with running(world) as app:
        await found(app, world)
        adam = await browser_of(app, "adam")
        text = (await adam.get("/log")).text
        assert "case-7 of Iria" in text
        assert "olga" in text
        answer = await adam.post("/log/verify", gallery=world.gallery_id[:12])
        assert "Each follows from the one before" in answer.text
    kinds = [one.kind for one in ActivityLog.of(world.gallery).records()]
    assert kinds[-2:] == ["case", "search"]
    (search,) = [one for one in ActivityLog.of(world.gallery).records() if one.kind == "search"]
    assert (search.operator, search.purpose) == ("olga", "missing_child")


async def test_a_log_that_was_changed_is_told_of(world: World) -> None:
    async with running(world) as app:
        await found(app, world)
        log = ActivityLog.of(world.gallery).path
        log.write_bytes(log.read_bytes().replace(b'"operator":"olga"', b'"operator":"omar"'))
        adam = await browser_of(app, "adam")
        answer = await adam.post("/log/verify", gallery=world.gallery_id[:12])
        assert answer.status_code == 200
        assert "was changed after it was written" in answer.text


async def test_an_authorisation_that_has_ended_searches_nothing(world: World) -> None:
    async with running(world) as app:
        olga = await browser_of(app, "olga")
        await olga.get("/cases")
        key = world.gallery_id[:12]
        fields = {"gallery": key, "case_id": "c", "purpose": "missing_child", "legal_basis": "x"}
        fields |= {"authorisation": "y", "authorised_until": "2020-01-01"}
        answer = await olga.post("/cases", **fields)
        assert answer.status_code == 422
        assert "must hold today" in answer.text
        for name in ("case_id", "legal_basis", "authorisation", "authorised_until", "purpose"):
            answer = await olga.post("/cases", **{**fields, name: ""})
            assert answer.status_code == 422, name


async def test_a_removed_child_is_gone_from_every_page(world: World) -> None:
    async with running(world) as app:
        page, leads = await found(app, world)
        rita = await browser_of(app, "rita")
        names = set()
        for lead in leads:
            names |= set(re.findall(r"subject-\d+", (await rita.get(lead)).text))
        assert "subject-000" in names
        with Gallery.open(world.gallery, context=ADMIN) as gallery:
            gallery.remove_subject("subject-000")
        for path in (page, "/reviews", "/cases", *leads):
            answer = await rita.get(path)
            assert answer.status_code == 200, path
            assert "subject-000" not in answer.text, path
            for picture in re.findall(r'src="(/pictures/leads[^"]+)"', answer.text):
                assert (await rita.get(picture)).status_code == 200


async def test_an_edition_that_was_switched_is_searched_without_a_new_server(
    world: World,
) -> None:
    async with running(world) as app:
        page, _ = await found(app, world)
        assert page
        jobs.reindex(world.gallery, NEW, context=ADMIN)
        jobs.switch(world.gallery, context=ADMIN)
        olga = await browser_of(app, "olga")
        text = (await olga.get("/cases")).text
        case = re.search(r'href="(/cases/[0-9a-f]{32})"', text)[1]
        page = await searched(olga, case, world.probes[1])
        assert len(leads_in(await olga.get(page))) == 3
    editions = {
        one.edition for one in ActivityLog.of(world.gallery).records() if one.kind == "search"
    }
    assert len(editions) == 2
