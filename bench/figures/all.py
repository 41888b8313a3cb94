"""All figures, as far as the servers they need are there."""

from collections.abc import Callable, Iterable, Mapping
from subprocess import SubprocessError

import httpx

from bench.figures import client_cpu, events, imports, paging, pictures, startup, user_imports
from bench.figures.figure import Figure
from bench.goals import CENTRAL
from bench.targets import RunningTarget, TargetError
from central.errors import CentralError

Tell = Callable[[str], None]


def measure_figures(servers: Iterable[RunningTarget], at_rest: Mapping[str, int], tell: Tell) -> list[Figure]:
    """Measure one after the other; `at_rest` are the bytes that each server held before its first request."""
    by_name = {running.target.name: running for running in servers}
    figures = [_memory(by_name[name], size) for name, size in at_rest.items()]
    central, limit = by_name.get(CENTRAL), by_name.get("limit")
    parts: list[tuple[str, Callable[[], list[Figure]]]] = [
        ("import of the client", imports.measure),
        ("central-server dev, cold and warm", startup.measure),
        ("events, from the commit to the receipt", events.measure),
        ("100,000 users imported", user_imports.measure),
        ("pictures", pictures.measure),
    ]
    if limit is not None:
        parts.insert(0, ("CPU of the client", lambda: client_cpu.measure(limit)))
    if central is not None:
        parts.insert(0, ("page 2,000 of a list", lambda: paging.measure(central)))
    for name, measure in parts:
        tell(name)
        figures += _tried(name, measure)
    return figures


def _memory(running: RunningTarget, at_rest: int) -> Figure:
    note = f"resident; {running.memory_bytes() / 1e6:.0f} MB after the rounds"
    return Figure(f"memory at rest: {running.target.title}", at_rest / 1e6, "MB", note=note)


def _tried(name: str, measure: Callable[[], list[Figure]]) -> list[Figure]:
    """Let one figure fail without the others."""
    try:
        return measure()
    except (TargetError, CentralError, httpx.HTTPError, SubprocessError, OSError) as error:
        return [Figure(name, None, "", note=str(error))]
