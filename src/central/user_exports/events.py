from typing import Literal

from central.kernel.events import Event
from central.kernel.ids import JobId


class UserExportRequested(Event):
    """Somebody asked for a file of users."""

    kind: Literal["user.export.requested"] = "user.export.requested"
    job_id: JobId
