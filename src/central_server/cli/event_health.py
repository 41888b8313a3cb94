"""What `doctor` says of events on their way."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from central_server.infra.outbox import RelayStats

_PATIENCE: Final = 60.0
_PATIENCE_FOR_FOLLOWERS: Final = 300.0
_PATIENCE_FOR_RECEIPTS: Final = 3600.0


class EventHealth(NamedTuple):
    """What is wrong with events and what to do about it, or None; and how many are on their way."""

    wrong: str | None
    detail: str


def judge_events(stats: RelayStats) -> EventHealth:
    """Judge what was counted just now."""
    handed = sum(backlog.handed for backlog in stats.backlogs.values())
    detail = f"{stats.waiting} wait for a listener, {handed} are with one"
    return EventHealth("; ".join(_faults(stats)) or None, detail)


def _faults(stats: RelayStats) -> Iterator[str]:
    if stats.unplaced_lag > _PATIENCE:
        yield (
            f"{stats.unplaced} are not in the feed yet, the oldest for {stats.unplaced_lag:.0f} s: "
            "does `central-server worker core` run?"
        )
    for follower, place in stats.followers.items():
        if place.lag > _PATIENCE_FOR_FOLLOWERS:
            yield (
                f"{follower} is {place.behind} behind the feed, and has not moved for {place.lag:.0f} s: "
                "see the log of the core worker"
            )
    for listener, backlog in stats.backlogs.items():
        if backlog.dead:
            yield f"{listener} was given {backlog.dead} in vain: see `central-server events dead-letters`"
        if backlog.lag > _PATIENCE_FOR_RECEIPTS:
            yield f"{listener} has not handled one for {backlog.lag:.0f} s: see the log of the core worker"
