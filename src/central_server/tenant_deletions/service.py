from typing import Any

from central.errors import ConflictError, NotFoundError
from central.kernel.ids import TenantDeletionId, TenantId
from central.tenant_deletions.events import TenantDeletionRequested, TenantRestored
from central.tenant_deletions.models import (
    DeleteOwnTenantInput,
    DeleteTenantInput,
    GetTenantDeletionInput,
    ListTenantDeletionsInput,
    ListTenantDeletionsResponse,
    RestoreTenantInput,
    TenantDeletion,
)
from central.tenants.models import Tenant
from central_server.infra.actor import Actor
from central_server.infra.config import Settings
from central_server.infra.db import Database, WriteExecutor
from central_server.infra.outbox import Outbox
from central_server.infra.paging import next_cursor, open_cursor
from central_server.tenant_deletions import queries
from central_server.tenant_deletions.mapping import deletion_from
from central_server.tenant_deletions.tables import DBTenantDeletion
from central_server.tenants.service import TenantService
from central_server.users.service import UserService


class TenantDeletionService:
    """Deletions of tenants, as those see them who ask for them, take them back and read their receipts.

    A tenant that is to be deleted is shut at once: its state is part of every look-up of a session and of every way
    in. `TenantEraser` removes what it has, when the time to restore it has passed.
    """

    def __init__(
        self, db: Database, outbox: Outbox, tenants: TenantService, users: UserService, settings: Settings
    ) -> None:
        self.db = db
        self.outbox = outbox
        self.tenants = tenants
        self.users = users
        self.window = settings.tenant_undo_window

    async def TX_delete(self, input: DeleteTenantInput, actor: Actor) -> TenantDeletion:
        """Have a tenant deleted, as an operator; `ConflictError` without the right confirmation."""
        tenant = _found(await self.tenants.get_tenant_by_ref(input.tenant))
        return await self._TX_request(tenant.id, input.confirm, actor, by_operator=True)

    async def TX_delete_own(self, input: DeleteOwnTenantInput, actor: Actor) -> TenantDeletion:
        """Have the actor's tenant deleted; `ConflictError` without the right confirmation."""
        return await self._TX_request(actor.tenant_id, input.confirm, actor, by_operator=False)

    async def TX_restore(self, input: RestoreTenantInput, actor: Actor) -> Tenant:
        """Make a tenant again what it was; `ConflictError` when it is too late. One that is there stays as it is."""
        tenant = _found(await self.tenants.get_tenant_by_ref(input.tenant))
        async with self.db.platform_write("tenant is restored", actor.unit) as tx:
            restored = await tx.first(queries.RESTORE_DELETION, tenant_id=tenant.id, by=actor.user_id)
            if restored is None:
                return _not_deleting(await self.tenants.lock_tenant(tenant.id, tx))
            now = await self.tenants.set_state(tenant.id, restored["state_before"], tx)
            event = TenantRestored(tenant_id=tenant.id, deletion_id=restored["id"], version=now.version)
            await self.outbox.add(event, actor.by, tx)
            return now

    async def TX_list(self, input: ListTenantDeletionsInput) -> ListTenantDeletionsResponse:
        """Give a page of all deletions of tenants, newest first."""
        asked, position = open_cursor(input)
        which: dict[str, Any] = {} if asked.state is None else {"state": asked.state}
        query = queries.list_deletions(by_state=asked.state is not None, goes_on=position is not None)
        if position is not None:
            which |= {"after_key": position.time, "after_id": position.id}
        async with self.db.platform_read("tenant deletions list") as reader:
            rows = await reader.all(query, count=asked.limit + 1, **which)
        shown = rows[: asked.limit]
        cursor = next_cursor(asked, shown[-1]["requested_at"], shown[-1]["id"]) if len(rows) > asked.limit else None
        return ListTenantDeletionsResponse(tenant_deletions=[deletion_from(row) for row in shown], next_cursor=cursor)

    async def TX_get(self, input: GetTenantDeletionInput) -> TenantDeletion:
        """Give a deletion; `NotFoundError` when there is none."""
        async with self.db.platform_read("tenant deletion") as reader:
            row = await reader.first(queries.GET_DELETION, of_id=input.deletion)
        if row is None:
            raise NotFoundError.of("deletion")
        return deletion_from(row)

    async def is_under_way(self, tenant: TenantId, executor: WriteExecutor) -> bool:
        """Whether a tenant's deletion was asked for and has not come to an end; asked as the platform."""
        return await executor.first(queries.GET_OPEN_DELETION, tenant_id=tenant) is not None

    async def _TX_request(self, id: TenantId, confirm: str, actor: Actor, *, by_operator: bool) -> TenantDeletion:
        async with self.db.platform_write("tenant is to be deleted", actor.unit) as tx:
            tenant = await self.tenants.lock_tenant(id, tx)
            if confirm != tenant.slug:
                raise ConflictError("Give the tenant's present slug as `confirm` to delete it.", code="not_confirmed")
            if (asked_before := await tx.first(queries.GET_OPEN_DELETION, tenant_id=id)) is not None:
                return deletion_from(asked_before)
            await self._check_no_operators(id, tx)
            return deletion_from(await self._begin(tenant, actor, tx, by_operator=by_operator))

    async def _check_no_operators(self, tenant: TenantId, tx: WriteExecutor) -> None:
        if await self.users.has_operators(tenant, tx):
            raise ConflictError(
                "People of this tenant run the service: take their system permissions away first.",
                code="tenant_of_operators",
            )

    async def _begin(self, tenant: Tenant, actor: Actor, tx: WriteExecutor, *, by_operator: bool) -> DBTenantDeletion:
        row = await tx.first(
            queries.INSERT_DELETION,
            id=TenantDeletionId.new(),
            tenant_id=tenant.id,
            slug=tenant.slug,
            state_before=tenant.state,
            requested_by=actor.user_id,
            by_operator=by_operator,
            window_seconds=int(self.window.total_seconds()),
        )
        assert row is not None, "an insert gives its row"
        now = await self.tenants.set_state(tenant.id, "deleting", tx, delete_after=row["delete_after"])
        event = TenantDeletionRequested(
            tenant_id=tenant.id, deletion_id=row["id"], version=now.version, delete_after=row["delete_after"]
        )
        await self.outbox.add(event, actor.by, tx)
        return row


def _found(tenant: Tenant | None) -> Tenant:
    if tenant is None:
        raise NotFoundError.of("tenant")
    return tenant


def _not_deleting(tenant: Tenant) -> Tenant:
    if tenant.state == "deleting":
        raise ConflictError("The time to restore this tenant has passed; its deletion goes on.", code="deletion_begun")
    return tenant
