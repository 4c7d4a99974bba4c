"""The story of one case in a browser: a degraded probe, two blind opinions, a third, the log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from chromium import Browser, Page, opened
from rendered_cohort import Cohort
from served_cases import KEEPER, ServedCases, degraded_probe, look, served_cases, signed_in

from matcher.embedding import Extractor
from matcher.gallery import Gallery
from matcher.governance import ActivityLog

pytestmark = pytest.mark.slow

CASE = "2026/0412 <b>"
BEN_SAYS = "Both lobes are attached and the brows rise alike."
EVA_SAYS = "The wings of the nose differ."


def open_case(page: Page) -> None:
    page.fill("#field-case_id", CASE)
    page.select_option("#field-purpose", "missing_child")
    page.fill("#field-legal_basis", "Police Act, s. 93")
    page.fill("#field-authorisation", "AUTH-881")
    page.fill("#field-authorised_until", "2099-12-31")
    page.click("text=Open the case")
    assert page.inner_text("h1") == f"Case {CASE}"
    look(page)


def search_for(page: Page, photo: bytes) -> None:
    """Upload a photo, read what is said of it, choose its face, search."""
    file = {"name": "IMG_0042.jpg", "mimeType": "image/jpeg", "buffer": photo}
    page.set_input_files("#field-photos", file)
    page.click("text=Upload")
    assert page.inner_text("h1") == "Choose the face"
    assert page.inner_text("#verdict-1").strip()
    look(page)
    page.keyboard.press("1")
    if page.locator("#field-refused").count():
        page.check("#field-refused")
    page.fill("#field-age", "12")
    page.click("text=Search for this face")
    assert page.inner_text("h1").startswith("Leads of search")
    look(page)


def names(page: Page) -> list[str]:
    """Return the subjects of a list, in its order."""
    found: list[str] = page.locator(".card h3").all_inner_texts()
    return found


def shuffle(page: Page) -> None:
    """Shuffle until the order is another one; it stays the same when the page is read again."""
    before = names(page)
    for _ in range(5):
        page.click("text=Shuffle")
        if names(page) != before:
            break
    after = names(page)
    assert after != before
    assert sorted(after) == sorted(before)
    page.reload()
    assert names(page) == after


def lead_of(page: Page, subject: str) -> str:
    """Return the address of the lead of a subject, from a list."""
    address = page.get_by_role("link", name=subject).get_attribute("href")
    assert address is not None
    return str(address)


def write_opinion(page: Page, outcome: str, reason: str) -> None:
    page.check(f'input[name="outcome"][value="{outcome}"]')
    page.fill("#field-reason", reason)
    page.click("text=Write the opinion")
    assert "Your opinion is written." in page.inner_text(".notice")
    look(page)


@pytest.fixture(scope="module")
def served(
    tmp_path_factory: pytest.TempPathFactory, cohort: Cohort, extractor: Extractor
) -> Iterator[ServedCases]:
    folder = tmp_path_factory.mktemp("served")
    with served_cases(folder, cohort, extractor) as running:
        yield running


def test_a_case_from_the_upload_to_the_log(
    browser: Browser, served: ServedCases, cohort: Cohort
) -> None:
    subject, probe = cohort.subjects[0], degraded_probe(cohort.probes[0])
    with ExitStack() as stack:
        ana, ben, eva, sam, tom = (
            stack.enter_context(signed_in(browser, served, name))
            for name in ("ana", "ben", "eva", "sam", "tom")
        )
        open_case(ana)
        search_for(ana, probe)
        assert "Score" not in ana.inner_text(".cards")
        shuffle(ana)
        lead = served.address + lead_of(ana, subject)

        ben.goto(served.address + "/reviews")
        look(ben)
        ben.goto(served.address + lead_of(ben, subject))
        assert "Figures" not in ben.inner_text("main")
        ben.keyboard.press("c")
        ben.keyboard.press("s")
        write_opinion(ben, "candidate", BEN_SAYS)
        assert ben.inner_text(".state >> nth=0") == "reviewed by one"
        assert "Figures" in ben.inner_text("main")

        eva.goto(lead)
        assert eva.inner_text(".state >> nth=0") == "reviewed by one"
        assert BEN_SAYS not in eva.content()
        assert "Figures" not in eva.inner_text("main")
        write_opinion(eva, "no candidate", EVA_SAYS)
        assert eva.inner_text(".state >> nth=0") == "escalated"
        assert BEN_SAYS in eva.inner_text("main")

        sam.goto(served.address + "/escalated")
        look(sam)
        sam.goto(served.address + lead_of(sam, subject))
        assert BEN_SAYS in sam.inner_text("main")
        assert EVA_SAYS in sam.inner_text("main")
        write_opinion(sam, "candidate", "The nose differs by growth.")
        assert sam.inner_text(".state >> nth=0") == "candidate"

        read_the_log(tom, served, subject)
        remove(served, subject)
        ana.goto(lead)
        look(ana)
        assert "not in the gallery any more" in ana.inner_text("main")
        assert ana.locator("#view-subject img").count() == 0
        ana.goto(served.address + "/cases")
        ana.get_by_role("link", name=CASE).click()
        search_for(ana, probe)
        assert ana.get_by_role("link", name=subject).count() == 0


def read_the_log(page: Page, served: ServedCases, subject: str) -> None:
    """Look at the log as an auditor: every deed stands there, and no subject's name."""
    page.goto(served.address + "/log")
    look(page)
    page.click("text=Check the log")
    assert page.inner_text("#verdict") == "No fault found"
    look(page)
    kinds = [text.split(". ")[1] for text in page.locator(".rows h3").all_inner_texts()]
    assert kinds.count("search") == 1
    assert kinds.count("review") == 3
    written = ActivityLog.of(served.gallery).path.read_text()
    assert subject not in written
    assert BEN_SAYS not in written


