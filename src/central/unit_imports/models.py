from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from central.kernel.model import Input, TenantInput
from central.kernel.text import Line
from central.units.models import Description, UnitCode, UnitKind
from central.users.fields import Attributes, Tags

OnMissingUnit: TypeAlias = Literal["ignore", "archive"]
AT_THE_TOP = "-"
ParentCode: TypeAlias = Annotated[str, StringConstraints(pattern=r"^-$")] | UnitCode


class UnitRowInput(Input):
    """A row of an import: a unit as it is to be. What is absent is left alone."""

    code: UnitCode = Field(description="What tells which unit it is; of a unit without a code, its id.")
    name: Line
    parent: ParentCode | None = Field(
        default=None,
        description="The code or id of the unit above it, of this import or there already; `-`: none.",
    )
    kind: UnitKind = "organizational"
    description: Description | None = None
    single_holder: bool | None = None
    attributes: Attributes = {}
    tags: Tags = {}


class StartUnitImportInput(TenantInput):
    """How to import units. The rows come by `units.add_import_rows`; nothing happens before `units.run_import`."""

    dry_run: bool = Field(default=False, description="Say what would happen, and change nothing.")
    all_or_nothing: bool = Field(default=False, description="Do nothing when any row has an error.")
    on_missing: OnMissingUnit = Field(
        default="ignore",
        description="What happens to units with a code that are in no row, and above none. It implies `allOrNothing`.",
    )
    archive_limit: int | None = Field(
        default=None, ge=0, le=100_000, description="How many may be archived at most; needed to archive any."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.on_missing == "archive") != (self.archive_limit is not None):
            raise PydanticCustomError(
                "archive_limit", "Give `archiveLimit` with `onMissing` as 'archive', and only then"
            )
        return self
