"""What is wrong with a schedule, and what is not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from central_server.cli.schedule_health import judge
from central_server.cli.schedules import in_words
from central_server.infra.temporal.timetable import ScheduledRun, ScheduleState

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
GOOD = ScheduledRun("w", NOW - timedelta(hours=2), "completed")
STATE = ScheduleState("a.b", timedelta(minutes=5), there=True, last_run=GOOD, last_success=GOOD)


def _running(since: timedelta) -> ScheduleState:
    return replace(STATE, last_run=ScheduledRun("w", NOW - since, "running"))


@pytest.mark.parametrize(
    ("state", "detail"),
    [
        (STATE, "a.b 2026-11-28T10:00:00Z"),
        (replace(STATE, paused=True), "a.b 2026-11-28T10:00:00Z (paused)"),
        (replace(STATE, last_run=None, last_success=None), "a.b none yet"),
        (replace(STATE, last_run=ScheduledRun("w", NOW, None)), "a.b 2026-11-28T10:00:00Z"),
        (_running(timedelta(minutes=59)), "a.b 2026-11-28T10:00:00Z"),
        (replace(_running(timedelta(hours=5)), every=timedelta(days=1)), "a.b 2026-11-28T10:00:00Z"),
    ],
)
def test_nothing_wrong(state: ScheduleState, detail: str) -> None:
    """One that succeeded, is paused, has not had its turn, is forgotten by Temporal, or runs for a while."""
    assert judge([state], NOW) == (None, f"last success: {detail}")


@pytest.mark.parametrize(
    ("state", "wrong"),
    [
        (ScheduleState("a.b", timedelta(hours=1)), "Temporal has no a.b: start `central-server worker core`"),
        (
            replace(STATE, last_run=ScheduledRun("w", NOW, "failed")),
            "a.b failed at 2026-11-28T12:00:00Z: see the log of the core worker",
        ),
        (_running(timedelta(minutes=61)), "a.b runs since 2026-11-28T10:59:00Z: does a core worker run?"),
    ],
)
def test_something_wrong(state: ScheduleState, wrong: str) -> None:
    """One that is missing, failed last, or runs for longer than an hour and its interval; the others say no more."""
    assert judge([STATE, state], NOW).wrong == wrong


def test_success_that_is_long_ago() -> None:
    """Temporal tells of the last ten runs alone: that none of them succeeded does not say that none ever did."""
    failed = replace(STATE, last_run=ScheduledRun("w", NOW, "failed"), last_success=None)
    assert judge([failed], NOW).detail == "last success: a.b none in its last ten runs"


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(minutes=5), "5m"),
        (timedelta(hours=1), "1h"),
        (timedelta(days=1), "1d"),
        (timedelta(hours=36), "36h"),
        (timedelta(seconds=90), "90s"),
    ],
)
def test_spans_in_words(span: timedelta, words: str) -> None:
    """The largest unit that leaves no rest."""
    assert in_words(span) == words
