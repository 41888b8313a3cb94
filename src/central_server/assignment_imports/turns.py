"""Whether all that rows want can be at once, and in which order changes never get in each other's way.

The database's constraints have the last word; here it is said before anything changes, for one unit at a time.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from graphlib import TopologicalSorter
from typing import Final, NamedTuple

from central.kernel.ids import UnitAssignmentId, UserId
from central_server.assignment_imports.matching import FOREVER, Span, Wanted, span_of
from central_server.units.tables import DBPlaced

OVERLAPS: Final = "assignment_overlaps"
HELD: Final = "unit_held"
_MOST_ROUNDS: Final = 20


class Settled(NamedTuple):
    """What can be done of a unit, changes in their turns before what is new, and what is wrong with other rows."""

    wanted: Sequence[Wanted]
    errors: Mapping[int, str]


class _Slot(NamedTuple):
    """A time of somebody in the unit: as a row wants it, or, where that is 0, as it is."""

    row: int
    user: UserId
    alone: bool
    span: Span


def settle(
    wanted: Sequence[Wanted], placed: Sequence[DBPlaced], ended: Collection[UnitAssignmentId], now: datetime
) -> Settled:
    """Leave out rows until the others can be; `ended` are over by now."""
    left, errors = {one.number: one for one in wanted}, dict[int, str]()
    for _ in range(_MOST_ROUNDS):
        wrong = _clashes(_slots(left.values(), placed, ended, now))
        if not wrong:
            return Settled(_in_turn(left, now), errors)
        errors |= wrong
        left = {number: one for number, one in left.items() if number not in wrong}
    return Settled([], errors | dict.fromkeys(left, OVERLAPS))


def _slots(
    wanted: Collection[Wanted], placed: Sequence[DBPlaced], ended: Collection[UnitAssignmentId], now: datetime
) -> Iterator[_Slot]:
    changed = {one.held["id"] for one in wanted if one.held is not None}
    for held in placed:
        if held["id"] not in changed:
            span = span_of(held)
            until = now if held["id"] in ended else span.end
            yield _Slot(0, held["user_id"], bool(held["single_holder"]), Span(span.begin, until))
    for one in wanted:
        yield _Slot(one.number, one.found.user["id"], one.found.unit["single_holder"], one.span(now))


def _clashes(slots: Iterable[_Slot]) -> dict[int, str]:
    """Give which rows are in the way of something: of two rows the later one."""
    alone: list[_Slot] = []
    of_each: dict[UserId, list[_Slot]] = {}
    for slot in slots:
        of_each.setdefault(slot.user, []).append(slot)
        if slot.alone:
            alone.append(slot)
    held = dict.fromkeys(_in_the_way(alone), HELD)
    return held | {row: OVERLAPS for own in of_each.values() for row in _in_the_way(own)}


def _in_the_way(slots: Iterable[_Slot]) -> Iterator[int]:
    last: _Slot | None = None
    for slot in sorted(slots, key=lambda slot: slot.span):
        if last is None or slot.span.begin >= last.span.end:
            last = slot
            continue
        blamed = max(last, slot, key=lambda slot: slot.row)
        if blamed.row:
            yield blamed.row
        last = last if blamed is slot else slot


def _in_turn(wanted: Mapping[int, Wanted], now: datetime) -> Sequence[Wanted]:
    """Order changes so that none needs a time which another is still to leave.

    There is such an order: each has a moment in common with what it changes, so that nobody gets past anybody else.
    """
    waits: dict[int, set[int]] = {number: set() for number, one in wanted.items() if one.held is not None}
    for group in _groups([wanted[number] for number in waits]):
        for number, other in _waiting(group, now):
            waits[number].add(other)
    changes = [wanted[number] for number in TopologicalSorter(waits).static_order()]
    return [*changes, *(one for number, one in wanted.items() if number not in waits)]


def _groups(changes: Sequence[Wanted]) -> Iterator[Sequence[Wanted]]:
    """Give those of whom no two can be at once: of one person, and all, where the unit has a single holder."""
    of_each: dict[UserId, list[Wanted]] = {}
    for one in changes:
        of_each.setdefault(one.found.user["id"], []).append(one)
    yield from of_each.values()
    if changes and changes[0].found.unit["single_holder"]:
        yield changes


def _waiting(group: Sequence[Wanted], now: datetime) -> Iterator[tuple[int, int]]:
    """Give each change with those whose present time is in its way; present times do not overlap."""
    there = sorted((span_of(one.held), one.number) for one in group if one.held is not None)
    begins, ends = [span.begin for span, _ in there], [span.end for span, _ in there]
    for one in group:
        wants = one.span(now)
        last = len(there) if wants.end == FOREVER else bisect_left(begins, wants.end)
        for _, other in there[bisect_right(ends, wants.begin) : last]:
            if other != one.number:
                yield one.number, other
