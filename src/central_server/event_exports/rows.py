"""Events as the rows of a table: what every event has, and the rest as JSON."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from pydantic_core import to_json

from central.kernel.events import Event

COLUMNS: Final = ("occurred_at", "kind", "id", "actor", "impersonator", "request_id", "target", "details")
_ABOUT_ALL: Final = frozenset({*COLUMNS, "tenant_id", "type_"} - {"target", "details"})


class EventRow(NamedTuple):
    """One event, in the order of `COLUMNS`."""

    occurred_at: datetime
    kind: str
    id: str
    actor: str | None
    impersonator: str | None
    request_id: str | None
    target: str | None
    details: str

    def cells(self) -> Sequence[str]:
        """Give what a CSV holds: nothing for what is not there, times as RFC 3339 writes them."""
        return [self.occurred_at.isoformat(), *("" if value is None else str(value) for value in self[1:])]


def row_of(event: Event, kind: str, target: str | None) -> EventRow:
    """Make the row of an event."""
    details: Mapping[str, object] = event.model_dump(mode="json", by_alias=True, exclude=set(_ABOUT_ALL))
    return EventRow(
        event.occurred_at,
        kind,
        event.id,
        event.actor,
        event.impersonator,
        event.request_id,
        target,
        to_json(details).decode(),
    )
