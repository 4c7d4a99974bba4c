"""Upload photos, choose the face, search; several photos become a job."""

from __future__ import annotations

import hashlib
import math
import threading
from collections.abc import Callable
from dataclasses import replace

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from matcher.casework import Casework
from matcher.errors import InputError, MatcherError
from matcher.gallery import Gallery
from matcher.serve.refusals import Refusal
from matcher.serve.routes.cases import case_page, day_of, problem_of
from matcher.serve.routes.here import Here, here
from matcher.serve.routes.table import Table, form
from matcher.serve.security.forms import whole
from matcher.serve.services import Services
from matcher.serve.showing import view_of
from matcher.serve.showing.cases import concluded
from matcher.serve.state import Job, Upload
from matcher.serve.views import ProbeFace, UploadView
from matcher.serve.work import OpenCase, ReadProbe, Wanted
from matcher.serve.work.searching import DEFAULT_TOP, MOST_TOP

table = Table()

_OLDEST = 120.0
_keeping = threading.Lock()
_TYPED = ("face", "age", "taken_on", "top", "max_fpir", "refused")


@table.post("/cases/{case}/probes", form(files="photos"))
async def upload(request: Request, case: str) -> Response:
    """Take photos in: one is shown with its faces, several are searched in the background."""
    at = here(request)
    opened = await run_in_threadpool(at.case, case)
    try:
        kept = await run_in_threadpool(_keep, at, opened)
        if isinstance(kept, str):
            at.services.runner.add(kept)
            return at.go(f"/jobs/{kept}", "The photos are searched now. You can close this page.")
        await at.services.searching.apart(lambda: _read(at, opened, kept))
    except (MatcherError, Refusal) as error:
        status, problem = problem_of(at, error)
        return await run_in_threadpool(
            lambda: case_page(at, opened, status=status, problems=(problem,))
        )
    return at.go(f"/probes/{kept.key}")


@table.get("/probes/{upload}")
async def faces(request: Request, upload: str) -> Response:
    """Show an uploaded photo with its faces."""
    at = here(request)
    kept, opened = await run_in_threadpool(_own, at, upload)
    read = await at.services.searching.apart(lambda: _read(at, opened, kept))
    typed = {**dict.fromkeys(_TYPED, ""), "top": str(DEFAULT_TOP)}
    return await run_in_threadpool(lambda: _faces_page(at, kept, opened, read, typed))


@table.post("/probes/{upload}/search", form(*_TYPED))
async def search(request: Request, upload: str) -> Response:
    """Search for the chosen face; the record is in the log before the list is shown."""
    at = here(request)
    kept, opened = await run_in_threadpool(_own, at, upload)
    typed = {name: at.fields.text(name) for name in _TYPED}
    read = await at.services.searching.apart(lambda: _read(at, opened, kept))
    try:
        told, wanted = _wanted(kept, typed, len(read.faces))
        number = await at.services.searching.apart(lambda: _search(at, opened, told, wanted))
    except (MatcherError, Refusal) as error:
        status, problem = problem_of(at, error)
        return await run_in_threadpool(
            lambda: _faces_page(at, kept, opened, read, typed, status, (problem,))
        )
    await run_in_threadpool(_discard, at, kept)
    return at.go(f"/searches/{opened.served.key}-{number}")


@table.post("/probes/{upload}/discard")
def discard(request: Request, upload: str) -> Response:
    """Delete an uploaded photo that nobody searched for."""
    at = here(request)
    kept, opened = _own(at, upload)
    _discard(at, kept)
    return at.go(opened.path, "The photo is deleted.")


def search_of_job(services: Services) -> Callable[[Job, Upload], str]:
    """Return what searches for one photo of a job, with the rights that its account has then."""

    def search_one(job: Job, kept: Upload) -> str:
        account = services.accounts.get(job.name)
        served = services.galleries.by_id(job.gallery)
        if account is None or served is None or served.gallery_id not in account.galleries:
            raise Refusal.plain(403, "The account has no right to this gallery any more.")
        if account.role not in ("operator", "supervisor"):
            raise Refusal.forbidden(account.role)
        known = served.cases.case(job.case)
        if known is None:
            raise Refusal.missing()
        opened = OpenCase(served, known, served.cases.case_id(job.case))
        work = services.searching
        context = opened.context(account)
        number = work.wait(lambda: work.search(served, context, kept, Wanted(), keep_probe))
        return f"{served.key}-{number}"

    return search_one


