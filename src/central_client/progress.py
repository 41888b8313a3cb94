"""How a job stands, for people: a bar in a terminal, a line for each change elsewhere."""

# ruff: noqa: PLC0415  (`rich` is there for some, and takes a while)

import sys
from collections.abc import Callable
from typing import Any

from central.jobs.models import Job
from central_client.following import Screen


def screen_for(progress: bool | Callable[[Job], None]) -> Screen | None:  # noqa: FBT001 (a public argument's value)
    """Give what shows progress as it was asked for."""
    if progress is False:
        return None
    if progress is not True:
        return _Called(progress)
    return _bar() or _Lines()


def describe(job: Job) -> str:
    """Say in a line how a job stands."""
    progress = job.progress
    if job.state == "failed" and job.error is not None:
        return f"{job.kind} failed: {job.error.message}"
    if job.state != "running":
        return f"{job.kind} {job.state}"
    done = f"{progress.done:,}" if progress.total is None else f"{progress.done:,} of {progress.total:,}"
    return f"{job.kind} {progress.stage}: {done}"


def bytes_shown(
    progress: bool | Callable[[int, int], None],  # noqa: FBT001 (as above)
    done: str = "downloaded",
) -> Callable[[int, int], None] | None:
    """Give what is called with the bytes that came, or went, and those that there are."""
    if progress is False:
        return None
    return _BytesShown(done) if progress is True else progress


class _BytesShown:
    """Writes how far it is on standard error: over and over in a terminal, else once at the end."""

    def __init__(self, done: str) -> None:
        self._done = done

    def __call__(self, done: int, total: int) -> None:
        in_terminal = sys.stderr.isatty()
        if in_terminal or done == total:
            line = f"{self._done} {done:,} of {total:,} bytes"
            end = "\n" if done == total or not in_terminal else "\r"
            print(line, end=end, file=sys.stderr, flush=True)  # noqa: T201 (it was asked for)


class _Called:
    """Calls a function of the caller's."""

    def __init__(self, call: Callable[[Job], None]) -> None:
        self._call = call

    def show(self, job: Job) -> None:
        self._call(job)

    def close(self) -> None:
        pass


class _Lines:
    """Writes a line on standard error when what it says has changed."""

    def __init__(self) -> None:
        self._last = ""

    def show(self, job: Job) -> None:
        if (line := describe(job)) != self._last:
            print(line, file=sys.stderr, flush=True)  # noqa: T201 (it was asked for)
        self._last = line

    def close(self) -> None:
        pass


def _bar() -> Screen | None:
    """Give a bar, where standard error is a terminal and `rich` is installed."""
    if not sys.stderr.isatty():
        return None
    try:
        from rich.console import Console
        from rich.progress import Progress
    except ImportError:
        return None
    return _Bar(Progress(console=Console(stderr=True)))


class _Bar:
    def __init__(self, progress: Any) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None)
        progress.start()

    def show(self, job: Job) -> None:
        done, total = job.progress.done, job.progress.total
        self._progress.update(self._task, description=describe(job), completed=done, total=total)

    def close(self) -> None:
        self._progress.stop()
