"""Events: what happened, as the outbox keeps it and listeners read it."""

from datetime import UTC, datetime

from pydantic import Field

from central.kernel.ids import EventId, TenantId, UserId
from central.kernel.model import Output


class Event(Output):
    """Something that happened in a tenant. Subclasses add `kind: Literal[…]` and what it is about.

    An event names things by their ids and never holds a secret. Who did it is filled in where it is written.
    """

    id: EventId = Field(default_factory=EventId.new)
    tenant_id: TenantId
    actor: UserId | None = Field(default=None, description="Who did it; null for the system and for nobody signed in.")
    impersonator: UserId | None = Field(default=None, description="Who acted in the actor's name, if somebody did.")
    request_id: str | None = Field(default=None, description="The request it happened in, as the logs name it.")
    occurred_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
