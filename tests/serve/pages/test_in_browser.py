"""The pages in a browser: readable for everybody, by mouse, by keys, and without scripts."""

from __future__ import annotations

from typing import Any

import chromium
import pytest
import shown_pages
from chromium import Browser, Page, opened
from page_server import PageServer
from waiting import wait_until

pytestmark = pytest.mark.slow

PATHS = list(shown_pages.pages())
PHONE = 390


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, PHONE])
def test_axe_finds_nothing_on_any_page(
    browser: Browser, served: PageServer, width: int, scheme: str
) -> None:
    found = {}
    with opened(browser, width, color_scheme=scheme) as page:
        for path in PATHS:
            page.goto(served.address + path)
            if complaint := chromium.complaints(page):
                found[path] = complaint
    assert not found


@pytest.mark.parametrize("width", [1280, 640, PHONE, 320])
def test_no_page_is_wider_than_the_window(browser: Browser, served: PageServer, width: int) -> None:
    """640 pixels are a window of 1280 at 200 %."""
    with opened(browser, width) as page:
        for path in PATHS:
            page.goto(served.address + path)
            assert chromium.too_wide(page) == 0, path


def test_everything_works_without_scripts(browser: Browser, served: PageServer) -> None:
    """No tool is shown that does nothing, and an opinion and a choice of face can be sent."""
    with opened(browser, java_script_enabled=False) as page:
        page.goto(served.address + "/lead")
        assert not page.locator("#tools").is_visible()
        assert not page.locator("#adjusts").is_visible()
        assert not page.locator("#keys").is_visible()
        page.get_by_text("eyes", exact=False).count()
        page.check('input[name="outcome"][value="no candidate"]')
        page.fill('textarea[name="reason"]', "The ears differ.")
        page.click("text=Write the opinion")
        page.goto(served.address + "/probe")
        page.check('input[name="face"][value="2"]')
        page.click("text=Search for this face")
    (opinion, written), (search, asked) = served.forms
    assert opinion == "/leads/ab-17-1/opinion"
    assert ("outcome", "no candidate") in written
    assert ("mark-eyes-distance", "similar") in written
    assert ("csrf", "token") in written
    assert search == "/probes/u1/search"
    assert ("face", "2") in asked


def _chosen(page: Page) -> tuple[str, str]:
    """Return the number of the chosen face, and that of the box drawn as chosen."""
    choice = page.locator('input[name="face"]:checked').get_attribute("value")
    box = page.locator(".box.chosen").get_attribute("data-face")
    return str(choice), str(box)


def test_a_face_is_chosen_by_its_box_or_its_number(browser: Browser, served: PageServer) -> None:
    with opened(browser) as page:
        page.goto(served.address + "/probe")
        assert _chosen(page) == ("1", "1")
        page.locator('.box[data-face="2"] .under').click()
        assert _chosen(page) == ("2", "2")
        page.keyboard.press("1")
        assert _chosen(page) == ("1", "1")
        page.fill("#field-age", "")
        page.locator("#field-age").press("2")
        assert _chosen(page) == ("1", "1")
        assert page.locator("#field-age").input_value() == "2"


def _look(page: Page, name: str) -> dict[str, Any]:
    """Return how a picture is drawn: its scale, whether it is flipped, its place and brightness."""
    script = """name => {
      const style = getComputedStyle(document.querySelector(`#view-${name} img`));
      const {a, d, e, f} = new DOMMatrix(style.transform);
      return {scale: d, flipped: a < 0, right: e, down: f, filter: style.filter};
    }"""
    drawn: dict[str, Any] = page.evaluate(script, name)
    return drawn


def _looks(page: Page) -> tuple[dict[str, Any], dict[str, Any]]:
    return _look(page, "probe"), _look(page, "subject")


def _together(page: Page) -> bool:
    """Return whether both pictures have the same scale and place, to a tenth of a pixel."""
    probe, subject = ([one["scale"], one["right"], one["down"]] for one in _looks(page))
    return bool(probe == pytest.approx(subject, abs=0.1))


@pytest.fixture
def lead(browser: Browser, served: PageServer) -> Any:
    """The page of a lead, open in the browser."""
    with opened(browser) as page:
        page.goto(served.address + "/lead")
        yield page


def test_zoom_moves_both_photos_together_unless_they_are_let_go(lead: Page) -> None:
    lead.keyboard.press("+")
    assert _together(lead)
    assert _look(lead, "probe")["scale"] == pytest.approx(1.25)
    lead.keyboard.press("t")
    lead.focus("#view-subject")
    lead.keyboard.press("+")
    probe, subject = _looks(lead)
    assert (probe["scale"], subject["scale"]) == pytest.approx((1.25, 1.5625))
    assert lead.inner_text("#scale").replace("\N{MULTIPLICATION SIGN}", "") == "1.3 and 1.6"
    lead.keyboard.press("t")
    assert _together(lead)
    lead.keyboard.press("0")
    assert [one["scale"] for one in _looks(lead)] == [1, 1]


