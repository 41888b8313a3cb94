from typing import Literal

from central.jobs.events import JobRequested
from central.kernel.events import Event


class TenantArchiveRequested(JobRequested):
    """Somebody has asked for an archive of all that a tenant has; `sealed` if with the secrets of its connectors."""

    kind: Literal["tenant.archive_requested"] = "tenant.archive_requested"
    sealed: bool


class TenantImportRequested(JobRequested):
    """An operator has asked for an archive to become a tenant here. It is an event of the operator's own tenant."""

    kind: Literal["tenant.import_requested"] = "tenant.import_requested"


class TenantImported(Event):
    """A tenant was made of an archive, as it was on another server. What happened before happened there."""

    kind: Literal["tenant.imported"] = "tenant.imported"
