"""The table to read and the JSON to keep."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench.figures.figure import Figure
from bench.goals import CENTRAL, GOALS
from bench.options import Options
from bench.rounds import Results
from bench.targets import Target
from bench.traffic import Kind

_FIGURES = ("per_second", "p50", "p99", "busy", "cpu")
FOLDER = Path(__file__).parent / "results"


def print_speeds(console: Console, results: Results, kinds: Sequence[Kind], targets: Sequence[Target]) -> None:
    names = {target.name for target in targets}
    for kind in kinds:
        size = results.median(kind, targets[0].name, "answer_bytes")
        table = Table(title=f"{kind.title} ({size / 1000:.1f} KB with headers)", title_justify="left")
        table.add_column("", min_width=24)
        for heading in ("requests/s", "p50 ms", "p99 ms", "busy", "CPU µs", "of limit", "Central is", "goal", ""):
            table.add_column(heading, justify="right")
        for target in targets:
            table.add_row(target.title, *_speed(results, kind, target.name), *_comparison(results, kind, target.name))
        console.print(table)
    if CENTRAL not in names:
        console.print("Central was not measured: there are no ratios to it.")


def _speed(results: Results, kind: Kind, target: str) -> list[str]:
    share = results.ratio(kind, target, "limit")
    return [
        f"{results.median(kind, target, 'per_second'):,.0f}",
        f"{results.median(kind, target, 'p50'):.2f}",
        f"{results.median(kind, target, 'p99'):.2f}",
        f"{results.median(kind, target, 'busy'):.0%}",
        f"{results.median(kind, target, 'cpu'):,.0f}",
        "" if share is None else f"{share:.2f}",
    ]


def _comparison(results: Results, kind: Kind, target: str) -> list[str]:
    ratio = results.ratio(kind, CENTRAL, target)
    goal = GOALS.get((kind, target))
    if ratio is None or target == CENTRAL:
        return ["", "" if goal is None else f"≥ {goal:g} x", ""]
    if goal is None:
        return [f"{ratio:.2f} x", "", ""]
    return [f"{ratio:.2f} x", f"≥ {goal:g} x", _verdict(reached=ratio >= goal)]


def print_figures(console: Console, figures: Sequence[Figure]) -> None:
    table = Table(title="Other figures", title_justify="left")
    for heading in ("", "measured", "goal", "", "how"):
        table.add_column(heading)
    for figure in figures:
        goal = "" if figure.at_most is None else f"≤ {figure.at_most:g} {figure.unit}"
        verdict = "" if figure.reached is None else _verdict(reached=figure.reached)
        measured = "failed" if figure.value is None else f"{figure.value:.3g} {figure.unit}"
        table.add_row(figure.name, measured, goal, verdict, escape(figure.note))
    console.print(table)


def save(results: Results, figures: Sequence[Figure], options: Options, machine: dict[str, Any]) -> Path:
    """Write everything that was measured, each sample of it, and give the file."""
    speeds = [
        {
            "kind": kind.value,
            "target": target,
            "medians": {name: results.median(kind, target, name) for name in _FIGURES},
            "of_limit": results.ratio(kind, target, "limit"),
            "central_times": results.ratio(kind, CENTRAL, target),
            "goal": GOALS.get((kind, target)),
            "samples": [asdict(sample) for sample in samples],
        }
        for (kind, target), samples in results.samples.items()
    ]
    now = datetime.now(UTC)
    content = {
        "at": now.isoformat(), "machine": machine, "options": asdict(options),
        "speeds": speeds, "figures": [asdict(figure) for figure in figures],
    }  # fmt: skip
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{now:%Y%m%d-%H%M%S}.json"
    path.write_text(json.dumps(content, indent=1))
    return path


def _verdict(*, reached: bool) -> str:
    return "[green]reached[/]" if reached else "[red]not reached[/]"
