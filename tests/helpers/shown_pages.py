"""Every page of the server with something on it, and the pictures that pages show."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from PIL import Image

from matcher.serve.views import (
    ArrivalView,
    CaseView,
    FaceTile,
    FeatureView,
    GroupingView,
    GroupView,
    JobView,
    LeadCard,
    LeadView,
    ListView,
    LogLine,
    OpinionView,
    Place,
    ProbeFace,
    RegionView,
    SearchLine,
    Shell,
    Side,
    UploadView,
    VerdictView,
    Viewer,
)

NOW = datetime(2026, 11, 30, 2, 30, tzinfo=UTC)
PICTURE = "/pictures/face"
SIZE = (320, 240)

Page = tuple[str, Mapping[str, Any]]
"""Name of a template, and what it shows."""


def picture() -> bytes:
    """Return a JPEG that grows brighter from left to right."""
    held = io.BytesIO()
    Image.linear_gradient("L").resize(SIZE).convert("RGB").save(held, "JPEG")
    return held.getvalue()


def shell(role: str, text: str, *, problem: bool = False) -> Shell:
    """Return what is around a page, with a text in each place."""
    menu = (Place("Cases", "/cases", current=True), Place("Log", "/log"))
    return Shell(
        Viewer(text, role) if role else None,
        menu if role else (),
        "token",
        () if problem else (text,),
        (text,) if problem else (),
    )


def case(text: str, *, expired: bool = False) -> CaseView:
    """Return a case."""
    return CaseView("c1", text, text, text, text, text, date(2027, 1, 31), expired, 2, 1)


def search(text: str, leads: int) -> SearchLine:
    """Return a search."""
    return SearchLine("ab-17", 17, NOW, text, text, text, leads, leads)


def side(text: str, *, missing: str = "") -> Side:
    """Return one of two photos."""
    place = "" if missing else PICTURE
    return Side(text, place, place, missing, text, ((text, text),), (text,))


def card(number: int, text: str, **more: Any) -> LeadCard:
    """Return a lead as lists show it; without a picture if the number is even."""
    missing = "" if number % 2 else text
    place = PICTURE if number % 2 else ""
    state = more.pop("state", "open")
    return LeadCard(
        f"ab-17-{number}", text, text, place, missing, ((text, text),), number, state, **more
    )


def checklist(text: str) -> tuple[RegionView, ...]:
    """Return two regions; one feature has a mark, and one changes with growth."""
    first = FeatureView("distance", text, True, "similar")
    others = (FeatureView("folds", text, False, said=text), FeatureView("iris", text, False))
    nose = (FeatureView("root", text, True), FeatureView("tip", text, False))
    return RegionView("eyes", text, (first, *others)), RegionView("nose", text, nose)


def lead(text: str, **more: Any) -> LeadView:
    """Return the page of a lead before the viewer's opinion, or with `more` of it."""
    photos = (side(text), side(text), side(text, missing=text))
    facts: dict[str, Any] = {
        "card": card(1, text),
        "search": search(text, 3),
        "case": case(text),
        "probe": side(text),
        "candidates": photos,
        "told": (text,),
        "figures": (),
        "relatives": (text, text),
        "checklist": checklist(text),
        "opinions": (),
        "refused": "",
        "before": "ab-17-3",
        "after": "ab-17-2",
    }
    return LeadView(**(facts | more))


def after_opinion(text: str) -> LeadView:
    """Return the page of a lead with opinions and figures."""
    return lead(
        text,
        card=card(1, text, state="reviewed by one", mine="candidate", score=0.41, rank=3),
        figures=((text, text),),
        opinions=(
            OpinionView(1, text, NOW, "candidate", text, text, ((text, text),), "", True),
            OpinionView(2, text, NOW, "no candidate", text),
            OpinionView(3, text, NOW, "inconclusive", text, withdrawn=text, own=True),
        ),
        refused=text,
    )


def upload(text: str) -> UploadView:
    """Return an upload with two faces, the second not good enough."""
    first = ProbeFace(1, (80.0, 60.0, 160.0, 170.0), True, text)
    second = ProbeFace(2, (200.0, 20.0, 240.0, 70.0), False, text, (text,))
    return UploadView("u1", PICTURE, *SIZE, (first, second), (text,))


def grouping(text: str) -> GroupingView:
    """Return two groups of faces, and one face in none."""
    faces = [FaceTile(number, PICTURE, "", text) for number in range(1, 6)]
    groups = (GroupView(1, tuple(faces[:3]), text, 2), GroupView(2, tuple(faces[3:]), text))
    return GroupingView("g1", text, text, (text,), groups, (FaceTile(9, "", text, text),))


def pages(text: str = "2026/0412") -> dict[str, Page]:
    """Return every page by an address, with a text in each place that shows one."""
    return {**_signing(text), **_cases(text), **_leads(text), **_others(text)}


