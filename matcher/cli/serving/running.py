"""`matcher serve GALLERY`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from matcher.cli.console import say
from matcher.cli.options import Policy
from matcher.cli.serving.group import RUN, State, serve
from matcher.errors import InputError
from matcher.names import told_apart

_PANEL = "Who can reach it"


@serve.command(RUN)
def run(
    galleries: Annotated[
        list[Path], typer.Argument(metavar="GALLERY...", help="Governed galleries.")
    ],
    state: State,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8765,
    groups: Annotated[
        list[Path] | None,
        typer.Option(help="File of groups, of `matcher group --state`; repeatable."),
    ] = None,
    audit_report: Annotated[
        Path | None, typer.Option(help="Folder that `matcher audit --out` wrote.")
    ] = None,
    calibration: Annotated[
        Path | None, typer.Option(help="Record of what scores mean by age.")
    ] = None,
    policy: Annotated[
        Policy, typer.Option(help="Quality below which a probe is refused, unless asked for.")
    ] = Policy.standard,
    workers: Annotated[int, typer.Option(min=1, help="Searches at once.")] = 2,
    upload_megabytes: Annotated[int, typer.Option(min=1, help="Largest upload.")] = 64,
    host: Annotated[
        str, typer.Option(help="Address to listen on.", rich_help_panel=_PANEL)
    ] = "127.0.0.1",
    allow_remote: Annotated[
        bool,
        typer.Option(
            "--allow-remote",
            help="Let other machines reach the address; needs both files of TLS.",
            rich_help_panel=_PANEL,
        ),
    ] = False,
    tls_certificate: Annotated[
        Path | None, typer.Option(help="Certificate, PEM.", rich_help_panel=_PANEL)
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(help="Its key, PEM.", rich_help_panel=_PANEL)
    ] = None,
    host_name: Annotated[
        list[str] | None,
        typer.Option(
            help="Name by which browsers call this machine; repeatable.", rich_help_panel=_PANEL
        ),
    ] = None,
) -> None:
    """Serve the page on this machine until Ctrl-C. Searches under way are finished.

    Accounts come first: matcher serve accounts add NAME --role operator --state FOLDER.
    """
    from matcher.serve import Listening, ServeSettings, run_server

    listening = Listening(host, port, allow_remote, tls_certificate, tls_key)
    settings = ServeSettings(
        galleries=_named(galleries),
        state=state,
        groups=_named(groups or []),
        audit_report=audit_report,
        calibration=calibration,
        policy=policy.value,
        hosts=listening.hosts(tuple(host_name or ())),
        tls=listening.tls,
        workers=workers,
        upload_megabytes=upload_megabytes,
    )
    run_server(settings, listening, say)


def _named(paths: list[Path]) -> dict[str, Path]:
    """Return paths by the names that pages show; the same one twice is refused."""
    names = told_apart(paths)
    if len(set(names)) < len(paths):
        raise InputError(
            "galleries and files of groups",
            rule="must be different ones",
            got="the same path twice",
            next_step="Name each once.",
        )
    return dict(zip(names, paths, strict=True))
