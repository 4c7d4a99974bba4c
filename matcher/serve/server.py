"""Serve an application on a socket."""

from __future__ import annotations

from collections.abc import Callable
from socket import socket
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from matcher.serve.errors import ServeError
from matcher.serve.listening import Listening, is_loopback

_HEADERS_AT_MOST: Final = 16 * 1024
_IDLE_SECONDS: Final = 15
_AT_ONCE: Final = 512
_GRACE: Final = 30  # seconds for answers that are under way at the end


def serve_on(app: ASGIApp, listening: Listening, say: Callable[[str], None]) -> None:
    """Serve an application until the process is told to end; see `run_server`."""
    config = uvicorn.Config(
        app,
        host=listening.host,
        port=listening.port,
        ssl_certfile=None if listening.certificate is None else str(listening.certificate),
        ssl_keyfile=None if listening.key is None else str(listening.key),
        access_log=False,
        server_header=False,
        log_config=None,
        lifespan="on",
        limit_concurrency=_AT_ONCE,
        timeout_keep_alive=_IDLE_SECONDS,
        h11_max_incomplete_event_size=_HEADERS_AT_MOST,
        timeout_graceful_shutdown=_GRACE,
        ws="none",
        proxy_headers=False,
    )
    server = _Told(config, listening, say)
    try:
        config.load()
        server.run()
    except KeyboardInterrupt:
        if not server.started:
            raise
        say("Ended.")  # as whoever serves asks for it, after what was under way
    except (OSError, ValueError) as error:
        raise _unusable(error) from error
    except SystemExit as error:
        raise _unusable("one that is in use, or none of this machine's") from error


class _Told(uvicorn.Server):
    """Says where it listens."""

    def __init__(
        self, config: uvicorn.Config, listening: Listening, say: Callable[[str], None]
    ) -> None:
        super().__init__(config)
        self._listening, self._say = listening, say

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        if not self.started:
            return
        port = self.servers[0].sockets[0].getsockname()[1]
        host = self._listening.host
        shown = f"[{host}]" if ":" in host else host
        scheme = "https" if self._listening.tls else "http"
        self._say(f"Serving {scheme}://{shown}:{port} until Ctrl-C.")
        if not is_loopback(host):
            self._say("Other machines can reach this address.")


def _unusable(got: object) -> ServeError:
    return ServeError(
        "address or certificate of the server",
        rule="must be usable",
        got=getattr(got, "strerror", None) or got,
        next_step="Take another port, or correct the files of TLS.",
    )
