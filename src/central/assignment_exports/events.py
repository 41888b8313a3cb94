from typing import Literal

from central.jobs.events import JobRequested


class AssignmentExportRequested(JobRequested):
    """Somebody asked for a file of assignments."""

    kind: Literal["unit.assignment_export.requested"] = "unit.assignment_export.requested"
