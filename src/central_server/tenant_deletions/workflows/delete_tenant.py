from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from central_server.tenant_deletions.activities.delete_tenant import DeleteTenantActivity
from central_server.tenant_deletions.specs import DELETE_TENANT, DeleteTenantInput, DeleteTenantOutput

_RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    maximum_interval=timedelta(minutes=1),
    maximum_attempts=60,
    non_retryable_error_types=["TypeError", "ValidationError"],
)


@workflow.defn(name=DELETE_TENANT.name)
class DeleteTenantWorkflow:
    """Removes a tenant, through crashes of workers; what failed too often is begun anew by the schedule."""

    @workflow.run
    async def run(self, input: DeleteTenantInput) -> DeleteTenantOutput:
        """Remove it."""
        return await workflow.execute_activity_method(
            DeleteTenantActivity.delete,
            input,
            start_to_close_timeout=timedelta(hours=12),
            schedule_to_close_timeout=timedelta(hours=24),
            heartbeat_timeout=timedelta(seconds=15),
            retry_policy=_RETRIES,
        )
