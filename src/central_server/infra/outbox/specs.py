from datetime import timedelta
from uuid import UUID

from central_server.infra.temporal.spec import Queue, WorkflowModel, WorkflowSpec


class HandOverInput(WorkflowModel):
    """Which batch of events to hand to which listener; what is in it, the database knows."""

    listener: str
    batch: UUID


class HandOverOutput(WorkflowModel):
    """How many events of the batch were handled, and how many set aside."""

    handled: int
    failed: int


HAND_OVER = WorkflowSpec("events.hand_over", Queue.CORE, HandOverInput, HandOverOutput, run_timeout=timedelta(hours=1))
"""Hands a batch of events to a listener, each by itself."""
