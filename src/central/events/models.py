from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, Field, StringConstraints

from central.events.registry import AnyEvent
from central.kernel.ids import EventId, UserId
from central.kernel.model import Resource, Response, TenantInput
from central.kernel.pages import Page, PageInput
from central.kernel.text import PathValue
from central.kernel.times import Moment

EventKind: TypeAlias = Annotated[
    str, StringConstraints(min_length=3, max_length=100, pattern=r"^[a-z_]+(?:\.[a-z_]+)+$")
]
"""What an event is about: `user.created`. Kinds of newer servers may be asked for, too."""


def _by_commas(kinds: object) -> object:
    return kinds.split(",") if isinstance(kinds, str) else kinds


Kinds: TypeAlias = Annotated[list[EventKind], Field(max_length=50)]
ThingId: TypeAlias = Annotated[str, StringConstraints(max_length=64, pattern=r"^[a-z]+-[0-7][0-9A-HJKMNP-TV-Z]{25}$")]
"""The id of a thing of any kind."""

ConsumerName: TypeAlias = Annotated[PathValue, Field(max_length=64)]
"""What a reader of the feed calls itself."""


class EventFilterInput(TenantInput):
    """Which events: those for which all that is given holds."""

    kind: Kinds = Field(default=[], description="Of these kinds; none named: of all.")
    actor: UserId | None = Field(default=None, description="Who did it.")
    target: ThingId | None = Field(default=None, description="What it happened to: the first thing that it names.")
    after: Moment | None = Field(default=None, description="This moment included.")
    before: Moment | None = Field(default=None, description="This moment excluded.")


class ListEventsInput(EventFilterInput, PageInput):
    """Which events to list, newest first: those for which all that is given holds."""


class ListEventsResponse(Page[AnyEvent]):
    """One page of events."""

    events: list[AnyEvent]


class ReadEventsInput(TenantInput):
    """Where in the feed to go on, and how long to wait for news."""

    after: EventId | None = Field(default=None, description="The last event that was read; none: from the beginning.")
    consumer: ConsumerName | None = Field(
        default=None, description="Without `after`: behind what this consumer has acknowledged."
    )
    kind: Kinds = Field(default=[], description="Of these kinds; none named: of all.")
    limit: int = Field(default=100, ge=1, le=500, strict=False, description="How many at most, 1 to 500.")
    wait: int = Field(
        default=0, ge=0, le=25, strict=False, description="How many seconds to wait while there is nothing new."
    )


class ReadEventsResponse(Response):
    """What comes next in the feed, in an order that never changes."""

    events: list[AnyEvent]
    last: EventId | None = Field(
        default=None,
        description="Give it as `after` to go on. It may be an event of another kind, which was passed over.",
    )


class StreamEventsInput(TenantInput):
    """Where in the feed a stream of server-sent events goes on."""

    after: EventId | None = Field(
        default=None, description="The last event that was read; a `Last-Event-ID` header wins over it."
    )
    consumer: ConsumerName | None = Field(
        default=None, description="Without `after`: behind what this consumer has acknowledged."
    )
    kind: Annotated[Kinds, BeforeValidator(_by_commas)] = Field(
        default=[], description="Of these kinds, by commas; none named: of all."
    )


class AcknowledgeEventsInput(TenantInput):
    """Up to where a consumer has read; it never goes back."""

    consumer: ConsumerName
    event: EventId


class AcknowledgeEventsResponse(Response):
    """Up to where a consumer has read."""

    consumer: str
    last: EventId


class EventRetention(Resource):
    """For how long a tenant's events are kept."""

    days: int | None = Field(default=None, description="Null: for ever.")


class GetEventRetentionInput(TenantInput):
    """The tenant."""


class SetEventRetentionInput(TenantInput):
    """For how many days events are kept from now on, those that are there already too."""

    days: Annotated[int, Field(ge=30, le=36_500)] | None = Field(description="30 or more; null: for ever.")