def test_arrows_and_the_mouse_move_a_photo_and_never_off_its_place(lead: Page) -> None:
    lead.focus("#view-probe")
    lead.keyboard.press("ArrowRight")
    assert _look(lead, "probe")["right"] == 0, "a whole picture has nowhere to go"
    for _ in range(4):
        lead.keyboard.press("+")
    before = _look(lead, "probe")
    lead.keyboard.press("ArrowRight")
    after = _look(lead, "probe")
    assert after["right"] < before["right"]
    assert _together(lead)
    box = lead.locator("#view-probe").bounding_box()
    lead.mouse.move(box["x"] + 50, box["y"] + 50)
    lead.mouse.down()
    lead.mouse.move(box["x"] + 5000, box["y"] + 5000)
    lead.mouse.up()
    held = _look(lead, "probe")
    assert (held["right"], held["down"]) == (0, 0)


def test_flip_and_brightness_are_those_of_one_photo(lead: Page) -> None:
    lead.keyboard.press("f")
    lead.keyboard.press("m")
    probe, subject = _looks(lead)
    assert probe["flipped"]
    assert not subject["flipped"]
    assert probe["filter"] == "none"
    assert subject["filter"] == "brightness(1.1)"
    assert lead.input_value("#bright-subject") == "110"
    assert lead.get_attribute('[data-do="flip"][data-of="probe"]', "aria-pressed") == "true"
    lead.fill("#bright-probe", "60")
    assert _look(lead, "probe")["filter"] == "brightness(0.6)"


def test_a_flipped_photo_stays_in_its_place(lead: Page) -> None:
    """The left edge of the flipped picture is the right edge of the place."""
    lead.click('[data-do="flip"][data-of="subject"]')
    place = lead.locator("#view-subject").bounding_box()
    assert lead.locator("#view-subject img").bounding_box() == pytest.approx(place, abs=0.5)


def test_the_overlay_shows_the_subject_to_the_right_of_the_line(lead: Page) -> None:
    lead.keyboard.press("o")
    assert lead.is_visible("#edge")
    probe, subject = (lead.locator(f"#view-{one}").bounding_box() for one in ("probe", "subject"))
    assert probe == subject
    clip = "getComputedStyle(document.getElementById('view-subject')).clipPath"
    assert lead.evaluate(clip) == "inset(0px 0px 0px 50%)"
    lead.keyboard.press(",")
    assert lead.evaluate(clip) == "inset(0px 0px 0px 45%)"
    lead.keyboard.press("o")
    assert not lead.is_visible("#edge")
    assert lead.evaluate(clip) == "none"


def test_keys_go_to_the_features_and_mark_them_one_after_the_other(
    lead: Page, served: PageServer
) -> None:
    lead.keyboard.press("c")
    for key in "dxs":
        lead.keyboard.press(key)
    assert lead.locator("details[open] .feature").count() == 5, "the next region opens by itself"
    lead.keyboard.press("d")
    assert lead.inner_text("summary >> nth=0").endswith("3 of 3 compared")
    lead.keyboard.press("e")
    lead.check('input[name="outcome"][value="inconclusive"]')
    lead.focus("#field-reason")
    lead.keyboard.type("+ f o 0: typed, not obeyed")
    assert _look(lead, "probe")["scale"] == 1
    lead.click("text=Write the opinion")
    ((_, sent),) = served.forms
    marks = dict(sent)
    assert [marks[f"mark-eyes-{one}"] for one in ("distance", "folds", "iris")] == [
        "different",
        "not visible",
        "similar",
    ]
    assert (marks["mark-nose-root"], marks["mark-nose-tip"]) == ("different", "")
    assert marks["reason"] == "+ f o 0: typed, not obeyed"


def test_single_keys_can_be_switched_off(lead: Page) -> None:
    lead.uncheck("#keys-on")
    lead.keyboard.press("f")
    lead.keyboard.press("o")
    assert not _look(lead, "probe")["flipped"]
    assert not lead.is_visible("#edge")


def test_every_key_of_the_list_does_something(lead: Page, served: PageServer) -> None:
    """What the list of keys says is what the script obeys."""
    listed = lead.locator("#keys kbd").all_inner_texts()
    script = (lead.request.get(served.address + "/static/compare.js")).text()
    marks = (lead.request.get(served.address + "/static/checklist.js")).text()
    single = [key for text in listed for key in text.replace(",", " , ").split() if len(key) == 1]
    assert len(single) > 20
    for key in single:
        name = key.lower()
        quoted = f'"{name}":' in script or f"  {name}:" in script or f"  {name}," in script
        assert quoted or f"{name}:" in marks or name == ",", key


