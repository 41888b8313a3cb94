"""Events: what happened, as the outbox keeps it and listeners read it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar, Self

from pydantic import Field
from pydantic.alias_generators import to_camel

from central.kernel.ids import EventId, RichId, TenantId, UserId
from central.kernel.model import Output


@cache
def _things_of(event: "type[Event]") -> list[str]:
    """Name the fields of an event's own that hold an id, in their order."""
    own = [name for name in event.model_fields if name not in _ABOUT_ALL]
    return [name for name in own if _is_id(event.model_fields[name].annotation)]


def _is_id(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, RichId)


_ABOUT_ALL = {"id", "tenant_id", "actor", "impersonator"}


class Event(Output):
    """Something that happened in a tenant. Subclasses add `kind: Literal[…]` and what it is about.

    An event names things by their ids and never holds a secret. Who did it is filled in where it is written.
    """

    id: EventId = Field(default_factory=EventId.new)
    tenant_id: TenantId
    actor: UserId | None = Field(default=None, description="Who did it; null for the system and for nobody signed in.")
    impersonator: UserId | None = Field(default=None, description="Who acted in the actor's name, if somebody did.")
    request_id: str | None = Field(default=None, description="The request it happened in, as the logs name it.")
    traceparent: str | None = Field(
        default=None, description="The span it happened in, as W3C Trace Context writes it, where the server traces."
    )
    occurred_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    version: int | None = Field(
        default=None, description="The version that the thing has since then, where it has one and is still there."
    )

    @property
    def target(self) -> RichId | None:
        """What it happened to: the first thing that it names, if it names any."""
        found: RichId | None = next((getattr(self, name) for name in _things_of(type(self))), None)
        return found


class FieldChange(Output):
    """A field that was changed, as JSON spells it. One that is withheld is named without its values."""

    field: str
    before: Any = None
    after: Any = None
    withheld: bool = Field(default=False, description="It is personal or long: read the thing itself.")


class Changed(Event):
    """Somebody changed fields of a thing. Subclasses say of which fields values are told, and which are only named."""

    told: ClassVar[frozenset[str]] = frozenset()
    withheld: ClassVar[frozenset[str]] = frozenset()

    changes: list[FieldChange] = []

    @classmethod
    def between(cls, before: Mapping[str, Any], after: Mapping[str, Any], /, **about: Any) -> Self:
        """Make the event of what differs between a thing's rows before and after it."""
        changes = [
            FieldChange(field=to_camel(name), withheld=True)
            if name in cls.withheld
            else FieldChange(field=to_camel(name), before=before.get(name), after=after.get(name))
            for name in sorted(cls.told | cls.withheld)
            if before.get(name) != after.get(name)
        ]
        return cls(changes=changes, version=after.get("version"), **about)
