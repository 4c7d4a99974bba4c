"""Groups, the watch list and long work in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from chromium import Browser
from rendered_cohort import SUBJECTS, Cohort
from served_cases import ServedCases, look, served_cases, signed_in

from matcher.embedding import Extractor
from matcher.enrolment import enrol, read_manifest
from matcher.gallery import Gallery
from matcher.governance import CaseContext
from matcher.grouping import group
from matcher.watching import open_watch_list, run_watch_list, set_watch_list

pytestmark = pytest.mark.slow

WATCH = CaseContext(
    "keeper", "missing_child", "standing", "Police Act, s. 93", "AUTH-9", date(2099, 12, 31)
)


@pytest.fixture(scope="module")
def served(
    tmp_path_factory: pytest.TempPathFactory, cohort: Cohort, extractor: Extractor
) -> Iterator[ServedCases]:
    """A gallery with a watch list that ran, and the groups of a folder."""
    folder = tmp_path_factory.mktemp("more")
    group(cohort.folder, extractor, state=folder / "groups", threshold=0.7)
    with served_cases(folder, cohort, extractor, {"card": folder / "groups"}) as running:
        with Gallery.open(running.gallery, model=extractor.model, context=WATCH) as gallery:
            set_watch_list(gallery, threshold=0.3)
            with open_watch_list(gallery) as probes:
                enrol(probes, extractor, read_manifest(_late(cohort)).photos)
            run_watch_list(gallery)
        yield running


def _late(cohort: Cohort) -> Path:
    return cohort.folder / "late" / "manifest.csv"


def test_groups_are_merged_split_and_the_last_correction_undone(
    browser: Browser, served: ServedCases
) -> None:
    with signed_in(browser, served, "ana") as page:
        page.click("nav >> text=Groups")
        look(page)
        page.click("text=card")
        look(page)
        before = page.locator(".group").count()
        faces = page.locator('input[name="face"]').count()
        assert before >= 2
        marks = page.locator('input[name="group"][type="checkbox"]')
        marks.nth(0).check()
        marks.nth(1).check()
        page.click("text=Merge the marked groups")
        look(page)
        assert page.locator(".group").count() == before - 1
        page.locator('.group >> nth=0 >> input[name="face"] >> nth=0').check()
        page.click("text=New group of the marked faces")
        assert page.locator(".group").count() == before
        page.click("text=Undo the last correction")
        assert page.locator(".group").count() == before - 1
        assert page.locator("text=(undone)").count() == 1
        assert page.locator('input[name="face"]').count() == faces
        look(page)


def test_a_reviewer_sees_groups_and_corrects_none(browser: Browser, served: ServedCases) -> None:
    with signed_in(browser, served, "eva", 390) as page:
        page.click("nav >> text=Groups")
        page.click("text=card")
        look(page)
        assert page.locator(".group").count() >= 1
        assert page.locator("main form").count() == 0


def test_arrivals_of_the_watch_list_stand_beside_each_other(
    browser: Browser, served: ServedCases
) -> None:
    for width in (1280, 390):
        with signed_in(browser, served, "ben", width) as page:
            page.click("nav >> text=Watch list")
            look(page)
            assert page.locator("article.pair").count() >= 1
            assert page.locator("article.pair >> nth=0 >> img").count() == 2


def test_long_work_goes_on_when_the_browser_is_closed(
    browser: Browser, served: ServedCases, cohort: Cohort
) -> None:
    with signed_in(browser, served, "ana") as page:
        page.fill("#field-case_id", "LONG-1")
        page.select_option("#field-purpose", "missing_child")
        for name in ("legal_basis", "authorisation"):
            page.fill(f"#field-{name}", "order 7")
        page.fill("#field-authorised_until", "2099-12-31")
        page.click("text=Open the case")
        page.set_input_files("#field-photos", [str(path) for path in cohort.probes])
        page.click("text=Upload")
        job = page.url
        assert "/jobs/" in job
        look(page)
    with signed_in(browser, served, "ana") as page:
        page.goto(job)
        page.locator("#state", has_text="done").wait_for(timeout=300_000)
        assert page.inner_text("#count") == f"{SUBJECTS} of {SUBJECTS}"
        look(page)
