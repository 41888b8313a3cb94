from typing import Literal

from central.jobs.events import JobRequested


class EventExportRequested(JobRequested):
    """Somebody asked for a file of what happened."""

    kind: Literal["event.export.requested"] = "event.export.requested"
