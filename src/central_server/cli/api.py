# ruff: noqa: PLC0415  (the server is imported when it runs)

from typing import Annotated

import typer

from central_server.cli.services import read_settings
from central_server.cli.texts import add_command


def api(
    *,
    host: Annotated[str | None, typer.Option(help="Listen on this address; else CENTRAL_HOST.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Listen on this port; else CENTRAL_PORT.")] = None,
) -> None:
    """Serve the API.

    One process serves one core: to scale, run several of it behind a load balancer. It starts, and answers 503,
    while PostgreSQL is away. SIGTERM lets requests in flight finish, for up to 20 seconds.
    """
    settings = read_settings()
    from central_server.serving import listen, serve_api

    sock = listen(host or settings.host, settings.port if port is None else port)
    serve_api(settings, sock)


def add_to(program: typer.Typer) -> None:
    """Add the command."""
    add_command(program, api, "central-server api", "central-server api --host 0.0.0.0 --port 8080")