def remove(served: ServedCases, subject: str) -> None:
    with Gallery.open(served.gallery, context=KEEPER) as gallery:
        gallery.remove_subject(subject)


def test_a_reviewer_works_on_a_phone(browser: Browser, served: ServedCases, cohort: Cohort) -> None:
    with signed_in(browser, served, "ana") as ana:
        if ana.get_by_role("link", name=CASE).count():
            ana.get_by_role("link", name=CASE).click()
        else:
            open_case(ana)
        search_for(ana, degraded_probe(cohort.probes[1]))
        subject = ana.locator(".card h3").first.inner_text()
    with signed_in(browser, served, "eva", width=390) as eva:
        for path in ("/cases", "/reviews", "/arrivals"):
            eva.goto(served.address + path)
            look(eva)
        eva.goto(served.address + "/reviews")
        eva.get_by_role("link", name=subject).first.click()
        look(eva)
        write_opinion(eva, "inconclusive", "Too small to judge.")


def test_a_list_stands_in_the_order_of_ranks_after_an_opinion_on_each_lead(
    browser: Browser, served: ServedCases, cohort: Cohort
) -> None:
    with signed_in(browser, served, "sam") as sam:
        sam.goto(served.address + "/cases")
        open_case(sam)
        search_for(sam, degraded_probe(cohort.probes[2]))
        place = sam.url
        for subject in names(sam):
            sam.goto(place)
            assert "The order says nothing of the scores." in sam.inner_text("main")
            sam.get_by_role("link", name=subject).click()
            write_opinion(sam, "inconclusive", "Too small to judge.")
        sam.goto(place)
        look(sam)
        assert "in the order of their ranks" in sam.inner_text("main")
        ranks = [text.rpartition(" ")[2] for text in sam.locator("text=/^Score/").all_inner_texts()]
        assert ranks == [str(one) for one in range(1, len(ranks) + 1)]
        assert len(ranks) > 3


def test_whoever_is_not_signed_in_sees_nothing(browser: Browser, served: ServedCases) -> None:
    with opened(browser) as page:
        page.goto(served.address + "/cases")
        assert page.inner_text("h1") == "Sign in"
        page.fill("#field-name", "ana")
        page.fill("#field-password", "not the password at all")
        page.click("main button")
        assert page.inner_text("#problems").startswith("Not done")
        assert page.evaluate("document.activeElement.id") == "problems"
        look(page)


def test_no_page_names_a_folder_of_the_server(
    browser: Browser, served: ServedCases, tmp_path: Path
) -> None:
    with signed_in(browser, served, "sam") as page:
        for path in ("/cases", "/reviews", "/escalated", "/arrivals", "/log", "/nothing"):
            answer = page.request.get(served.address + path)
            assert str(served.gallery.parent) not in answer.text()
