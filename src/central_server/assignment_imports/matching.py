"""Which row is about which assignment: that of the same person and unit which begins so, or is at the same time."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, TypeAlias

from central.assignment_imports.models import NONE
from central.kernel.ids import UnitId, UserId
from central_server.assignment_imports.reading import Found
from central_server.units.tables import DBPlaced

FOREVER: Final = datetime.max.replace(tzinfo=UTC)
"""When what has no end ends."""

_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_INSTANT: Final = timedelta(microseconds=1)

_Key: TypeAlias = tuple[UnitId, UserId]
_Test: TypeAlias = Callable[[Found, DBPlaced, datetime], bool]


class Span(NamedTuple):
    """A time from a moment until another, which is not part of it."""

    begin: datetime
    end: datetime

    def meets(self, other: "Span") -> bool:
        """Whether the two have a moment in common."""
        return self.begin < other.end and other.begin < self.end


def span_of(held: DBPlaced) -> Span:
    """Give when an assignment holds."""
    return Span(held["starts_at"], held["ends_at"] or FOREVER)


def just_before(moment: datetime) -> datetime:
    """Give the last moment before another one, as far as there is one."""
    return max(moment, _FIRST + _INSTANT) - _INSTANT


class Wanted(NamedTuple):
    """An assignment as a row wants it, and the one that the row is about; without a beginning it begins now."""

    found: Found
    held: DBPlaced | None
    role: str | None
    starts_at: datetime | None
    ends_at: datetime | None

    @property
    def number(self) -> int:
        """The row's."""
        return self.found.row.number

    def span(self, now: datetime) -> Span:
        """Give when it is to hold."""
        return Span(self.starts_at or now, self.ends_at or FOREVER)

    def changes(self) -> dict[str, Any]:
        """Give what differs from what there is; nothing for a new one."""
        if self.held is None:
            return {}
        wanted = {"role": self.role, "starts_at": self.starts_at, "ends_at": self.ends_at}
        before: Mapping[str, Any] = self.held
        return {name: value for name, value in wanted.items() if value != before[name]}


def match(found: Sequence[Found], placed: Iterable[DBPlaced], now: datetime) -> Sequence[Wanted]:
    """Find what rows are about: first those that say when it begins, then the others, the earliest first."""
    free: dict[_Key, list[DBPlaced]] = {}
    for held in sorted(placed, key=lambda held: held["starts_at"]):
        free.setdefault((held["unit_id"], held["user_id"]), []).append(held)
    about: dict[int, DBPlaced] = {}
    in_order = sorted(found, key=lambda one: (_asked(one, now).begin, one.row.number))
    for test in (_begins_so, _is_at_the_time):
        for one in (one for one in in_order if one.row.number not in about):
            _take(one, free.get((one.unit["id"], one.user["id"]), []), test, now, about)
    return [_wanted(one, about.get(one.row.number)) for one in found]


def _take(one: Found, free: list[DBPlaced], test: _Test, now: datetime, about: dict[int, DBPlaced]) -> None:
    for place, held in enumerate(free):
        if test(one, held, now):
            about[one.row.number] = free.pop(place)
            return


def _begins_so(one: Found, held: DBPlaced, _: datetime) -> bool:
    return one.row.input.starts_at == held["starts_at"]


def _is_at_the_time(one: Found, held: DBPlaced, now: datetime) -> bool:
    return _asked(one, now).meets(span_of(held))


def _asked(one: Found, now: datetime) -> Span:
    """Give the time that a row is about; without a beginning it is now, or just before an end that was."""
    begin, end = one.row.input.starts_at, one.row.input.ends_at
    until = end if isinstance(end, datetime) else FOREVER
    return Span(begin or min(now, just_before(until)), until)


def _wanted(one: Found, held: DBPlaced | None) -> Wanted:
    """Give all as it is to be: what the row does not say is as before."""
    row = one.row.input
    ends_at = None if row.ends_at in {None, NONE} else row.ends_at
    role, starts_at = one.row.role, row.starts_at
    if held is not None:
        role = held["role"] if row.role is None else role
        starts_at = starts_at or held["starts_at"]
        ends_at = held["ends_at"] if row.ends_at is None else ends_at
    return Wanted(one, held, role, starts_at, ends_at if isinstance(ends_at, datetime) else None)
