from typing import Literal

from central.jobs.events import JobRequested


class AssignmentImportRequested(JobRequested):
    """An import of assignments has all its rows and is to run."""

    kind: Literal["unit.assignment_import.requested"] = "unit.assignment_import.requested"
