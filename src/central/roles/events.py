from typing import Literal

from central.kernel.events import Changed, Event
from central.kernel.ids import RoleId


class RoleCreated(Event):
    """A tenant made a role of its own."""

    kind: Literal["role.created"] = "role.created"
    role_id: RoleId


class RoleUpdated(Changed):
    """A role's name, description, permissions or reach changed; they count from the next request."""

    told = frozenset({"name", "description", "permissions", "reach"})

    kind: Literal["role.updated"] = "role.updated"
    role_id: RoleId


class RoleDeleted(Event):
    """A role that nobody held was deleted."""

    kind: Literal["role.deleted"] = "role.deleted"
    role_id: RoleId
