"""`python -m bench`: start everything, check that all answer alike, measure, report."""

import asyncio
import os
import platform
import signal
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bench import report
from bench.central import central
from bench.database import BenchDatabase, bench_database
from bench.figures.all import measure_figures
from bench.figures.figure import Figure
from bench.load import LoadError, load_generator
from bench.machine import Cores, choose_cores
from bench.options import Options, read_options
from bench.peers import peers
from bench.rounds import Bench, Results
from bench.targets import RunningTarget, TargetError, running
from bench.verify import verify
from central_server.infra.embedded.errors import EmbeddedError

_WIDTH = 140
_CALM_LOAD = 0.7


async def bench(options: Options, console: Console) -> None:
    cores = choose_cores()
    if cores is None:
        console.print("[yellow]Nothing can be pinned here: two cores and Linux make the figures comparable.[/]")
    async with AsyncExitStack() as stack:
        with console.status("PostgreSQL: 200,000 users in 1,000 tenants"):
            database = await stack.enter_async_context(bench_database(cores.load if cores else None))
        await _with_database(options, console, cores, database)


async def _with_database(options: Options, console: Console, cores: Cores | None, database: BenchDatabase) -> None:
    with console.status("starting the servers; the first time npm installs the packages of two of them"):
        found, left_out = peers(database.peer_url)
        targets = [one for one in (central(database), *found) if not options.only or one.name in options.only]
    if left_out:
        console.print(f"[yellow]{left_out}[/]")
    machine = _machine()
    if machine["load"] > _CALM_LOAD:
        console.print(f"[yellow]Other programs use this machine (load {machine['load']:.1f}): a look, not a result.[/]")
    logs = report.FOLDER / "logs"
    with running(targets, cores.server if cores else None, logs) as started:
        at_rest = {running.target.name: running.memory_bytes() for running in started}
        verify(started)
        console.print(f"{len(started)} servers give the same answers, field by field.")
        results = await _measure(options, console, cores, database, started)
        report.print_speeds(console, results, options.kinds, targets)
        figures = _figures(console, started, at_rest) if options.figures else []
    if figures:
        report.print_figures(console, figures)
    path = report.save(results, figures, options, machine)
    console.print(f"Everything measured: {path}")


def _figures(console: Console, started: Sequence[RunningTarget], at_rest: dict[str, int]) -> list[Figure]:
    with console.status("") as status:
        return measure_figures(started, at_rest, status.update)


async def _measure(
    options: Options,
    console: Console,
    cores: Cores | None,
    database: BenchDatabase,
    started: Sequence[RunningTarget],
) -> Results:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with load_generator(cores.load if cores else None) as load, Progress(*columns, console=console) as progress:
        measuring = Bench(started, load, options, database.settle)
        task = progress.add_task("", total=measuring.steps)

        def tell(step: str) -> None:
            progress.update(task, description=step, advance=1)

        return await measuring.run(tell)


def _machine() -> dict[str, Any]:
    return {
        "python": sys.version,
        "platform": platform.platform(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
    }


def main() -> None:
    console = Console()
    if not console.is_terminal:
        console.width = _WIDTH
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        asyncio.run(bench(read_options(), console))
    except (TargetError, LoadError, EmbeddedError) as error:
        console.print(f"[red]{error}[/]", soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
