from typing import Literal

from central.kernel.events import Event
from central.kernel.ids import JobId


class EventExportRequested(Event):
    """Somebody asked for a file of what happened."""

    kind: Literal["event.export.requested"] = "event.export.requested"
    job_id: JobId
