from typing import Literal

from central.kernel.events import Event


class EventRetentionChanged(Event):
    """For how many days a tenant's events are kept changed; null is for ever."""

    kind: Literal["tenant.event_retention_changed"] = "tenant.event_retention_changed"
    before: int | None
    after: int | None
