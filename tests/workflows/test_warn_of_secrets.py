import uuid

from temporalio import activity

from central_server.auth_connectors.specs import WARN_OF_SECRETS, WarnOfSecretsInput, WarnOfSecretsOutput
from central_server.auth_connectors.workflows.warn_of_secrets import WarnOfSecretsWorkflow
from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.dispatcher import TemporalDispatcher
from central_server.infra.temporal.spec import Queue
from central_server.infra.temporal.worker import QueueWorker
from support.durable import running


class Pages:
    """Stands for the activity: so many pages bring something, after so many failures."""

    def __init__(self, pages: int, failures: int = 0) -> None:
        self.pages, self.failures = pages, failures

    @activity.defn(name="auth_connectors.warn_of_secrets")
    async def warn(self, input: WarnOfSecretsInput) -> WarnOfSecretsOutput:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("not yet")
        self.pages -= 1
        return WarnOfSecretsOutput(warned=input.warned + (100 if self.pages else 0), is_last=self.pages == 0)


async def _run(connection: TemporalConnection, dispatcher: TemporalDispatcher, holder: object) -> WarnOfSecretsOutput:
    worker = QueueWorker(connection, Queue.CORE, workflows=[WarnOfSecretsWorkflow], activities=[holder])
    async with running(worker):
        id = await dispatcher.start(WARN_OF_SECRETS, WarnOfSecretsInput(), id=f"warn-{uuid.uuid4()}")
        return await dispatcher.result(WARN_OF_SECRETS, id)


async def test_pages_until_nothing_is_new(connection: TemporalConnection, dispatcher: TemporalDispatcher) -> None:
    """It goes on to a page that brings nothing, over a failure, and says how many warnings there were in all."""
    assert await _run(connection, dispatcher, Pages(4, failures=1)) == WarnOfSecretsOutput(warned=300, is_last=True)
