from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """How a relay works. Times are in seconds.

    `redrive` is how long a started event may be without its receipt before it is started again; it doubles
    with each attempt up to `longest_redrive`. `first_delay` and `last_delay` bound the waits after a start that
    failed, `first_delay` and `last_away_delay` those between tries while Temporal is away. After
    `most_attempts` an event is given up; what failed only because Temporal was away does not count.
    """

    poll: float = 0.1
    batch: int = 100
    unheard_batch: int = 2000
    concurrency: int = 20
    redrive: float = 30.0
    longest_redrive: float = 3600.0
    first_delay: float = 0.5
    last_delay: float = 60.0
    last_away_delay: float = 10.0
    most_attempts: int = 10
    measure: float = 15.0

    def delay(self, attempts: int) -> float:
        """Give the wait after the start number `attempts` failed."""
        return float(min(self.last_delay, self.first_delay * 2 ** (attempts - 1)))


@dataclass(frozen=True, slots=True)
class RelayStats:
    """Counters since the start; and, as last measured, how many events wait and the oldest for how long (`lag`)."""

    dispatched: int = 0
    failed: int = 0
    unheard: int = 0
    dead: int = 0
    waiting: int = 0
    lag: float = 0.0
