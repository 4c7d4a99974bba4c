"""The routes of the server, each once, and what OpenAPI says of their forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from fastapi import FastAPI
from starlette.responses import Response

Endpoint = Callable[..., Any]

_TEXT: Final = {"type": "string", "maxLength": 200}
_FILES: Final = {"type": "array", "items": {"type": "string", "format": "binary"}, "minItems": 1}
_NUMBERS: Final = {"type": "array", "items": {"type": "integer", "minimum": 0}}
_URL_ENCODED: Final = "application/x-www-form-urlencoded"


def form(*names: str, several: tuple[str, ...] = (), files: str = "") -> dict[str, Any]:
    """Return what OpenAPI says of a form.

    Parameters
    ----------
    names
        Fields with one text.
    several
        Fields with several whole numbers.
    files
        The field with photos; empty for none.
    """
    properties: dict[str, Any] = dict.fromkeys(("csrf", *names), _TEXT)
    properties |= dict.fromkeys(several, _NUMBERS)
    properties |= {files: _FILES} if files else {}
    kind = "multipart/form-data" if files else _URL_ENCODED
    schema = {"type": "object", "properties": properties, "required": ["csrf"]}
    return {"requestBody": {"content": {kind: {"schema": schema}}, "required": True}}


class Table:
    """Collects routes; each route is a function that returns a response."""

    def __init__(self) -> None:
        self._routes: list[tuple[str, Endpoint, dict[str, Any]]] = []

    def add_to(self, app: FastAPI) -> None:
        """Give an application these routes."""
        for path, endpoint, facts in self._routes:
            app.add_api_route(path, endpoint, **facts)

    def get(self, path: str, media_type: str = "text/html") -> Callable[[Endpoint], Endpoint]:
        """Add a page, a picture or a text."""
        return self._add("GET", path, media_type, None)

    def post(
        self, path: str, fields: dict[str, Any] | None = None
    ) -> Callable[[Endpoint], Endpoint]:
        """Add what a form does."""
        return self._add("POST", path, "text/html", fields or form())

    def _add(
        self, method: str, path: str, media_type: str, extra: dict[str, Any] | None
    ) -> Callable[[Endpoint], Endpoint]:
        def add(endpoint: Endpoint) -> Endpoint:
            facts: dict[str, Any] = {
                "methods": [method],
                "response_model": None,
                "response_class": Response,
                "responses": _answers(method, media_type),
                "openapi_extra": extra,
                "name": endpoint.__name__,
            }
            self._routes.append((path, endpoint, facts))
            return endpoint

        return add


_REFUSALS: Final = {
    400: "Not a request of these pages.",
    403: "The role or the account may not do this, or the form is out of date.",
    404: "Not here, or not for this account.",
    409: "Not in this state.",
    413: "Too large.",
    422: "Something is missing or wrong; the page says what.",
    429: "Too many attempts.",
    503: "Not now; try again.",
}


def _answers(method: str, media_type: str) -> dict[int | str, dict[str, Any]]:
    answers: dict[int | str, dict[str, Any]] = {
        status: {"description": said, "content": {"text/html": {}}}
        for status, said in _REFUSALS.items()
    }
    answers[303] = {"description": "Go to the page that `location` names."}
    if method == "GET":
        answers[200] = {"description": "The page.", "content": {media_type: {}}}
    else:
        answers[200] = {"description": "The page with what was found.", "content": {media_type: {}}}
    return answers
