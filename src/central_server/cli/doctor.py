# ruff: noqa: PLC0415  (the checks are imported when they run)

import asyncio

import typer

from central_server.cli.screen import console, progress
from central_server.cli.texts import add_command


def doctor() -> None:
    """Check settings, database, migrations, events, webhooks, jobs, Temporal, schedules, mail, files, DNS and keys.

    Each line says ok, or what to do. Exits with 1 when anything is wrong; changes nothing.
    """
    from central_server.cli.examinations import Finding, examine
    from central_server.infra.config import SettingsError, load_settings
    from central_server.infra.logs import configure_logging

    configure_logging("error")
    try:
        settings = load_settings()
    except SettingsError as error:
        findings = [Finding("settings", str(error))]
    else:
        with progress("Examining"):
            findings = asyncio.run(examine(settings))
    _show([(finding.part, finding.wrong or "", finding.detail) for finding in findings])
    if any(finding.wrong for finding in findings):
        raise typer.Exit(1)


def _show(rows: list[tuple[str, str, str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(show_header=False, box=None, padding=(0, 1))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for part, wrong, detail in rows:
        verdict = Text("wrong", style="red") if wrong else Text("ok", style="green")
        table.add_row(part, verdict, Text(wrong or detail))
    console().print(table)


def add_to(program: typer.Typer) -> None:
    """Add the command."""
    add_command(program, doctor, "central-server doctor", "central-server --env-file .central/dev.env doctor")
