from typing import Final

from central.kernel.ids import JobId, TenantId
from central_server.infra.db import WriteExecutor
from central_server.jobs import queries

AT_ONCE: Final = 200


async def delete_chunks(tenant: TenantId, job: JobId, executor: WriteExecutor) -> None:
    """Delete the rows that a job was given, some at a time: an archive has more than one statement has the time for."""
    which = {"tenant_id": tenant, "job_id": job, "count": AT_ONCE}
    while await executor.execute(queries.DELETE_CHUNKS, **which) == AT_ONCE:
        pass
