from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from central_server.tenant_deletions.activities.start_due_deletions import StartDueDeletionsActivity
from central_server.tenant_deletions.specs import DELETE_DUE_TENANTS, DeleteDueTenantsInput, DeleteDueTenantsOutput

_RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    maximum_interval=timedelta(minutes=1),
    maximum_attempts=5,
    non_retryable_error_types=["TypeError", "ValidationError"],
)


@workflow.defn(name=DELETE_DUE_TENANTS.name)
class DeleteDueTenantsWorkflow:
    """Begins the deletions of tenants for which it is time."""

    @workflow.run
    async def run(self, input: DeleteDueTenantsInput) -> DeleteDueTenantsOutput:
        """Begin them."""
        return await workflow.execute_activity_method(
            StartDueDeletionsActivity.start,
            input,
            start_to_close_timeout=timedelta(minutes=2),
            retry_policy=_RETRIES,
        )
