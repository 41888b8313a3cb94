from central_server.infra.temporal.spec import WorkflowModel


class DeleteEndedInput(WorkflowModel):
    """How many rows were deleted before."""

    deleted: int = 0


class DeleteEndedOutput(WorkflowModel):
    """How many rows were deleted, those before included, and whether no more are due."""

    deleted: int
    is_last: bool
