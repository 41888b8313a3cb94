"""`central-server dev`: everything that Central needs, in one terminal."""

# ruff: noqa: PLC0415  (nothing is imported before it is needed: the time to the first answer counts)

from pathlib import Path
from typing import Annotated

import typer

from central_server.cli.texts import add_command


def dev(
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="-- COMMAND", help="Run this against it, then stop.", show_default=False),
    ] = None,
    *,
    port: Annotated[int, typer.Option(min=1, max=65535, help="The API's port; another one if it is taken.")] = 8080,
    data: Annotated[Path, typer.Option(help="Where everything is kept between two runs.")] = Path(".central"),
) -> None:
    """Run all of Central on this machine: PostgreSQL, Temporal, the API and both workers.

    Makes the tenant `acme` with an owner, and shows what runs where and how to sign in. Ctrl-C stops everything;
    the next run finds the data again. With a COMMAND, runs that against it, with CENTRAL_URL, CENTRAL_TENANT,
    CENTRAL_SESSION (of the owner, who is an operator) and CENTRAL_MAILBOX_URL in its environment, then stops
    everything and exits with the command's status. CENTRAL_… settings that are set here, such as
    CENTRAL_LOG_LEVEL, hold for the server.
    """
    import asyncio

    from central_server.cli.dev.command import check_command
    from central_server.cli.dev.report import Report
    from central_server.cli.dev.stack import DevStack

    if command:
        check_command(command)
    stack = DevStack(data.absolute(), port, command or [], Report(to_stderr=bool(command)))
    raise typer.Exit(asyncio.run(stack.run()))


def add_to(program: typer.Typer) -> None:
    """Add the command."""
    lines = (
        "central-server dev",
        "central-server dev --port 9000",
        "central-server dev -- python examples/quickstart.py",
    )
    add_command(program, dev, *lines, ignore_unknown_options=True, allow_interspersed_args=False)
