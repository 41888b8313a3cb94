from datetime import datetime
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, JsonValue, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from central.kernel.ids import UnitId, UserId
from central.kernel.model import PatchInput, Resource, Response, TenantInput
from central.kernel.pages import Page, TenantPageInput
from central.kernel.text import Line, ShortLine, one_line
from central.kernel.times import Moment
from central.kernel.unknown import UnknownValue
from central.users.fields import Attributes, Filters, Tags

UnitKind: TypeAlias = Literal["organizational", "individual"]
UnitSort: TypeAlias = Literal["position", "name", "-name", "created_at", "-created_at"]

MOST_LEVELS = 64
"""How many units stand one below the other, the topmost included."""

MOST_SIBLINGS = 10_000
"""How many units stand directly below one, or at the top."""

MOST_CASCADED = 5_000
"""How many units go at once with the one above them."""

MOST_ASSIGNMENTS_CASCADED = 20_000
"""How many assignments go at once with their units."""

UnitCode: TypeAlias = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$",
    ),
]
"""What other systems call a unit: up to 64 of letters, digits and inner `.`, `_`, `-`."""

Description: TypeAlias = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000), AfterValidator(one_line)
]


class Unit(Resource):
    """A part of a tenant's organisation: a department, a team, a place, or a post that people hold."""

    id: UnitId
    parent_id: UnitId | None = Field(default=None, description="The unit above it; null at the top.")
    kind: UnitKind | UnknownValue = Field(description="`individual` is a post, `organizational` is all else.")
    name: str
    description: str | None = None
    code: str | None = Field(default=None, description="What other systems call it, unique whatever the case.")
    position: int = Field(description="Grows from each sibling to the next; nothing but its order means something.")
    single_holder: bool = Field(description="Whether one person at most holds it at a time.")
    attributes: dict[str, JsonValue] = {}
    tags: dict[str, str] = {}
    archived_at: datetime | None = Field(default=None, description="Since when it is out of use, with all below it.")
    created_at: datetime
    updated_at: datetime
    version: int = Field(description="Grows with every change; give it as `expectedVersion` to change what you saw.")


class UnitVersion(Resource):
    """What a unit was from one moment until another."""

    unit_id: UnitId
    version: int
    valid_from: datetime
    valid_until: datetime | None = Field(default=None, description="Exclusive; null: it is so now.")
    parent_id: UnitId | None = None
    kind: UnitKind | UnknownValue
    name: str
    code: str | None = None
    position: int
    single_holder: bool
    archived_at: datetime | None = None
    changed_by: UserId | None = Field(default=None, description="Who made it so; null for the system.")


class ChartUnit(Resource):
    """A unit in a chart: where it stood at the chart's moment, and what it was then."""

    unit_id: UnitId
    parent_id: UnitId | None = None
    level: int = Field(description="How many units stand above it.")
    kind: UnitKind | UnknownValue
    name: str
    code: str | None = None
    single_holder: bool
    archived_at: datetime | None = None
    since: datetime = Field(description="Since when it is as it was then.")


class PlacedInput(TenantInput):
    """Beside which sibling; the last place when neither is given."""

    before: UnitId | None = Field(default=None, description="The sibling that comes next.")
    after: UnitId | None = Field(default=None, description="The sibling that comes just before.")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.before is not None and self.after is not None:
            raise PydanticCustomError("before_or_after", "Name the sibling before or after, not both")
        return self


class CreateUnitInput(PlacedInput):
    """A new unit, and where it is to stand."""

    name: Line
    kind: UnitKind = "organizational"
    parent: UnitId | None = Field(default=None, description="The unit above it; at the top when absent.")
    description: Description | None = None
    code: UnitCode | None = None
    single_holder: bool | None = Field(
        default=None, description="Whether one person at most holds it at a time; when absent, a post's does."
    )
    attributes: Attributes = {}
    tags: Tags = {}


class GetUnitInput(TenantInput):
    """Which unit to get."""

    unit: UnitId


class GetUnitByCodeInput(TenantInput):
    """Which unit other systems call so, whatever the case."""

    code: UnitCode


