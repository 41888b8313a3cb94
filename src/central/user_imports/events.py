from typing import Literal

from central.jobs.events import JobRequested


class UserImportRequested(JobRequested):
    """An import of users has all its rows and is to run."""

    kind: Literal["user.import.requested"] = "user.import.requested"
