from datetime import timedelta

from central_server.infra.temporal.spec import Queue, ScheduleSpec, WorkflowModel, WorkflowSpec


class WarnOfSecretsInput(WorkflowModel):
    """How many warnings were written before."""

    warned: int = 0


class WarnOfSecretsOutput(WorkflowModel):
    """How many warnings were written, and whether there may be more to write."""

    warned: int
    is_last: bool


WARN_OF_SECRETS = WorkflowSpec(
    "auth_connectors.warn_of_secrets",
    Queue.CORE,
    WarnOfSecretsInput,
    WarnOfSecretsOutput,
    run_timeout=timedelta(hours=2),
)
WARN_OF_SECRETS_DAILY = ScheduleSpec(
    WARN_OF_SECRETS, WarnOfSecretsInput(), every=timedelta(days=1), offset=timedelta(hours=5, minutes=11)
)
"""Each run warns of the client secrets that come to their end and were not yet warned of."""
