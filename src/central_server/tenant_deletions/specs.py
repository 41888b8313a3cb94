from datetime import timedelta

from central.kernel.ids import TenantDeletionId
from central_server.infra.temporal.spec import Queue, ScheduleSpec, WorkflowModel, WorkflowSpec


class DeleteDueTenantsInput(WorkflowModel):
    """Nothing: which are due is found by the clock."""


class DeleteDueTenantsOutput(WorkflowModel):
    """How many deletions were begun, or gone on with."""

    started: int


class DeleteTenantInput(WorkflowModel):
    """Which deletion to do: what, and how far it is, is in the database."""

    deletion_id: TenantDeletionId


class DeleteTenantOutput(WorkflowModel):
    """The deletion's state then; null for one that was restored."""

    state: str | None = None


DELETE_TENANT = WorkflowSpec(
    "tenants.delete", Queue.CORE, DeleteTenantInput, DeleteTenantOutput, run_timeout=timedelta(hours=25)
)
DELETE_DUE_TENANTS = WorkflowSpec(
    "tenants.delete_due",
    Queue.CORE,
    DeleteDueTenantsInput,
    DeleteDueTenantsOutput,
    run_timeout=timedelta(minutes=10),
)
DELETE_DUE_TENANTS_OFTEN = ScheduleSpec(
    DELETE_DUE_TENANTS, DeleteDueTenantsInput(), every=timedelta(minutes=5), offset=timedelta(minutes=3)
)
"""Each run begins the deletions whose time to restore has passed, and goes on with those that stopped."""
