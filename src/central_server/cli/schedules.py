# ruff: noqa: PLC0415  (Temporal's client is imported when it is needed)

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from central_server.cli.failures import CommandError
from central_server.cli.screen import in_utc, print_table
from central_server.cli.texts import add_command, family

if TYPE_CHECKING:
    from central_server.infra.temporal.timetable import ScheduledRun, ScheduleState, Timetable

T = TypeVar("T")
_COLUMNS = ("name", "every", "next run", "last run", "outcome", "state")


def list_schedules() -> None:
    """List what comes round by the clock: how often, when next, and how it went last."""

    async def work(timetable: "Timetable") -> "list[ScheduleState]":
        return await timetable.look()

    print_table(_COLUMNS, [_row(state) for state in _with_timetable(work)])


def trigger(name: Annotated[str, typer.Argument(help="Its name, as `list` shows it.", show_default=False)]) -> None:
    """Run a schedule now, paused or not, and print the id of its workflow.

    One run goes on at a time: while one does, none is started.
    """

    async def work(timetable: "Timetable") -> str:
        if name not in timetable.names:
            message = f"There is no schedule {name!r}; there are: {', '.join(timetable.names)}."
            raise CommandError(message, 2)
        from central.errors import NotFoundError

        try:
            return await timetable.trigger(name)
        except NotFoundError:
            message = f"Temporal has no schedule {name} yet: `central-server worker core` makes it when it starts."
            raise CommandError(message) from None

    typer.echo(_with_timetable(work))


def _with_timetable(work: "Callable[[Timetable], Awaitable[T]]") -> T:
    """Run work with the schedules; needs Temporal, and no database."""
    from central_server.infra.config import load_settings
    from central_server.infra.logs import configure_logging
    from central_server.infra.telemetry import NO_TRACES
    from central_server.infra.temporal.timetable import Timetable
    from central_server.parts import make_temporal
    from central_server.worker.schedules import SCHEDULES

    settings = load_settings()
    configure_logging("warning" if settings.log_level == "info" else settings.log_level)

    async def run() -> T:
        return await work(Timetable(make_temporal(settings, NO_TRACES), SCHEDULES))

    return asyncio.run(run())


def _row(state: "ScheduleState") -> tuple[str, ...]:
    last = state.last_run
    shown = "missing" if not state.there else "paused" if state.paused else "active"
    started = None if last is None else last.started_at
    return (state.name, in_words(state.every), _time(state.next_run), _time(started), _outcome(last), shown)


def _outcome(run: "ScheduledRun | None") -> str:
    return "" if run is None else run.outcome or "forgotten"


def _time(at: datetime | None) -> str:
    return "" if at is None else in_utc(at)


def in_words(span: timedelta) -> str:
    """Give a span of whole units in the largest that fits: `5m`, `1h`, `1d`."""
    seconds = int(span.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def add_to(program: typer.Typer) -> None:
    """Add the family."""
    schedules = family("What comes round by the clock.", "central-server schedules list")
    add_command(schedules, list_schedules, "central-server schedules list", name="list")
    add_command(schedules, trigger, "central-server schedules trigger domains.recheck")
    program.add_typer(schedules, name="schedules")
