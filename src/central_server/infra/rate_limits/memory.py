from collections.abc import Callable, Sequence
from time import monotonic_ns

from .bucket import MICROSECONDS, Ask, Limit, Taken, draw

MOST_BUCKETS = 100_000
_SHARE = 20
_SWEEP_EVERY = MICROSECONDS

Clock = Callable[[], int]


def monotonic_microseconds() -> int:
    """Give the time of a clock that nobody sets."""
    return monotonic_ns() // 1000


class Bucket:
    """A bucket in this process: when it is full again.

    Where it is the copy of one in the database, `owed` are the tokens that were taken and not charged there yet, and
    `share` is how many that may be: a twentieth of all.
    """

    __slots__ = ("full_at", "interval", "owed", "share")

    def __init__(self, limit: Limit) -> None:
        self.full_at = 0
        self.interval = limit.interval
        self.share = max(1, limit.count // _SHARE)
        self.owed = 0

    def debt(self, now: int) -> int:
        """Say in how many microseconds it is full."""
        return self.full_at - now if self.full_at > now else 0


class BucketMap:
    """Buckets by key, `most` of them: those that are full are forgotten when room is needed, else the oldest."""

    def __init__(self, most: int, clock: Clock) -> None:
        self._most = most
        self._clock = clock
        self._buckets: dict[bytes, Bucket] = {}
        self._next_sweep = 0
        self.get = self._buckets.get

    def __len__(self) -> int:
        return len(self._buckets)

    def add(self, key: bytes, bucket: Bucket) -> Bucket:
        """Keep a bucket, and give it back."""
        if len(self._buckets) >= self._most:
            self._make_room(self._clock())
        self._buckets[key] = bucket
        return bucket

    def _make_room(self, now: int) -> None:
        """Forget what is full, which changes nothing, every second at most: looking through all takes a while."""
        if now >= self._next_sweep:
            self._next_sweep = now + _SWEEP_EVERY
            for key in [key for key, bucket in self._buckets.items() if bucket.full_at <= now]:
                del self._buckets[key]
        if len(self._buckets) >= self._most:
            del self._buckets[next(iter(self._buckets))]


class MemoryBuckets:
    """Keeps buckets in this process alone."""

    def __init__(self, most: int = MOST_BUCKETS, clock: Clock = monotonic_microseconds) -> None:
        self._clock = clock
        self._buckets = BucketMap(most, clock)

    def __len__(self) -> int:
        return len(self._buckets)

    async def take(self, asks: Sequence[Ask]) -> Taken:
        """Take tokens of several buckets at once, all that are needed or none."""
        # The event loop is not given away: nobody comes between the look and the step.
        now = self._clock()
        buckets = [self._find(ask) for ask in asks]
        taken = draw(asks, [bucket.debt(now) for bucket in buckets])
        if taken.ok:
            for bucket, drawn in zip(buckets, taken.drawn, strict=True):
                bucket.full_at = now + drawn.debt
        return taken

    async def give_back(self, asks: Sequence[Ask]) -> None:
        """Put the tokens that were wanted back."""
        for ask in asks:
            self._find(ask).full_at -= ask.wanted * ask.limit.interval

    def _find(self, ask: Ask) -> Bucket:
        return self._buckets.get(ask.key) or self._buckets.add(ask.key, Bucket(ask.limit))
