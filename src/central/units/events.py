from typing import Literal

from central.kernel.events import Changed, Event
from central.kernel.ids import UnitAssignmentId, UnitId, UserId


class UnitCreated(Event):
    """A unit was made."""

    kind: Literal["unit.created"] = "unit.created"
    unit_id: UnitId


class UnitUpdated(Changed):
    """A unit's name, kind, code, description, tags or attributes changed, or whether one person alone holds it."""

    told = frozenset({"name", "kind", "code", "single_holder", "tags"})
    withheld = frozenset({"description", "attributes"})

    kind: Literal["unit.updated"] = "unit.updated"
    unit_id: UnitId


class UnitMoved(Changed):
    """A unit went below another one, or to the top, with all below it."""

    told = frozenset({"parent_id", "position"})

    kind: Literal["unit.moved"] = "unit.moved"
    unit_id: UnitId


class UnitReordered(Changed):
    """A unit went to another place among its siblings."""

    told = frozenset({"position"})

    kind: Literal["unit.reordered"] = "unit.reordered"
    unit_id: UnitId


class UnitArchived(Changed):
    """A unit was archived, and with it all below that was not; each of these has an event of its own."""

    told = frozenset({"archived_at"})

    kind: Literal["unit.archived"] = "unit.archived"
    unit_id: UnitId


class UnitRestored(Changed):
    """A unit came back, and with it what was archived with it; each of these has an event of its own."""

    told = frozenset({"archived_at"})

    kind: Literal["unit.restored"] = "unit.restored"
    unit_id: UnitId


class UnitDeleted(Event):
    """A unit was deleted; those that went with it have events of their own."""

    kind: Literal["unit.deleted"] = "unit.deleted"
    unit_id: UnitId


class UnitAssignmentCreated(Event):
    """Somebody was assigned to a unit; that it begins has an event of its own."""

    kind: Literal["unit.assignment_created"] = "unit.assignment_created"
    assignment_id: UnitAssignmentId
    unit_id: UnitId
    user_id: UserId


class UnitAssignmentUpdated(Changed):
    """When an assignment begins or ends changed, or its role."""

    told = frozenset({"role", "starts_at", "ends_at"})

    kind: Literal["unit.assignment_updated"] = "unit.assignment_updated"
    assignment_id: UnitAssignmentId
    unit_id: UnitId
    user_id: UserId


class UnitAssignmentRemoved(Event):
    """An assignment that had not begun was taken back, or one went with its unit."""

    kind: Literal["unit.assignment_removed"] = "unit.assignment_removed"
    assignment_id: UnitAssignmentId
    unit_id: UnitId
    user_id: UserId


class UnitAssignmentStarted(Event):
    """An assignment has begun; that was at its beginning, and is told within a minute or two."""

    kind: Literal["unit.assignment_started"] = "unit.assignment_started"
    assignment_id: UnitAssignmentId
    unit_id: UnitId
    user_id: UserId


class UnitAssignmentEnded(Event):
    """An assignment has ended; that was at its end, and is told within a minute or two."""

    kind: Literal["unit.assignment_ended"] = "unit.assignment_ended"
    assignment_id: UnitAssignmentId
    unit_id: UnitId
    user_id: UserId