def keep_probe(gallery: Gallery, data: bytes) -> None:
    """Keep the bytes of a probe with the casework of a gallery, so that reviewers see it."""
    sha256 = hashlib.sha256(data).hexdigest()
    with Casework.open(gallery) as casework, _keeping:  # several may search for one photo at once
        if casework.probe(sha256) is None:
            casework.keep_probe(data)


def _keep(at: Here, opened: OpenCase) -> Upload | str:
    """Keep the photos of a form: return the only one, or the key of the job for several."""
    services, account = at.services, at.account
    photos = at.fields.files.get("photos", ())
    most = services.settings.photo_megabytes
    if not photos or not all(photos):
        raise InputError(
            "the photo",
            rule="must be chosen, and hold something",
            got="none",
            next_step="Choose one or several files.",
        )
    if any(len(photo) > most * 1024 * 1024 for photo in photos):
        raise Refusal.too_large(most * 1024 * 1024)
    lacking = opened.context(account).lacking_for_search()
    if lacking:
        raise Refusal(403, "The authorisation of the case does not hold.", "Give it a new one.")
    key = services.jobs.new_key() if len(photos) > 1 else None
    kept = services.uploads.add(
        photos,
        gallery=opened.served.gallery_id,
        case=opened.known.token,
        name=account.name,
        job=key,
    )
    if key is None:
        return kept[0]
    services.jobs.begin(key, kept)
    return key


def _own(at: Here, key: str) -> tuple[Upload, OpenCase]:
    """Return an upload of the account, with its case."""
    kept = at.services.uploads.get(key)
    if kept is None or kept.name != at.account.name or kept.job is not None:
        raise Refusal.missing()
    return kept, at.case(kept.case)


def _read(at: Here, opened: OpenCase, kept: Upload) -> ReadProbe:
    try:
        return at.services.searching.read(opened.served, kept)
    except MatcherError:
        _discard(at, kept)  # it cannot be read, and will not be
        raise


def _discard(at: Here, kept: Upload) -> None:
    at.services.searching.forget(kept)
    at.services.uploads.discard([kept])


def _search(at: Here, opened: OpenCase, kept: Upload, wanted: Wanted) -> int:
    context = opened.context(at.account)
    return at.services.searching.search(opened.served, context, kept, wanted, keep_probe)


def _wanted(kept: Upload, typed: dict[str, str], faces: int) -> tuple[Upload, Wanted]:
    """Return the upload with what was typed of it, and what to search for."""
    age, day = typed["age"], day_of("taken on", typed["taken_on"])
    if age:
        _number("age", age, _OLDEST)
    top = whole("number of leads", typed["top"] or str(DEFAULT_TOP), MOST_TOP)
    share = typed["max_fpir"]
    wanted = Wanted(
        face=whole("face", typed["face"], faces) if typed["face"] else "one",
        top=top,
        max_fpir=_number("share of searches", share, 1.0) if share else None,
        although_refused=typed["refused"] == "yes",
    )
    return replace(kept, age=age, taken_on="" if day is None else day.isoformat()), wanted


def _number(what: str, text: str, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= most or len(text) > 16:
        raise InputError(
            what,
            rule=f"must be a number from 0 to {most:g}",
            got="another text",
            next_step="Type it as in 0.5.",
        )
    return value


def _faces_page(
    at: Here,
    kept: Upload,
    opened: OpenCase,
    read: ReadProbe,
    typed: dict[str, str],
    status: int = 200,
    problems: tuple[str, ...] = (),
) -> Response:
    chosen = typed["face"]
    return at.page(
        "probe.html",
        status=status,
        problems=problems,
        case=view_of(opened, concluded(opened.served)),
        upload=upload_view(kept, read),
        chosen=int(chosen) if chosen.isdigit() and len(chosen) < 6 else 1,
        typed=typed,
        calibrated=at.services.searching.calibrated,
    )


def upload_view(kept: Upload, read: ReadProbe) -> UploadView:
    """Return what pages show of an uploaded photo."""
    width, height = read.size
    return UploadView(
        key=kept.key,
        picture=f"/pictures/uploads/{kept.key}",
        width=width,
        height=height,
        faces=tuple(
            ProbeFace(
                number=face.number,
                box=face.box,
                enough=not face.reasons,
                verdict=_verdict(face.reasons, degraded=face.degraded),
                reasons=tuple(f"{reason[:1].upper()}{reason[1:]}." for reason in face.reasons),
            )
            for face in read.faces
        ),
        notes=read.notes,
    )


def _verdict(reasons: tuple[str, ...], *, degraded: bool) -> str:
    if reasons:
        return "Not good enough to search for, by the quality policy."
    if degraded:
        return "Good enough, but degraded: the list is less sure, and no figures hold for it."
    return "Good enough to search for."
