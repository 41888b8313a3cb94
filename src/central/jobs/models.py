from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field, Tag

from central.access import TenantPermissionName
from central.kernel.ids import AuthConnectorId, ImageId, JobId, TenantId, UserId, WebhookEndpointId
from central.kernel.model import Output, Resource, TenantInput
from central.kernel.pages import Page, TenantPageInput
from central.kernel.unknown import UNKNOWN_TAG, UnknownValue, kind_or_unknown

JobKind: TypeAlias = Literal[
    "user_import",
    "user_export",
    "event_export",
    "session_revocation",
    "tenant_archive",
    "tenant_import",
    "unit_import",
    "unit_export",
    "assignment_import",
    "assignment_export",
    "image_processing",
]
JobState: TypeAlias = Literal["receiving", "queued", "running", "cancelling", "succeeded", "failed", "cancelled"]

PERMISSIONS_OF_FILE: Final[Mapping[JobKind, tuple[TenantPermissionName, ...]]] = {
    "user_export": ("users:read",),
    "tenant_archive": ("tenant:write",),
    "event_export": ("events:read",),
    "unit_export": ("units:read",),
    "assignment_export": ("units:read", "users:read"),
}
"""What it takes to download the file of a job, besides seeing the job: what reading the same otherwise takes."""


class JobProgress(Output):
    """How far a job has come in the stage that it is in."""

    stage: str = Field(description="A word for programs: `receiving`, `validating`, `applying`, `disabling`.")
    done: int
    total: int | None = Field(default=None, description="Null where nobody knows yet.")
    message: str | None = Field(default=None, description="The same for people.")


class JobError(Output):
    """Why a job failed."""

    code: str = Field(description="A stable word for programs, such as `disable_limit`.")
    message: str = Field(description="The same for people.")


class UserImportResult(Output):
    """What an import of users did so far; after a dry run, what it would do."""

    kind: Literal["user_import"] = "user_import"
    dry_run: bool = False
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    disabled: int = 0
    failed: int = Field(default=0, description="Rows with an error, which `jobs.list_row_errors` tells.")


class UserExportResult(Output):
    """What an export of users wrote so far."""

    kind: Literal["user_export"] = "user_export"
    exported: int = 0


class TenantArchiveResult(Output):
    """What an archive of a tenant holds."""

    kind: Literal["tenant_archive"] = "tenant_archive"
    rows: int = 0
    sealed: bool = Field(default=False, description="Whether client secrets are in it, sealed.")
    pictures: int = Field(default=0, description="How many pictures are in it, with their files.")
    pictures_left_out: int = Field(default=0, description="Pictures whose files had gone, or were others than made.")


class TenantImportResult(Output):
    """What an import of a tenant made."""

    kind: Literal["tenant_import"] = "tenant_import"
    tenant_id: TenantId | None = Field(default=None, description="The tenant, once it is there.")
    slug: str | None = None
    rows: int = 0
    pictures: int = Field(default=0, description="How many pictures came with it.")
    disabled_connectors: list[AuthConnectorId] = Field(
        default_factory=list[AuthConnectorId],
        description="Connectors that came disabled, since their client secret is not there.",
    )
    disabled_webhook_endpoints: list[WebhookEndpointId] = Field(
        default_factory=list[WebhookEndpointId],
        description="Webhook endpoints, all of which came disabled: enable those that are to be told of what happens "
        "here. Without the passphrase they have new signing secrets, which nobody has seen: rotate them first.",
    )


class EventExportResult(Output):
    """What an export of events wrote so far."""

    kind: Literal["event_export"] = "event_export"
    exported: int = 0


class SessionRevocationResult(Output):
    """How many sessions a mass revocation met and ended so far; after a dry run, none were ended."""

    kind: Literal["session_revocation"] = "session_revocation"
    dry_run: bool = False
    matched: int = Field(default=0, description="Live sessions for which all conditions held.")
    revoked: int = Field(
        default=0, description="Those that were ended; what was begun from them in other people's names ended, too."
    )


class UnitImportResult(Output):
    """What an import of units did so far; after a dry run, what it would do."""

    kind: Literal["unit_import"] = "unit_import"
    dry_run: bool = False
    created: int = 0
    moved: int = 0
    changed: int = 0
    unchanged: int = 0
    archived: int = Field(default=0, description="Units that are in no row; those below them go along.")
    failed: int = Field(default=0, description="Rows with an error, which `jobs.list_row_errors` tells.")
    plan: list[str] = Field(
        default_factory=list[str], description="After a dry run, the first 500 steps for people, in their order."
    )


class UnitExportResult(Output):
    """What an export of units wrote so far."""

    kind: Literal["unit_export"] = "unit_export"
    exported: int = 0


