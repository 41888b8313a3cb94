from collections.abc import Awaitable, Callable
from typing import Final

from central_server.infra.upkeep.specs import DeleteEndedInput, DeleteEndedOutput

BATCH: Final = 500
"""Rows of one transaction: some milliseconds, so that nobody waits for their locks, nor vacuum for its snapshot."""

MOST_BATCHES: Final = 100


async def delete_in_batches(
    input: DeleteEndedInput,
    delete: Callable[[int], Awaitable[int]],
    heartbeat: Callable[[], None],
    *,
    batch: int = BATCH,
) -> DeleteEndedOutput:
    """Call `delete(batch)`, which gives how many rows it deleted, until it is less, or for a hundred times."""
    deleted = input.deleted
    for _ in range(MOST_BATCHES):
        heartbeat()
        count = await delete(batch)
        deleted += count
        if count < batch:
            return DeleteEndedOutput(deleted=deleted, is_last=True)
    return DeleteEndedOutput(deleted=deleted, is_last=False)
