from typing import Literal

from central.jobs.events import JobRequested


class UnitImportRequested(JobRequested):
    """An import of units has all its rows and is to run."""

    kind: Literal["unit.import.requested"] = "unit.import.requested"
