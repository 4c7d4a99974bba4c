"""Pictures: made of pixels, without metadata, for whoever may open the page that shows them."""

from __future__ import annotations

from typing import Final, get_args

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from matcher.casework.probes import kept
from matcher.encryption import keys_of
from matcher.faces import Detector
from matcher.gallery import Gallery, StoredFace
from matcher.paths import from_reference
from matcher.serve.refusals import Refusal
from matcher.serve.routes.arrivals import looking
from matcher.serve.routes.here import Here, here
from matcher.serve.routes.searches import context_of
from matcher.serve.routes.table import Table
from matcher.serve.security.forms import whole
from matcher.serve.showing import case_leads
from matcher.serve.showing.arrivals import face_of
from matcher.serve.showing.sides import probe_path
from matcher.serve.work.pictures import View

table = Table()

_JPEG: Final = "image/jpeg"


@table.get("/pictures/uploads/{upload}", _JPEG)
async def of_upload(request: Request, upload: str) -> Response:
    """Give an uploaded photo."""
    at = here(request)
    waiting = await run_in_threadpool(at.services.uploads.get, upload)
    if waiting is None or waiting.name != at.account.name:
        raise Refusal.missing()
    opened = await run_in_threadpool(at.case, waiting.case)
    searching = at.services.searching
    read = await searching.apart(lambda: searching.read(opened.served, waiting))
    return Response(read.picture, media_type=_JPEG)


@table.get("/pictures/probes/{search}/{view}", _JPEG)
def of_probe(request: Request, search: str, view: str) -> Response:
    """Give the kept probe of a search."""
    at = here(request)
    opened, known = at.search(search)
    if not known.probe:
        raise Refusal.missing()
    path = probe_path(opened.served, known.probe)
    with at.services.galleries.using(opened.served) as gallery:
        detector = at.services.galleries.extractor(gallery)
    data = None
    if keys_of(opened.served.path) is not None:
        data = kept(opened.served.log.path.parent, known.probe)
        if data is None:
            raise Refusal.missing()
    found = at.services.pictures.of_file(
        path, known.probe, None, detector, _view(view), face=known.face, data=data
    )
    return Response(found, media_type=_JPEG)


@table.get("/pictures/leads/{lead}/{photo}/{view}", _JPEG)
def of_lead(request: Request, lead: str, photo: str, view: str) -> Response:
    """Give a photo of a candidate."""
    at = here(request)
    search, _, place = lead.rpartition("-")
    opened, known = at.search(search)
    if not place.isascii() or not place.isdigit() or not 1 <= int(place[:7]) <= known.leads:
        raise Refusal.missing()
    number = whole("photo", photo, 1000)
    context = context_of(at, opened)
    with case_leads(at.services, opened.served, context, at.account) as work:
        found = work.casework.lead(f"{known.number}-{int(place)}")
        faces = work.sides.faces_of(found.subject_id, found.face_id)
        if number >= len(faces):
            raise Refusal.missing()
        return _of_face(at, work.gallery, faces[number], _view(view))


@table.get("/pictures/arrivals/{lead}/{side}", _JPEG)
def of_arrival(request: Request, lead: str, side: str) -> Response:
    """Give one of the two photos of a lead of the watch list."""
    at = here(request)
    key, _, lead_id = lead.partition("-")
    name, _, view = side.partition("-")
    served = at.services.galleries.named(key, at.account)
    with at.services.galleries.using(served, looking(at)) as gallery:
        return _of_face(at, gallery, face_of(gallery, lead_id, name), _view(view))


@table.get("/pictures/groups/{grouping}/{face}", _JPEG)
def of_group(request: Request, grouping: str, face: str) -> Response:
    """Give a face of a group."""
    at = here(request)
    found = at.services.groupings.named(grouping).face(whole("face", face))
    for reference in found.files:
        try:
            made = at.services.pictures.of_points(
                from_reference(reference), found.sha256, found.landmarks
            )
        except Refusal:
            continue
        return Response(made, media_type=_JPEG)
    raise Refusal.missing()


def _of_face(at: Here, gallery: Gallery, face: StoredFace, view: View) -> Response:
    detector: Detector = at.services.galleries.extractor(gallery)
    path = from_reference(face.photo.reference)
    made = at.services.pictures.of_file(path, face.photo.sha256, face.box, detector, view)
    return Response(made, media_type=_JPEG)


def _view(text: str) -> View:
    if text not in get_args(View):
        raise Refusal.missing()
    return text  # type: ignore[return-value]