def _signing(text: str) -> dict[str, Page]:
    return {
        "/sign-in": ("sign_in.html", {"shell": shell("", text, problem=True), "typed_name": text}),
        "/password": ("password.html", {"shell": shell("reviewer", text), "least": 12}),
        "/error": (
            "error.html",
            {
                "shell": shell("reviewer", text),
                "code": 404,
                "heading": "There is no such page",
                "said": text,
                "next_step": text,
            },
        ),
    }


def _cases(text: str) -> dict[str, Page]:
    fields = "gallery", "case_id", "purpose", "legal_basis", "authorisation", "authorised_until"
    forms = {"galleries": ((text, text),), "purposes": ((text, text),)}
    typed = dict.fromkeys(fields, text)
    limits = {"most_megabytes": 20, "most_photos": 100}
    held = {"searches": (search(text, 3), search(text, 0)), "uploads": (upload(text),)}
    job = JobView("j1", text, "running", 4, 12, (text,), "/cases/c1")
    terms = {"age": text, "taken_on": "", "top": "20", "max_fpir": text, "refused": ""}
    operator = shell("operator", text)
    return {
        "/cases": (
            "cases.html",
            {
                "shell": operator,
                "cases": (case(text), case(text, expired=True)),
                "may_open": True,
                "typed": typed,
                **forms,
            },
        ),
        "/cases/none": (
            "cases.html",
            {"shell": operator, "cases": (), "may_open": False, "typed": typed, **forms},
        ),
        "/case": (
            "case.html",
            {
                "shell": operator,
                "case": case(text),
                "jobs": (job,),
                "may_search": True,
                **held,
                **limits,
            },
        ),
        "/case/expired": (
            "case.html",
            {
                "shell": shell("reviewer", text),
                "case": case(text, expired=True),
                "searches": (),
                "uploads": (),
                "jobs": (),
                "may_search": False,
                **limits,
            },
        ),
        "/probe": (
            "probe.html",
            {
                "shell": operator,
                "case": case(text),
                "upload": upload(text),
                "chosen": 1,
                "typed": terms,
                "calibrated": True,
            },
        ),
        "/job": ("job.html", {"shell": operator, "job": job}),
    }


def _leads(text: str) -> dict[str, Page]:
    reviewer = shell("reviewer", text)
    cards = (card(1, text), card(2, text, mine="candidate", score=0.2, rank=4), card(3, text))
    listed = ListView(search(text, 3), side(text), ((text, text),), (text,), cards)
    nothing = ListView(search(text, 0), side(text, missing=text), (), (), ())
    gone = (side(text, missing=text),)
    refused = lead(
        text, candidates=gone, probe=gone[0], typed_outcome="candidate", typed_reason=text
    )
    return {
        "/leads": ("leads.html", {"shell": reviewer, "case": case(text), "found": listed}),
        "/leads/none": ("leads.html", {"shell": reviewer, "case": case(text), "found": nothing}),
        "/lead": ("lead.html", {"shell": reviewer, "lead": lead(text), "photo": 1}),
        "/lead/after": ("lead.html", {"shell": reviewer, "lead": after_opinion(text), "photo": 2}),
        "/lead/refused": (
            "lead.html",
            {"shell": shell("reviewer", text, problem=True), "lead": refused, "photo": 1},
        ),
        "/lead/erased": (
            "lead.html",
            {"shell": reviewer, "lead": lead(text, candidates=(), refused=text), "photo": 1},
        ),
        "/reviews": ("reviews.html", {"shell": reviewer, "leads": cards}),
        "/escalated": ("escalated.html", {"shell": shell("supervisor", text), "leads": cards}),
    }


def _others(text: str) -> dict[str, Page]:
    first = ArrivalView("a1", NOW, side(text), side(text), (text,), received=True)
    second = ArrivalView("a2", NOW, side(text), side(text, missing=text))
    line = LogLine(214, NOW, "search", text, text, text, text, ((text, text),))
    auditor = {"shell": shell("auditor", text), "galleries": ((text, text),), "gallery": text}
    operator = shell("operator", text)
    return {
        "/arrivals": (
            "arrivals.html",
            {"shell": operator, "arrivals": (first, second), "lists": ((text, text),)},
        ),
        "/groupings": ("groupings.html", {"shell": operator, "groupings": (("g1", text, text),)}),
        "/groups": (
            "groups.html",
            {
                "shell": operator,
                "grouping": grouping(text),
                "may_correct": True,
                "changes": ((text, text, True),),
            },
        ),
        "/log": (
            "log.html",
            {
                **auditor,
                "lines": (line,),
                "older": 200,
                "verdict": VerdictView(True, 214, (), (text,)),
            },
        ),
        "/log/damaged": (
            "log.html",
            {**auditor, "lines": (), "older": 0, "verdict": VerdictView(False, 2, (text,))},
        ),
    }
