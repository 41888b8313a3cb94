"""The order in which an import changes assignments: none ever needs a time that another is still to leave."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from central.assignment_imports.models import AssignmentRowInput
from central.kernel.ids import UnitAssignmentId, UnitId, UserId
from central_server.assignment_imports.matching import Span, Wanted, match, span_of
from central_server.assignment_imports.reading import Found, Row
from central_server.assignment_imports.turns import settle
from support.units import DAY

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def _spans(chance: random.Random, count: int) -> list[Span]:
    """Give times that do not overlap, in their order; some touch."""
    edges = sorted(NOW + day * DAY for day in chance.sample(range(count * 3), count * 2))
    spans = [Span(edges[place], edges[place + 1]) for place in range(0, count * 2, 2)]
    return [span if chance.random() < 0.5 else Span(span.begin, nxt.begin) for span, nxt in pairwise(spans)]


def _cases(seed: int) -> tuple[Sequence[Any], Sequence[Any]]:
    """Give who is in a unit with a single holder, and rows that want them at other times."""
    chance = random.Random(seed)
    people = [UserId.new() for _ in range(4)]
    unit: Any = {"id": UnitId.new(), "single_holder": True}
    held: list[Any] = [
        {
            "id": UnitAssignmentId.new(),
            "unit_id": unit["id"],
            "user_id": chance.choice(people),
            "single_holder": True,
            "role": None,
            "starts_at": span.begin,
            "ends_at": span.end,
        }
        for span in _spans(chance, 12)
    ]
    rows = [
        Found(
            Row(number, AssignmentRowInput(unit="u", user="u", starts_at=span.begin, ends_at=span.end)),
            unit,
            {"id": one["user_id"]},  # type: ignore[typeddict-item, arg-type]
        )
        for number, (one, span) in enumerate(zip(held, _spans(chance, 12), strict=True), start=1)
    ]
    chance.shuffle(rows)
    return held, rows


def _check_step(spans: dict[Any, Span], one: Wanted, key: Any) -> None:
    wants = one.span(NOW)
    assert not any(wants.meets(span) for other, span in spans.items() if other != key)
    spans[key] = wants


@pytest.mark.parametrize("seed", range(40))
def test_no_step_is_in_the_way_of_another(seed: int) -> None:
    """Whatever rows want, those that are left can be done in their order, each beside all that there is then."""
    held, rows = _cases(seed)
    wanted = [one for one in match(rows, held, NOW) if one.held is None or one.changes()]
    settled = settle(wanted, held, set(), NOW)
    assert {one.number for one in settled.wanted} | settled.errors.keys() == {one.number for one in wanted}
    spans: dict[Any, Span] = {one["id"]: span_of(one) for one in held}
    for one in settled.wanted:
        _check_step(spans, one, one.number if one.held is None else one.held["id"])
    assert settled.wanted
