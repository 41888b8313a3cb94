from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """How a relay works. Times are in seconds.

    A batch holds `batch` events of one listener at most, of one tenant `share`. `redrive` is how long one may be
    without its receipts before it is started again; it doubles with each attempt up to `longest_redrive`.
    `first_away_delay` and `last_away_delay` bound the waits between tries while Temporal is away.
    """

    poll: float = 0.1
    batch: int = 100
    share: int = 25
    places: int = 2000
    concurrency: int = 20
    redrive: float = 30.0
    longest_redrive: float = 3600.0
    first_away_delay: float = 0.5
    last_away_delay: float = 10.0
    measure: float = 15.0


@dataclass(frozen=True, slots=True)
class Backlog:
    """What of one listener's waits, was handed over and has no receipt, or was given up; the oldest for how long."""

    waiting: int = 0
    handed: int = 0
    dead: int = 0
    lag: float = 0.0


@dataclass(frozen=True, slots=True)
class Behind:
    """How many places of the feed a follower has still to go, and how long the oldest event there waits for it."""

    behind: int = 0
    lag: float = 0.0


@dataclass(frozen=True, slots=True)
class RelayStats:
    """Counters since the start; and, as last measured, what is on its way by listener and what has no place yet.

    `followers` are those that have begun, with how far each is behind the feed.
    """

    placed: int = 0
    dispatched: int = 0
    batches: int = 0
    failed: int = 0
    dead: int = 0
    unplaced: int = 0
    unplaced_lag: float = 0.0
    backlogs: Mapping[str, Backlog] = field(default_factory=dict[str, Backlog])
    followers: Mapping[str, Behind] = field(default_factory=dict[str, Behind])

    @property
    def waiting(self) -> int:
        """How many handovers wait, whoever listens."""
        return sum(backlog.waiting for backlog in self.backlogs.values())

    @property
    def lag(self) -> float:
        """How long the oldest handover waits that has no receipt, in seconds."""
        return max((backlog.lag for backlog in self.backlogs.values()), default=0.0)