def test_long_work_is_followed_until_it_ends(browser: Browser, served: PageServer) -> None:
    with opened(browser) as page:
        page.goto(served.address + "/job")
        served.job["done"] = 7
        page.get_by_text("7 of 12").wait_for()
        assert page.evaluate("document.getElementById('bar').value") == 7
        served.pages["/job"] = served.pages["/job"].replace("running", "done")
        served.job["state"] = "done"
        with page.expect_navigation():
            pass
        assert page.inner_text("#state") == "done"


def test_a_refused_form_has_the_focus_on_what_was_wrong(
    browser: Browser, served: PageServer
) -> None:
    with opened(browser) as page:
        page.goto(served.address + "/lead/refused")
        assert page.evaluate("document.activeElement.id") == "problems"
        assert page.title().startswith("Not done: ")


def test_the_focus_can_be_seen_wherever_it_goes(browser: Browser, served: PageServer) -> None:
    """Every stop of the tab key has an outline."""
    with opened(browser) as page:
        for path in ("/sign-in", "/cases", "/probe", "/lead"):
            page.goto(served.address + path)
            page.evaluate("document.activeElement.blur()")
            for _ in range(30):
                page.keyboard.press("Tab")
                drawn = "getComputedStyle(document.activeElement).outlineStyle"
                if page.evaluate("document.activeElement === document.body"):
                    break
                assert page.evaluate(drawn) == "solid", page.evaluate(
                    "document.activeElement.outerHTML"
                )


def test_two_fingers_and_the_wheel_enlarge_a_photo(browser: Browser, served: PageServer) -> None:
    with opened(browser, PHONE, has_touch=True) as page:
        page.goto(served.address + "/lead")
        box = page.locator("#view-probe").bounding_box()
        middle, height = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        fingers = page.context.new_cdp_session(page)

        def touch(kind: str, *apart: float) -> None:
            points = [{"x": middle + one, "y": height, "id": n} for n, one in enumerate(apart)]
            fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        touch("touchStart", -20, 20)
        touch("touchMove", -40, 20)
        touch("touchMove", -40, 40)
        touch("touchEnd")
        assert _look(page, "probe")["scale"] == pytest.approx(2, abs=0.05)
        assert _together(page)
        page.mouse.move(middle, height)
        page.mouse.wheel(0, -100)
        assert _look(page, "probe")["scale"] == pytest.approx(2, abs=0.05), "it has no focus yet"
        page.focus("#view-probe")
        page.mouse.wheel(0, -100)
        wait_until(lambda: _look(page, "probe")["scale"] > 2.1)


def test_both_photos_stay_in_sight_on_a_phone(browser: Browser, served: PageServer) -> None:
    with opened(browser, PHONE) as page:
        page.goto(served.address + "/lead")
        page.locator("#field-reason").scroll_into_view_if_needed()
        box = page.locator("#views").bounding_box()
        assert box["y"] == pytest.approx(0, abs=1)
        assert page.locator("#view-subject img").is_visible()


def test_the_focus_is_never_hidden_behind_the_photos(browser: Browser, served: PageServer) -> None:
    """On a phone the photos lie over what scrolls below them."""
    seen = """() => {
      const one = document.activeElement, box = one.getBoundingClientRect();
      const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
      return top !== null && (one.contains(top) || top.contains(one));
    }"""
    with opened(browser, PHONE) as page:
        page.goto(served.address + "/lead")
        page.focus("#field-notes")
        for _ in range(12):
            page.keyboard.press("Shift+Tab")
            assert page.evaluate(seen), page.evaluate("document.activeElement.outerHTML")
        page.keyboard.press("c")
        for key in "sdx":
            page.keyboard.press(key)
            assert page.evaluate(seen)


def test_a_form_is_sent_once(browser: Browser, served: PageServer) -> None:
    with opened(browser) as page:
        page.goto(served.address + "/lead")
        page.check('input[name="outcome"][value="candidate"]')
        page.fill("#field-reason", "The ears.")
        with page.expect_navigation():
            page.locator("#opinion > button").dblclick()
    assert len(served.forms) == 1


def test_work_says_so_when_it_can_no_longer_be_asked_for(
    browser: Browser, served: PageServer
) -> None:
    """The session ended while the page was open."""
    page = browser.new_page()
    page.goto(served.address + "/job")
    page.route("**/*.json", lambda route: route.fulfill(status=401))
    page.get_by_text("Load the page again to see how far it is.").wait_for()
    page.close()
