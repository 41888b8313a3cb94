"""What `doctor` says of events on their way."""

import pytest

from central_server.cli.event_health import judge_events
from central_server.infra.outbox import RelayStats
from central_server.infra.outbox.settings import Backlog, Behind


@pytest.mark.parametrize(
    "stats",
    [
        RelayStats(),
        RelayStats(unplaced=500, unplaced_lag=59),
        RelayStats(backlogs={"a": Backlog(waiting=9, handed=3, lag=3599)}),
        RelayStats(followers={"f": Behind(90_000, 299)}),
    ],
)
def test_events_that_are_well(stats: RelayStats):
    """Much may be on its way, as long as it moves."""
    assert judge_events(stats).wrong is None


@pytest.mark.parametrize(
    ("stats", "wrong"),
    [
        (
            RelayStats(unplaced=2, unplaced_lag=61),
            "2 are not in the feed yet, the oldest for 61 s: does `central-server worker core` run?",
        ),
        (
            RelayStats(followers={"f": Behind(7, 301)}),
            "f is 7 behind the feed, and has not moved for 301 s: see the log of the core worker",
        ),
        (
            RelayStats(backlogs={"a": Backlog(dead=1)}),
            "a was given 1 in vain: see `central-server events dead-letters`",
        ),
        (
            RelayStats(backlogs={"a": Backlog(lag=3601)}),
            "a has not handled one for 3601 s: see the log of the core worker",
        ),
    ],
)
def test_events_that_are_not(stats: RelayStats, wrong: str):
    """A feed, a follower or a listener that stands still, and what was given up."""
    assert judge_events(stats).wrong == wrong
