from typing import Literal

from central.kernel.events import Event
from central.kernel.ids import JobId


class UserImportRequested(Event):
    """An import of users has all its rows and is to run."""

    kind: Literal["user.import.requested"] = "user.import.requested"
    job_id: JobId