class ListUnitsInput(TenantPageInput):
    """Which units, and in which order; all conditions must hold."""

    parent: UnitId | None = Field(default=None, description="Those directly below it.")
    top: bool = Field(default=False, strict=False, description="Those at the top, with no unit above.")
    below: UnitId | None = Field(default=None, description="Those below it on every level.")
    kind: UnitKind | None = None
    tag: Filters = Field(default=[], description="Tags that they have: `region:north`.")
    archived: bool | None = Field(default=None, strict=False, description="Whether they are archived; absent: both.")
    text: ShortLine | None = Field(default=None, description="How the name or the code begins, without case.")
    sort: UnitSort = Field(default="name", description="`position` is the order among siblings.")


class ListUnitsResponse(Page[Unit]):
    """One page of units."""

    units: list[Unit]


class ListUnitAncestorsInput(TenantPageInput):
    """Which unit's ancestors to list."""

    unit: UnitId


class ListUnitAncestorsResponse(Page[Unit]):
    """All units above one, the topmost first."""

    units: list[Unit]


class GetUnitPathInput(TenantPageInput):
    """From which unit to which."""

    unit: UnitId
    to: UnitId


class GetUnitPathResponse(Page[Unit]):
    """The way between two units, all on one page: up to the lowest one above both, and down."""

    units: list[Unit] = Field(description="From the first to the last, both included; empty where no way leads.")
    common_ancestor_id: UnitId | None = Field(
        default=None, description="Where the way turns; null: the two stand below different units of the top."
    )


class UpdateUnitInput(PatchInput):
    """What to change of a unit; an absent field is left alone, null clears the description and the code."""

    clearable = frozenset({"description", "code"})

    unit: UnitId
    name: Line | None = None
    kind: UnitKind | None = None
    description: Description | None = None
    code: UnitCode | None = None
    single_holder: bool | None = None
    attributes: Attributes | None = Field(
        default=None, description="Merged into those that are there (RFC 7396): null takes one away."
    )
    tags: Tags | None = Field(default=None, description="Just these.")
    expected_version: int | None = Field(default=None, ge=1, le=2**31 - 1)


class MoveUnitInput(PlacedInput):
    """Where a unit is to stand from now on, with all below it."""

    unit: UnitId
    parent: UnitId | None = Field(default=None, description="The unit above it; at the top when absent.")


class ReorderUnitInput(PlacedInput):
    """Where among its siblings a unit is to stand."""

    unit: UnitId


class ArchiveUnitInput(TenantInput):
    """Which unit to archive, with all below it."""

    unit: UnitId


class RestoreUnitInput(TenantInput):
    """Which unit to restore, with what was archived with it."""

    unit: UnitId


class DeleteUnitInput(TenantInput):
    """Which unit to delete, and whether with all that belongs to it."""

    unit: UnitId
    cascade: bool = Field(default=False, strict=False, description="Delete all below it too.")
    dry_run: bool = Field(default=False, strict=False, description="Say what would go, and change nothing.")


class DeleteUnitResponse(Response):
    """What went, or would go."""

    dry_run: bool
    units: int = Field(description="How many units, the named one included.")
    names: list[str] = Field(description="The names of the first twenty of them, from the top.")
    assignments: int = Field(description="How many assignments to them, past ones included.")


class ListUnitHistoryInput(TenantPageInput):
    """Whose history to list, newest first; also of a unit that was deleted."""

    unit: UnitId


class ListUnitHistoryResponse(Page[UnitVersion]):
    """One page of what a unit was."""

    unit_versions: list[UnitVersion]


class GetUnitChartInput(TenantPageInput):
    """Of which moment, and of which part, a chart is to be."""

    at: Moment | None = Field(default=None, description="The moment; now when absent.")
    below: UnitId | None = Field(default=None, description="This unit and all below it.")
    archived: bool = Field(default=False, strict=False, description="Also what was archived then.")


class GetUnitChartResponse(Page[ChartUnit]):
    """One page of a chart: each unit behind the one above it, siblings in their order."""

    chart_units: list[ChartUnit]
    at: datetime = Field(description="The moment that the chart is of.")
