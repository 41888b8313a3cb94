from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from central.kernel.ids import UnitAssignmentId, UnitId, UserId
from central.kernel.model import Output, Response, TenantInput

OperationName = Annotated[str, StringConstraints(min_length=3, max_length=100, pattern=r"^[a-z_]+\.[a-z_]+$")]


class ExplainAccessInput(TenantInput):
    """Whether a user may call an operation."""

    user: UserId
    operation: OperationName = Field(description="As the documentation names it: `users.create`.")
    unit: UnitId | None = Field(
        default=None, description="For operations that a role in a unit allows: the unit that it would be about."
    )
    parent: UnitId | None = Field(
        default=None, description="For `units.move`: the unit that it would go below; to the top when absent."
    )


class UnitWay(Output):
    """By which assignment a user may do their part of something at one unit, if by any."""

    end: str = Field(description="Which end of the operation: `unit`, or `parent` for where the unit would go.")
    unit_id: UnitId | None = Field(default=None, description="The unit at this end; null for the top.")
    allowed: bool
    by_role: str | None = None
    by_assignment: UnitAssignmentId | None = None
    by_unit: UnitId | None = Field(default=None, description="The unit of that assignment: the same one or one above.")
    until: datetime | None = Field(default=None, description="When that assignment ends; null: never, or no way.")


class ExplainAccessResponse(Response):
    """Whether a user may call an operation now, and why."""

    allowed: bool
    reason: str = Field(description="The same for people.")
    permission: str | None = Field(default=None, description="What the operation needs; null when no permission.")
    by_roles: list[str] = Field(description="The roles of the user that hold the permission.")
    by_assignment: UnitAssignmentId | None = Field(
        default=None, description="The assignment by which they have the role, where they have it in a unit."
    )
    by_unit: UnitId | None = Field(default=None, description="The unit of that assignment: the same one or one above.")
    until: datetime | None = Field(
        default=None,
        description="When the last of these roles ends, or the first of the `ways` that it takes; null: it does not.",
    )
    ways: list[UnitWay] = Field(
        default_factory=list[UnitWay],
        description="For an operation on units, where no role in the tenant allows it: each end that is judged.",
    )
