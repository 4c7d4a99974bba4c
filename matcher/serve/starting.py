"""Make a server, and run it, once it is clear that its extra is installed."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from matcher.arguments import expect
from matcher.embedding import Extractor, ModelIdentity
from matcher.faces import DetectorName
from matcher.serve.listening import Listening
from matcher.serve.settings import ServeSettings
from matcher.serve.state.passwords import missing_extra

if TYPE_CHECKING:
    from matcher.serve.app import Server

_PACKAGES: Final = {
    "argon2": "argon2-cffi",
    "fastapi": "fastapi",
    "python_multipart": "python-multipart",
    "uvicorn": "uvicorn",
}
"""Packages of the extra, by the names of their modules."""


def create_app(
    settings: ServeSettings,
    *,
    load: Callable[[ModelIdentity, DetectorName], Extractor] | None = None,
    clock: Callable[[], float] = time.time,
) -> Server:
    """Return the server as an ASGI application. `matcher serve` runs it.

    Parameters
    ----------
    settings
        What is served, where the state lies, and the limits.
    load
        Loads the extractor of a model with a detector; None for `load_extractor`.
    clock
        Returns the time in seconds since 1970, for sessions and waits.

    Raises
    ------
    InputError
        For what are no settings, and for a gallery that is given twice.
    MissingExtraError
        The extra `serve` is not installed.
    GalleryError
        A gallery cannot be opened, or is not governed.
    ServeError, CalibrationError
        The state, the audit report or the calibration cannot be used.
    """
    step = "Give ServeSettings(galleries={...}, state=...)."
    expect("settings", settings, ServeSettings, rule="must be settings", next_step=step)
    _require_extra()
    from matcher.serve.app import Server, services_of

    return Server(services_of(settings, load, clock))


def run_server(
    settings: ServeSettings, listening: Listening, say: Callable[[str], None] = lambda _: None
) -> None:
    """Serve until the process is told to end. Searches that are under way are finished.

    Parameters
    ----------
    settings
        What is served.
    listening
        Where.
    say
        Hears the address once the server listens, and whether others may reach it.

    Raises
    ------
    ServeError
        The address or the files of TLS cannot be used.
    MatcherError
        As `create_app`.
    """
    app = create_app(settings)
    from matcher.serve.server import serve_on

    serve_on(app, listening, say)


def _require_extra() -> None:
    for module, package in _PACKAGES.items():
        if find_spec(module) is None:
            raise missing_extra(package)
