"""Events: one kind each, ids and plain words only."""

import re
from datetime import datetime
from typing import Literal, get_args, get_origin

import pytest

from central.events.registry import UnknownEvent
from central.kernel.events import Event
from central.kernel.ids import RichId
from central.kernel.unknown import UnknownValue
from central_server.auth.listeners import LISTENERS
from central_server.infra.outbox import Listeners
from support.models import classes_in, event_classes

EVENTS = [event for event in event_classes() if event is not UnknownEvent]


def test_kinds_are_unique() -> None:
    """No two events share a kind."""
    kinds = [event.model_fields["kind"].default for event in EVENTS]
    assert len(kinds) == len(set(kinds))
    assert len(kinds) > 15


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_event_names_things_by_their_ids(event: type[Event]) -> None:
    """An event has a literal `kind` and `__type`, and its fields are ids, times, numbers, flags and known words."""
    kind = event.model_fields["kind"]
    assert get_origin(kind.annotation) is Literal
    assert get_args(kind.annotation) == (kind.default,)
    assert re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", kind.default)
    assert event.model_fields["type_"].default == event.__name__
    assert event.__doc__
    for name, field in event.model_fields.items():
        if name in {"kind", "type_", "request_id"}:
            continue
        for found in classes_in(field.annotation):
            assert issubclass(found, RichId | datetime | int | UnknownValue | type(None) | list), name


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_words_in_events_leave_room_for_new_ones(event: type[Event]) -> None:
    """Where an event has a list of known words, an older reader keeps a new one."""
    for name, field in event.model_fields.items():
        if name in {"kind", "type_"} or "Literal" not in str(field.annotation):
            continue
        assert UnknownValue in set(classes_in(field.annotation)), name


def test_listeners_listen_to_events_that_are() -> None:
    """Each listener is for a declared event, and there is one for each kind at most."""
    assert {listener.event for listener in LISTENERS} <= set(EVENTS)
    with pytest.raises(ValueError, match="two listeners"):
        Listeners((*LISTENERS, *LISTENERS))
