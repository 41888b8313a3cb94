"""A token bucket as arithmetic on whole microseconds, without a clock and without a place to keep it.

All that a bucket needs to keep is how long it takes until it is full again, its debt. Taking a token adds the time
that one token takes to come back; there are tokens as long as the debt leaves room for their time. Nothing is rounded
on the way, so that of a bucket of five exactly five are taken.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, Self

MICROSECONDS = 1_000_000
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_WRITTEN = re.compile(r"([0-9]{1,7})/([0-9]{0,5})([smhd])")
_MOST_COUNT = 1_000_000
_LONGEST = 30 * 86_400


@dataclass(frozen=True, slots=True)
class Limit:
    """So many tokens, which all come back in so many seconds, one after the other.

    In microseconds, `interval` is the time of one token and `span` that of all.
    """

    count: int
    seconds: int
    interval: int = field(init=False, repr=False)
    span: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Derive the times; `ValueError` for a limit that is none, or finer than the clock."""
        if not 1 <= self.count <= _MOST_COUNT or not 1 <= self.seconds <= _LONGEST:
            raise ValueError(f"a limit is 1 to {_MOST_COUNT:,} in 1 second to 30 days")
        object.__setattr__(self, "interval", max(1, self.seconds * MICROSECONDS // self.count))
        object.__setattr__(self, "span", self.interval * self.count)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `6000/1m`: a count, and a time in s, m, h or d; raises `ValueError`."""
        written = _WRITTEN.fullmatch(text.strip())
        if written is None:
            raise ValueError(f"expected a count and a time like 6000/1m (s, m, h or d), not {text!r}")
        count, time, unit = written.groups()
        return cls(int(count), int(time or 1) * _UNITS[unit])

    def __str__(self) -> str:
        """Write it as `parse` reads it."""
        unit, seconds = next((u, s) for u, s in reversed(_UNITS.items()) if self.seconds % s == 0)
        return f"{self.count}/{self.seconds // seconds}{unit}"


class Ask(NamedTuple):
    """What is asked of one bucket: that it has `needed` tokens, and as many of them as there are up to `wanted`.

    `name` is what the bucket is called in metrics and messages.
    """

    name: str
    key: bytes
    limit: Limit
    needed: int = 1
    wanted: int = 1


class Drawn(NamedTuple):
    """What one bucket gave, how many tokens it has left, and in how many microseconds it is full again."""

    granted: int
    remaining: int
    debt: int


class Taken(NamedTuple):
    """What all buckets gave: with `ok` each had what was needed, else none gave anything."""

    ok: bool
    drawn: Sequence[Drawn]


class TokenStore(Protocol):
    """Keeps buckets by key; one that it does not know is full."""

    async def take(self, asks: Sequence[Ask]) -> Taken:
        """Take tokens of several buckets at once, all that are needed or none; the keys differ."""
        ...

    async def give_back(self, asks: Sequence[Ask]) -> None:
        """Put the tokens that were wanted back."""
        ...


def draw(asks: Sequence[Ask], debts: Sequence[int]) -> Taken:
    """Decide what buckets with these debts give, and say what they are then."""
    drawn: list[Drawn] = []
    for (_, _, limit, needed, wanted), debt in zip(asks, debts, strict=True):
        room = (limit.span - debt) // limit.interval if debt < limit.span else 0
        if room < needed:
            return _nothing(asks, debts)
        granted = min(wanted, room)
        drawn.append(Drawn(granted, room - granted, debt + granted * limit.interval))
    return Taken(True, drawn)


def _nothing(asks: Sequence[Ask], debts: Sequence[int]) -> Taken:
    rooms = [max(0, ask.limit.span - debt) // ask.limit.interval for ask, debt in zip(asks, debts, strict=True)]
    return Taken(False, [Drawn(0, room, debt) for room, debt in zip(rooms, debts, strict=True)])


def wait(ask: Ask, drawn: Drawn) -> int:
    """Say in how many microseconds a bucket has what is needed; an overdrawn one of which nothing is has it now."""
    return max(0, drawn.debt + ask.needed * ask.limit.interval - ask.limit.span) if ask.needed else 0


def longest_wait(asks: Sequence[Ask], taken: Taken) -> tuple[Ask, float]:
    """Say which bucket has what is needed last, and in how many seconds."""
    waits = [(wait(ask, drawn), ask) for ask, drawn in zip(asks, taken.drawn, strict=True)]
    microseconds, ask = max(waits, key=lambda pair: pair[0])
    return ask, microseconds / MICROSECONDS
