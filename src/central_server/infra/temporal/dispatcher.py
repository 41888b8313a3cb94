import asyncio
from datetime import timedelta
from typing import TypeVar

from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.errors import is_away, temporal_unavailable
from central_server.infra.temporal.spec import WorkflowModel, WorkflowSpec

I = TypeVar("I", bound=WorkflowModel)  # noqa: E741 (as in spec.py)
O = TypeVar("O", bound=WorkflowModel)  # noqa: E741 (as in spec.py)


class TemporalDispatcher:
    """Starts workflows: where, by the spec; at most one that succeeds, by the id.

    `rpc_timeout` bounds each call, in seconds.
    """

    def __init__(self, connection: TemporalConnection, *, rpc_timeout: float = 5.0) -> None:
        self._connection = connection
        self._rpc_timeout = rpc_timeout

    async def start(self, spec: WorkflowSpec[I, O], input: I, *, id: str) -> str:
        """Start a workflow and give its id; one of that id which runs or has succeeded is left alone.

        `TypeError` for an input of another type, `UnavailableError` (`temporal_unavailable`) while Temporal is away.
        """
        if not isinstance(input, spec.input):
            raise TypeError(f"workflow {spec.name!r} takes {spec.input.__name__}, not {type(input).__name__}")
        try:
            async with asyncio.timeout(self._rpc_timeout):
                await self._start(await self._connection.client(), spec, input, id)
        except WorkflowAlreadyStartedError:
            return id
        except (RPCError, TimeoutError) as error:
            if is_away(error):
                raise temporal_unavailable() from error
            raise
        return id

    async def cancel(self, id: str) -> bool:
        """Ask a workflow to stop; whether there was one that had not ended. `UnavailableError` as for `start`."""
        try:
            async with asyncio.timeout(self._rpc_timeout):
                handle = (await self._connection.client()).get_workflow_handle(id)
                await handle.cancel(rpc_timeout=timedelta(seconds=self._rpc_timeout))
        except (RPCError, TimeoutError) as error:
            if isinstance(error, RPCError) and error.status is RPCStatusCode.NOT_FOUND:
                return False
            if is_away(error):
                raise temporal_unavailable() from error
            raise
        return True

    async def result(self, spec: WorkflowSpec[I, O], id: str) -> O:
        """Wait for a workflow to end and give its output; its failure is raised as temporalio's `WorkflowFailureError`.

        For tests and `ping`: nothing that answers a request waits for a workflow.
        """
        client = await self._connection.client()
        handle: WorkflowHandle[object, O] = client.get_workflow_handle(id, result_type=spec.output)
        return await handle.result()

    async def _start(self, client: Client, spec: WorkflowSpec[I, O], input: I, id: str) -> None:
        await client.start_workflow(
            spec.name,
            input,
            id=id,
            task_queue=spec.queue.value,
            run_timeout=spec.run_timeout,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            rpc_timeout=timedelta(seconds=self._rpc_timeout),
        )
