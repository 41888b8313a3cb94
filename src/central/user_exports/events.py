from typing import Literal

from central.jobs.events import JobRequested


class UserExportRequested(JobRequested):
    """Somebody asked for a file of users."""

    kind: Literal["user.export.requested"] = "user.export.requested"
