"""Whose turn it is to make a tenant: whoever has the claim, and nobody else, writes and deletes files of it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import Any, Final
from uuid import UUID, uuid4

from central.errors import CentralError, ConflictError, UnavailableError
from central.kernel.ids import JobId, TenantId
from central_server.infra.db import Database, WriteExecutor
from central_server.infra.object_store import Bucket, ObjectStore
from central_server.tenant_archives import queries
from central_server.tenant_deletions.service import TenantDeletionService
from central_server.tenants.service import TenantService

LEASE_SECONDS: Final = 60
"""How long a claim is kept for who holds it and is not heard of."""

CALL_SECONDS: Final = 30
"""How long one call to the storage may take. With the time to a renewal it is less than the lease: whoever was taken
for dead has stopped before another one begins."""

RENEWED_AFTER: Final = 10
ABANDONED_SECONDS: Final = 3600
"""How long after its lease a claim waits for its job to be tried again, before the files are deleted all the same."""

_REASON: Final = "tenant import claim"


def tenant_exists() -> ConflictError:
    """Say that there is such a tenant."""
    return ConflictError("This tenant is here already; delete it first.", code="tenant_exists")


class Claim:
    """A tenant in the hands of an import."""

    def __init__(self, db: Database, tenant: TenantId, holder: UUID, since: float) -> None:
        self.tenant = tenant
        self._db = db
        self._which: dict[str, Any] = {"of_tenant": tenant, "by_holder": holder}
        self._since = since

    async def call(self, do: Callable[[], Awaitable[None]]) -> None:
        """Do something to a file, as long as the claim is held; `UnavailableError` when it is not, or it takes long."""
        if monotonic() - self._since > RENEWED_AFTER:
            await self.TX_renew()
        try:
            async with asyncio.timeout(CALL_SECONDS):
                await do()
        except TimeoutError:
            raise UnavailableError("The storage of files is slow; try again later.") from None

    async def drop(self, executor: WriteExecutor) -> None:
        """Give it up for good, as the platform, in the transaction that makes the tenant or has none of its files."""
        if await executor.first(queries.DROP_CLAIM, **self._which) is None:
            raise _lost()

    async def TX_renew(self) -> None:
        """Have the claim for another while; `UnavailableError` when it is not held any more."""
        now = monotonic()
        async with self._db.platform_write(_REASON, routine=True) as tx:
            if await tx.first(queries.RENEW_CLAIM, lease_seconds=LEASE_SECONDS, **self._which) is None:
                raise _lost()
        self._since = now


class TenantClaims:
    """Claims on tenants that are not there.

    An import writes files before the tenant is there, and deletes them when it fails. Both would harm a tenant that is
    there, or another import of it, and no storage knows of transactions. So one alone has the claim: for as long as it
    is heard of, or until the transaction that makes the tenant takes the claim away. One that was killed leaves files
    and an old claim; the next who takes it, at the latest the hourly clean-up, deletes them.
    """

    def __init__(
        self, db: Database, tenants: TenantService, deletions: TenantDeletionService, store: ObjectStore
    ) -> None:
        self.db = db
        self.tenants = tenants
        self.deletions = deletions
        self.store = store

    @asynccontextmanager
    async def held(self, tenant: TenantId, job: JobId) -> AsyncGenerator[Claim]:
        """Have the claim, and no files of before; `ConflictError` for a tenant that is there or another's to make.

        What raises inside, or is cancelled, leaves no file, as far as the storage answers.
        """
        claim = await self._TX_take(tenant, job)
        try:
            await self._clear(claim)
            yield claim
        except asyncio.CancelledError:
            # Nobody may come again: a cancelled job ends with this. A worker that is to stop has not long for it.
            with suppress(UnavailableError, TimeoutError):
                async with asyncio.timeout(CALL_SECONDS):
                    await self._TX_withdraw(claim)
            raise
        except Exception:
            with suppress(UnavailableError):
                await self._TX_withdraw(claim)
            raise

    async def TX_clear_abandoned(self, count: int) -> int:
        """Delete the files of up to so many imports that nobody goes on with; gives how many."""
        async with self.db.platform_read(_REASON, routine=True) as reader:
            abandoned = await reader.all(queries.LIST_ABANDONED, count=count, kept_seconds=ABANDONED_SECONDS)
        for row in abandoned:
            await self._TX_withdraw(await self._TX_take(row["tenant_id"], row["job_id"]))
        return len(abandoned)

    async def _TX_take(self, tenant: TenantId, job: JobId) -> Claim:
        holder, since = uuid4(), monotonic()
        async with self.db.platform_write(_REASON, routine=True) as tx:
            new = {"tenant_id": tenant, "job_id": job, "holder": holder, "lease_seconds": LEASE_SECONDS}
            if await tx.first(queries.TAKE_CLAIM, **new) is None:
                raise await self._why_not(tenant, job, tx)
            # Only now: until there another one, who had it, could have made the tenant.
            await self._check_absent(tenant, tx)
        return Claim(self.db, tenant, holder, since)

    async def _check_absent(self, tenant: TenantId, tx: WriteExecutor) -> None:
        if await self.tenants.get_tenant_by_ref(tenant, tx) is not None:
            raise tenant_exists()
        if await self.deletions.is_under_way(tenant, tx):
            raise ConflictError(
                "This tenant's deletion here has not ended; try again when it has.", code="tenant_exists"
            )

    async def _why_not(self, tenant: TenantId, job: JobId, tx: WriteExecutor) -> CentralError:
        held = await tx.first(queries.GET_CLAIM, tenant_id=tenant)
        if held is None or held["job_id"] == job:
            return UnavailableError("An attempt before may still be at it; try again later.")
        message = "Another import of this tenant is under way, or was a minute ago; try again when it is over."
        return ConflictError(message, code="import_under_way")

    async def _clear(self, claim: Claim) -> None:
        for bucket in Bucket:
            async for key in self.store.list(bucket, claim.tenant):
                await claim.call(_deleting(self.store, bucket, claim.tenant, key))

    async def _TX_withdraw(self, claim: Claim) -> None:
        """Delete the files, and give up the claim; not when it is not held any more, as the tenant may be there."""
        await claim.TX_renew()
        await self._clear(claim)
        async with self.db.platform_write(_REASON, routine=True) as tx:
            await claim.drop(tx)


def _deleting(store: ObjectStore, bucket: Bucket, tenant: TenantId, key: str) -> Callable[[], Awaitable[None]]:
    return lambda: store.delete(bucket, tenant, key)


def _lost() -> UnavailableError:
    return UnavailableError("Another attempt has gone on with this import.", code="import_claim_lost")
