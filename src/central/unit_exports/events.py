from typing import Literal

from central.jobs.events import JobRequested


class UnitExportRequested(JobRequested):
    """Somebody asked for a file of units."""

    kind: Literal["unit.export.requested"] = "unit.export.requested"
