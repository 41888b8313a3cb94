"""Tenants on their way out: time that passes, and the work that workers would do."""

from central.kernel.ids import TenantDeletionId
from central.tenant_deletions.models import TenantDeletion
from central_server.infra.object_store import Bucket, ObjectStore
from central_server.tenant_deletions.eraser import TenantEraser
from support.database import superuser, tenant_tables
from support.place import Place, Stack


async def make_due(place: Place) -> None:
    """Let the time pass in which the tenant can be restored."""
    async with superuser(place.stack) as connection:
        for table, which in (("tenants", "id"), ("tenant_deletions", "tenant_id")):
            await connection.execute(
                f"UPDATE {table} SET delete_after = now() - interval '1 second'"
                f" WHERE {which} = $1 AND state IN ('scheduled', 'deleting')",
                place.tenant.id.uuid,
            )


async def let_rest(stack: Stack, deletion: TenantDeletionId) -> None:
    """Let the time pass in which what was under way may leave something behind."""
    async with superuser(stack) as connection:
        await connection.execute(
            "UPDATE tenant_deletions SET gone_at = gone_at - interval '1 hour' WHERE id = $1", deletion.uuid
        )


async def erase(stack: Stack, deletion: TenantDeletionId) -> str | None:
    """Do what a worker does once."""
    eraser = await stack.central.container.get(TenantEraser)
    return await eraser.run(deletion, lambda: None)


async def delete_wholly(place: Place) -> TenantDeletion:
    """Delete a tenant to the end."""
    operator = await place.stack.sign_in_operator()
    tenant = await place.owner.tenants.get()
    asked = await operator.tenants.delete(tenant=place.tenant.id, confirm=tenant.slug)
    await make_due(place)
    assert await erase(place.stack, asked.id) == "deleting"
    await let_rest(place.stack, asked.id)
    assert await erase(place.stack, asked.id) == "deleted"
    return await operator.tenants.get_deletion(deletion=asked.id)


async def left_of(place: Place) -> dict[str, int]:
    """Count what is left of a tenant, by table of the database's own catalog, and as `objects` in the object store."""
    async with superuser(place.stack) as connection:
        left = {
            table: await connection.fetchval(f"SELECT count(*) FROM {table} WHERE tenant_id = $1", place.tenant.id.uuid)
            for table in await tenant_tables(connection)
        }
        left["tenants"] = await connection.fetchval("SELECT count(*) FROM tenants WHERE id = $1", place.tenant.id.uuid)
    store = await place.stack.central.container.get(ObjectStore)
    left["objects"] = sum([1 for bucket in Bucket async for _ in store.list(bucket, place.tenant.id)])
    return {table: count for table, count in left.items() if count}
