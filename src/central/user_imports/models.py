from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from central.kernel.ids import JobId
from central.kernel.model import TenantInput
from central.roles.models import Roles
from central.users.fields import JsonObject, Key

MOST_ROWS_OF_CHUNK = 1000
MOST_CHUNKS = 10_000

OnMissing: TypeAlias = Literal["ignore", "disable"]
Rows: TypeAlias = Annotated[list[JsonObject], Field(min_length=1, max_length=MOST_ROWS_OF_CHUNK)]
ChunkNumber: TypeAlias = Annotated[int, Field(ge=0, le=MOST_CHUNKS - 1)]


class StartUserImportInput(TenantInput):
    """How to import users. The rows come by `users.add_import_rows`; nothing happens before `users.run_import`."""

    dry_run: bool = Field(default=False, description="Say what would happen, and change nothing.")
    all_or_nothing: bool = Field(default=False, description="Do nothing when any row has an error.")
    match: Literal["email", "external_id"] = Field(
        default="email", description="What tells whether a row is about a user who is there."
    )
    source: Key | None = Field(
        default=None, description="Whose external ids are compared, with `match` as `external_id`: `hr`."
    )
    on_missing: OnMissing = Field(
        default="ignore",
        description="What happens to active users who are in no row: with `source`, those that it has a name for; "
        "else all. Owners, the caller, and whoever may do more than the caller stay. It implies `allOrNothing`.",
    )
    disable_limit: int | None = Field(
        default=None, ge=0, le=1_000_000, description="How many users may be disabled at most; needed to disable any."
    )
    roles: Roles = Field(default=["member"], description="What new users hold whose row names no roles.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.match == "external_id") != (self.source is not None):
            raise PydanticCustomError("source", "Give `source` with `match` as 'external_id', and only then")
        if (self.on_missing == "disable") != (self.disable_limit is not None):
            raise PydanticCustomError(
                "disable_limit", "Give `disableLimit` with `onMissing` as 'disable', and only then"
            )
        return self


class AddImportRowsInput(TenantInput):
    """A chunk of rows; each is what `users.create` takes. Chunks are numbered from 0, in the order of the rows."""

    job: JobId
    chunk: ChunkNumber
    rows: Rows


class RunImportInput(TenantInput):
    """Which import has all its rows."""

    job: JobId
