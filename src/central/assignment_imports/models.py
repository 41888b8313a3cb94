from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from central.kernel.model import Input, TenantInput
from central.kernel.times import Moment
from central.roles.models import RoleSlug
from central.units.models import UnitCode
from central.users.fields import Key, Value

OnMissingAssignment: TypeAlias = Literal["ignore", "end"]
NONE: Final = "-"
"""What a row says for no role and for no end, where an empty cell says nothing."""


def _which(value: Any) -> str:
    return "none" if value == NONE else "some"


RoleOfRow: TypeAlias = Annotated[
    Annotated[RoleSlug, Tag("some")] | Annotated[Literal["-"], Tag("none")], Discriminator(_which)
]
EndOfRow: TypeAlias = Annotated[
    Annotated[Moment, Tag("some")] | Annotated[Literal["-"], Tag("none")], Discriminator(_which)
]


class AssignmentRowInput(Input):
    """A row of an import: who is in which unit, as it is to be. What is absent is left alone."""

    unit: UnitCode = Field(description="The unit's code, or its id.")
    user: Value = Field(description="The person's id, their name at the import's `source`, or else their address.")
    role: RoleOfRow | None = Field(default=None, description="What they are there; `-`: nothing.")
    starts_at: Moment | None = Field(default=None, description="Of a new assignment now when absent.")
    ends_at: EndOfRow | None = Field(default=None, description="Exclusive; `-`, and for a new one when absent: none.")


class StartAssignmentImportInput(TenantInput):
    """How to import assignments.

    The rows come by `units.add_assignment_import_rows`; nothing happens before `units.run_assignment_import`.
    """

    dry_run: bool = Field(default=False, description="Say what would happen, and change nothing.")
    all_or_nothing: bool = Field(default=False, description="Do nothing when any row has an error.")
    source: Key | None = Field(
        default=None, description="By whose external ids rows name people: `hr`. Without it, by their addresses."
    )
    on_missing: OnMissingAssignment = Field(
        default="ignore",
        description="What happens to assignments that hold now, to units that some row names, and are in no row. "
        "`end` implies `allOrNothing`.",
    )
    end_limit: int | None = Field(
        default=None, ge=0, le=100_000, description="How many may be ended at most; needed to end any."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.on_missing == "end") != (self.end_limit is not None):
            raise PydanticCustomError("end_limit", "Give `endLimit` with `onMissing` as 'end', and only then")
        return self
