from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from central.kernel.ids import UnitAssignmentId, UnitId, UserId
from central.kernel.model import PatchInput, Resource, TenantInput
from central.kernel.pages import Page, TenantPageInput
from central.kernel.times import Moment
from central.kernel.unknown import UnknownValue
from central.roles.models import RoleSlug

AssignmentState: TypeAlias = Literal["past", "current", "future"]


class UnitAssignment(Resource):
    """A person's place in a unit, from a moment until another or without an end."""

    id: UnitAssignmentId
    unit_id: UnitId
    user_id: UserId
    role: str | None = Field(default=None, description="The slug of the role that the person has in the unit.")
    starts_at: datetime
    ends_at: datetime | None = Field(default=None, description="Exclusive; null: it has no end.")
    state: AssignmentState | UnknownValue = Field(description="As of now.")
    created_by: UserId | None = None
    created_at: datetime
    updated_at: datetime
    version: int = Field(description="Grows with every change; give it as `expectedVersion` to change what you saw.")


class AssignUnitInput(TenantInput):
    """Whom to assign to which unit, and for how long."""

    unit: UnitId
    user: UserId
    role: RoleSlug | None = Field(default=None, description="What they are there, of roles that the caller holds.")
    starts_at: Moment | None = Field(default=None, description="Now when absent.")
    ends_at: Moment | None = Field(default=None, description="Exclusive; without an end when absent.")


class UpdateUnitAssignmentInput(PatchInput):
    """What to change of an assignment; an absent field is left alone, null clears the end and the role."""

    clearable = frozenset({"ends_at", "role"})

    assignment: UnitAssignmentId
    role: RoleSlug | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    expected_version: int | None = Field(default=None, ge=1, le=2**31 - 1)


class EndUnitAssignmentInput(TenantInput):
    """Which assignment to end, and when."""

    assignment: UnitAssignmentId
    at: Moment | None = Field(default=None, description="Now when absent.")


class RemoveUnitAssignmentInput(TenantInput):
    """Which assignment to take back before it has begun."""

    assignment: UnitAssignmentId


class GetUnitAssignmentInput(TenantInput):
    """Which assignment to get."""

    assignment: UnitAssignmentId


class ListUnitAssignmentsInput(TenantPageInput):
    """Which assignments, those that begin last first; all conditions must hold."""

    unit: UnitId | None = Field(default=None, description="Those to this unit.")
    below: UnitId | None = Field(default=None, description="Those to this unit and to all that are below it now.")
    user: UserId | None = Field(default=None, description="Those of this person.")
    role: RoleSlug | None = Field(default=None, description="Those with this role.")
    state: AssignmentState | None = Field(default=None, description="As of now.")
    at: Moment | None = Field(default=None, description="Those that held, or will hold, at this moment.")
    ending_within_days: Annotated[int, Field(ge=1, le=3660, strict=False)] | None = Field(
        default=None, description="Those that hold now and end within so many days."
    )


class ListUnitAssignmentsResponse(Page[UnitAssignment]):
    """One page of assignments."""

    unit_assignments: list[UnitAssignment]
