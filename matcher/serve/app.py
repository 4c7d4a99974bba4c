"""Put a server together: its state, its work, its routes, and the guard before them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from matcher._version import __version__
from matcher.decoding import Decoding
from matcher.embedding import Extractor, ModelIdentity, load_extractor, name_for
from matcher.errors import MatcherError
from matcher.faces import DetectorName
from matcher.search import Calibration
from matcher.serve.errors import ServeError
from matcher.serve.guard import Guard, report
from matcher.serve.pages import Pages
from matcher.serve.refusals import Refusal, refusal_of
from matcher.serve.routes import TABLES
from matcher.serve.routes.probes import search_of_job
from matcher.serve.routes.report import files_of
from matcher.serve.security import ROUTES
from matcher.serve.services import Services
from matcher.serve.settings import ServeSettings
from matcher.serve.state import Accounts, Attempts, Jobs, Sessions, StateFolder, Uploads
from matcher.serve.state.passwords import prepare
from matcher.serve.work import Galleries, Groupings, JobRunner, Pictures, SearchWork
from matcher.serve.work.galleries import LoadExtractor


class Server:
    """The ASGI application. Get it by `create_app`; a server of ASGI runs it.

    Parameters
    ----------
    services
        The parts of the server.
    """

    def __init__(self, services: Services) -> None:
        self.services = services
        self._inner = FastAPI(
            title="matcher",
            version=__version__,
            description="Leads for people to review. Every route but that for signing in needs a "
            "session; `csrf` in each form is the token of the session.",
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            lifespan=self._living,
            redirect_slashes=False,
        )
        self._inner.state.services = services
        for kind in (Refusal, MatcherError, HTTPException, RequestValidationError, Exception):
            self._inner.add_exception_handler(kind, self._refuse)
        for table in TABLES:
            table.add_to(self._inner)
        self._inner.add_api_route("/openapi.json", self._openapi, include_in_schema=False)
        routes = [one for one in self._inner.router.routes if isinstance(one, Route)]
        _require_table(routes)
        self._inner.mount("/static", StaticFiles(directory=str(files("matcher.serve") / "static")))
        self._guarded: ASGIApp = Guard(self._inner, routes, services)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self._guarded(scope, receive, send)

    def lifespan(self) -> AbstractAsyncContextManager[None]:
        """Begin the work of the server, and end it with the block; a server of ASGI does this."""
        return self._living(self._inner)

    def openapi(self) -> dict[str, Any]:
        """Return the description of all routes."""
        return self._inner.openapi()

    def _openapi(self) -> Response:
        return JSONResponse(self.openapi())

    def _refuse(self, request: Request, error: Exception) -> Response:
        """Return the page of what a route raised."""
        refusal = refusal_of(error, self.services.hidden_paths)
        report(error, refusal)
        session = getattr(request.state, "session", None)
        return self.services.pages.error(request, session, refusal)

    @asynccontextmanager
    async def _living(self, app: FastAPI) -> AsyncIterator[None]:
        del app
        services = self.services
        await run_in_threadpool(self._begin)
        try:
            yield
        finally:
            await run_in_threadpool(services.runner.stop)
            await run_in_threadpool(services.searching.close)
            services.pictures.close()
            services.galleries.close()

    def _begin(self) -> None:
        prepare()
        self.services.galleries.open_all()
        self.services.uploads.sweep()
        self.services.runner.start()


def services_of(
    settings: ServeSettings,
    load: LoadExtractor | None,
    clock: Callable[[], float],
) -> Services:
    """Return the parts of a server, see `create_app`."""
    folder = StateFolder.of(settings.state)
    with folder.accounts(), folder.work():
        pass  # a file that cannot be used is told of now
    sessions = Sessions(
        folder,
        idle=settings.idle_minutes * 60.0,
        longest=settings.longest_hours * 3600.0,
        clock=clock,
    )
    galleries = Galleries(settings.galleries, load or _loaded, settings.workers)
    pictures = Pictures(Decoding(workers=settings.workers))
    calibration = None if settings.calibration is None else Calibration.load(settings.calibration)
    jobs, uploads = Jobs(folder, clock=clock), Uploads(folder, clock=clock)
    hidden = _hidden(settings)
    services = Services(
        settings=settings,
        accounts=Accounts(folder),
        sessions=sessions,
        attempts=Attempts(folder, clock=clock),
        uploads=uploads,
        jobs=jobs,
        galleries=galleries,
        groupings=Groupings(settings.groups),
        pictures=pictures,
        searching=SearchWork(
            galleries,
            pictures,
            policy=settings.policy,
            calibration=calibration,
            workers=settings.workers,
        ),
        runner=JobRunner(jobs, uploads, hidden),
        report=files_of(settings.audit_report),
        pages=Pages(sessions, tls=settings.tls, left_out=_nothing_for(settings)),
        hidden_paths=hidden,
        clock=clock,
    )
    services.runner.search = search_of_job(services)
    return services


def _loaded(model: ModelIdentity, detector: DetectorName) -> Extractor:
    return load_extractor(name_for(model), detector=detector)


def _nothing_for(settings: ServeSettings) -> tuple[str, ...]:
    """Return the places of the menu for which nothing was given."""
    given = {"/groups": bool(settings.groups), "/audit-report/": settings.audit_report is not None}
    return tuple(place for place, is_there in given.items() if not is_there)


def _hidden(settings: ServeSettings) -> tuple[str, ...]:
    """Return the paths that no answer may have."""
    report = () if settings.audit_report is None else (settings.audit_report,)
    calibration = () if settings.calibration is None else (settings.calibration,)
    given = (*settings.galleries.values(), *settings.groups.values(), *report, *calibration)
    paths = {path for one in (settings.state, *given) for path in (one, one.absolute())}
    return tuple(sorted({str(path) for path in paths} | {str(Path.home())}))


def _require_table(routes: list[Route]) -> None:
    """Refuse routes without a row in the table of roles, and rows without a route."""
    served = {(method, one.path) for one in routes for method in one.methods or ()}
    if served != set(ROUTES):
        raise ServeError(
            "routes of the server",
            rule="must be those of the table of roles",
            got=sorted(served ^ set(ROUTES)),
            next_step="Add a row to matcher/serve/security/access.py, or the route.",
        )
