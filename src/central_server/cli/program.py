"""The program: which commands there are. Each command's module imports what it needs when it runs."""

import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from central_server.cli import (
    api,
    bootstrap,
    dev,
    doctor,
    events,
    keys,
    migrate,
    openapi,
    operators,
    schedules,
    sessions,
    tenants,
    worker,
)
from central_server.cli.failures import explain
from central_server.cli.texts import examples

_HELP = """Central: a multi-tenant identity backend that you host yourself.

Settings come from CENTRAL_… variables, or from the file that --env-file or CENTRAL_ENV_FILE names."""

program = typer.Typer(
    name="central-server",
    help=_HELP,
    epilog=examples("central-server dev", "central-server --env-file /etc/central.env api"),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _show_version(asked: bool) -> None:  # noqa: FBT001 (typer's callback)
    if asked:
        typer.echo(f"central-server {version('central')}")
        raise typer.Exit


@program.callback()
def options(
    *,
    env_file: Annotated[
        Path | None, typer.Option(help="Read settings from this file; variables win over it.", show_default=False)
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Take what holds for every command."""
    del version  # its callback has done it
    if env_file is not None:
        os.environ["CENTRAL_ENV_FILE"] = str(env_file)


for _family in (
    dev,
    api,
    worker,
    migrate,
    bootstrap,
    tenants,
    operators,
    sessions,
    keys,
    schedules,
    events,
    openapi,
    doctor,
):
    _family.add_to(program)


def run() -> None:
    """Run one command; what a person can mend ends in one line on standard error."""
    try:
        program()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        failure = explain(error)
        if failure is None:
            raise
        typer.echo(f"central-server: {failure.line}", err=True)
        sys.exit(failure.status)
