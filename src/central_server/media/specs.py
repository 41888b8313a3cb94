from datetime import timedelta

from central_server.infra.temporal.spec import Queue, WorkflowModel, WorkflowSpec


class PingInput(WorkflowModel):
    """What to send back."""

    message: str


class PingOutput(WorkflowModel):
    """What was sent back, and by which worker, as `process@host`."""

    message: str
    worker: str


PING = WorkflowSpec("media.ping", Queue.MEDIA, PingInput, PingOutput, run_timeout=timedelta(minutes=5))
