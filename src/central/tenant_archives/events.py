from typing import Literal

from central.kernel.events import Event
from central.kernel.ids import JobId


class TenantArchiveRequested(Event):
    """Somebody has asked for an archive of all that a tenant has; `sealed` if with the secrets of its connectors."""

    kind: Literal["tenant.archive_requested"] = "tenant.archive_requested"
    job_id: JobId
    sealed: bool


class TenantImportRequested(Event):
    """An operator has asked for an archive to become a tenant here. It is an event of the operator's own tenant."""

    kind: Literal["tenant.import_requested"] = "tenant.import_requested"
    job_id: JobId


class TenantImported(Event):
    """A tenant was made of an archive, as it was on another server. What happened before happened there."""

    kind: Literal["tenant.imported"] = "tenant.imported"