class AssignmentImportResult(Output):
    """What an import of assignments did so far; after a dry run, what it would do."""

    kind: Literal["assignment_import"] = "assignment_import"
    dry_run: bool = False
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    ended: int = Field(default=0, description="Assignments that held, and are in no row.")
    failed: int = Field(default=0, description="Rows with an error, which `jobs.list_row_errors` tells.")
    plan: list[str] = Field(
        default_factory=list[str], description="After a dry run, the first 500 steps for people, in their order."
    )


class AssignmentExportResult(Output):
    """What an export of assignments wrote so far."""

    kind: Literal["assignment_export"] = "assignment_export"
    exported: int = 0


class ImageProcessingResult(Output):
    """Which picture the renditions are of."""

    kind: Literal["image_processing"] = "image_processing"
    image_id: ImageId


class UnknownJobResult(Output):
    """What a kind of job that this version does not know gives; its fields are in `model_extra`."""

    kind: str


JobResult: TypeAlias = Annotated[
    Annotated[UserImportResult, Tag("user_import")]
    | Annotated[UserExportResult, Tag("user_export")]
    | Annotated[EventExportResult, Tag("event_export")]
    | Annotated[SessionRevocationResult, Tag("session_revocation")]
    | Annotated[TenantArchiveResult, Tag("tenant_archive")]
    | Annotated[TenantImportResult, Tag("tenant_import")]
    | Annotated[UnitImportResult, Tag("unit_import")]
    | Annotated[UnitExportResult, Tag("unit_export")]
    | Annotated[AssignmentImportResult, Tag("assignment_import")]
    | Annotated[AssignmentExportResult, Tag("assignment_export")]
    | Annotated[ImageProcessingResult, Tag("image_processing")]
    | Annotated[UnknownJobResult, Tag(UNKNOWN_TAG)],
    kind_or_unknown(
        "user_import",
        "user_export",
        "event_export",
        "session_revocation",
        "tenant_archive",
        "tenant_import",
        "unit_import",
        "unit_export",
        "assignment_import",
        "assignment_export",
        "image_processing",
    ),
]


class JobFile(Output):
    """The file that a job gives; `client.jobs.download` fetches and verifies it."""

    name: str = Field(description="What to call it: `users.csv`.")
    content_type: str
    size: int = Field(description="In bytes.")
    sha256: str = Field(description="Of the content, in hexadecimal digits.")
    expires_at: datetime = Field(description="From then on it is gone.")


class Job(Resource):
    """A piece of long work, which goes on whoever watches, and through restarts of the server."""

    id: JobId
    kind: JobKind | UnknownValue
    state: JobState | UnknownValue = Field(
        description="`receiving` waits for its rows, `queued` for a worker; `cancelling` ends after the batch in hand. "
        "`succeeded`, `failed` and `cancelled` are ends."
    )
    progress: JobProgress
    result: JobResult | None = Field(default=None, description="What it has done; it grows while the job runs.")
    error: JobError | None = None
    file: JobFile | None = Field(default=None, description="Null for none, and once it is gone.")
    started_by: UserId | None = Field(default=None, description="Null when that user was deleted.")
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    version: int = Field(description="Grows with every change, progress among them.")


class RowError(Resource):
    """One thing wrong with one row that a job was given. It never repeats the row's values."""

    row: int = Field(description="Which row, counted from 1.")
    field: str = Field(description="Where: the JSON path with dots; empty for the row as a whole.")
    code: str = Field(description="A stable word for what is wrong, such as `missing` or `email_taken`.")
    message: str = Field(description="The same for people.")


class ListJobsInput(TenantPageInput):
    """Which jobs to list, newest first: one's own, and with `jobs:read` everybody's."""

    kind: JobKind | None = None
    state: JobState | None = None


class ListJobsResponse(Page[Job]):
    """One page of jobs."""

    jobs: list[Job]


_Version: TypeAlias = Annotated[int, Field(ge=0, le=2**31 - 1, strict=False)]


class GetJobInput(TenantInput):
    """Which job to get, and whether to wait until it has changed."""

    job: JobId
    known_version: _Version | None = Field(
        default=None, description="The version that the caller has seen; it takes this to wait for another one."
    )
    wait: int = Field(
        default=0,
        ge=0,
        le=25,
        strict=False,
        description="How many seconds to wait while that is its version; what has ended is given at once.",
    )


class StreamJobInput(TenantInput):
    """Which job to send as server-sent events."""

    job: JobId
    known_version: _Version | None = Field(
        default=None, description="The version that the reader has seen; a `Last-Event-ID` header wins over it."
    )


class CancelJobInput(TenantInput):
    """Which job to cancel. What it has done stays."""

    job: JobId


class ListRowErrorsInput(TenantPageInput):
    """Whose row errors to list, by row."""

    job: JobId


class ListRowErrorsResponse(Page[RowError]):
    """One page of a job's row errors."""

    row_errors: list[RowError]
