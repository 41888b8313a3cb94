"""`PYTHONPATH=tests python -m crash`: a run by hand."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from central_server.infra.logs import configure_logging
from crash.report import lines
from crash.run import Plan, run


def main() -> int:
    """Run, print the report, and say by the status whether nothing was wrong."""
    parser = argparse.ArgumentParser(prog="crash", description=__doc__)
    parser.add_argument("--operations", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a new folder for data and logs, which is kept")
    given = parser.parse_args()
    configure_logging("error")
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with tempfile.TemporaryDirectory(prefix="central-crash-") as folder, Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=given.operations)

        def tell(what: str, done: int) -> None:
            bar.update(task, description=what, completed=min(done, given.operations))

        plan = Plan(operations=given.operations, seed=given.seed)
        report = asyncio.run(run(plan, given.keep or Path(folder), tell))
    sys.stdout.write("\n".join([*lines(report), ""]))
    return 0 if report.findings.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
