"""What `doctor` says of the schedules."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from central_server.cli.screen import in_utc
from central_server.infra.temporal.timetable import SUCCEEDED, ScheduleState

_LEAST_PATIENCE: Final = timedelta(hours=1)


class ScheduleHealth(NamedTuple):
    """What is wrong with the schedules and what to do about it, or None; and when each last succeeded."""

    wrong: str | None
    detail: str


def judge(states: Sequence[ScheduleState], now: datetime) -> ScheduleHealth:
    """Judge them; one that is paused, or has not had its turn yet, is not wrong."""
    faults = list(_faults(states, now))
    return ScheduleHealth("; ".join(faults) or None, "last success: " + ", ".join(map(_last, states)))


def _faults(states: Sequence[ScheduleState], now: datetime) -> Iterator[str]:
    if missing := [state.name for state in states if not state.there]:
        yield f"Temporal has no {', '.join(missing)}: start `central-server worker core`"
    for state in states:
        run = state.last_run
        if run is None or run.outcome in {SUCCEEDED, None}:
            continue
        if run.outcome != "running":
            yield f"{state.name} {run.outcome} at {in_utc(run.started_at)}: see the log of the core worker"
        elif now - run.started_at > max(state.every, _LEAST_PATIENCE):
            yield f"{state.name} runs since {in_utc(run.started_at)}: does a core worker run?"


def _last(state: ScheduleState) -> str:
    if state.last_success is not None:
        when = in_utc(state.last_success.started_at)
    else:
        when = "none yet" if state.last_run is None else "none in its last ten runs"
    return f"{state.name} {when}{' (paused)' if state.paused else ''}"
