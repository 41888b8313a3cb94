from typing import Literal

from central.kernel.events import Event
from central.kernel.ids import JobId


class JobRequested(Event):
    """Somebody has asked for a job, which is to run now. Each kind of job has a kind of event of its own."""

    job_id: JobId


class JobStarted(Event):
    """A worker has begun a job, for the first time."""

    kind: Literal["job.started"] = "job.started"
    job_id: JobId


class JobCancelRequested(Event):
    """A job that runs is to stop."""

    kind: Literal["job.cancel_requested"] = "job.cancel_requested"
    job_id: JobId


class JobEnded(Event):
    """A job has ended, one way or another; cancelled before it began, too."""

    kind: Literal["job.ended"] = "job.ended"
    job_id: JobId
    succeeded: bool
    cancelled: bool
