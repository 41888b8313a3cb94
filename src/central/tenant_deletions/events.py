from datetime import datetime
from typing import Literal

from central.kernel.events import Event
from central.kernel.ids import TenantDeletionId


class TenantDeletionRequested(Event):
    """A tenant is to be deleted: its sessions have stopped, and it can be restored until `delete_after`."""

    kind: Literal["tenant.deletion_requested"] = "tenant.deletion_requested"
    deletion_id: TenantDeletionId
    delete_after: datetime


class TenantRestored(Event):
    """A tenant that was to be deleted is not any more."""

    kind: Literal["tenant.restored"] = "tenant.restored"
    deletion_id: TenantDeletionId
