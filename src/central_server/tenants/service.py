import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from central.auth_connectors.models import CreateAuthConnectorInput, EmailCodeSettingsInput
from central.errors import ConflictError, NotFoundError
from central.kernel.events import Event
from central.kernel.ids import TenantId
from central.tenants.events import (
    TenantBrandingChanged,
    TenantCreated,
    TenantReactivated,
    TenantRenamed,
    TenantSuspended,
)
from central.tenants.models import (
    CreateTenantInput,
    ListTenantsInput,
    ListTenantsResponse,
    ReactivateTenantInput,
    RenameTenantInput,
    SetTenantBrandingInput,
    SuspendTenantInput,
    Tenant,
    TenantPublic,
    TenantState,
)
from central_server.auth_connectors.service import AuthConnectorService
from central_server.infra.actor import SYSTEM, Actor, By
from central_server.infra.db import Database, ReadExecutor, Unit, WriteExecutor, register_conflict
from central_server.infra.logs import component_logger
from central_server.infra.outbox import Outbox
from central_server.infra.paging import next_cursor, open_cursor
from central_server.infra.text import like_pattern
from central_server.roles.service import RoleService
from central_server.tenants import queries
from central_server.tenants.policy import check_active, check_slug, skeleton
from central_server.tenants.queries import TenantListShape
from central_server.tenants.tables import DBTenant
from central_server.users.inputs import NewUser
from central_server.users.service import UserService

T = TypeVar("T")
_SLUG = re.compile(r"[a-z0-9-]{2,40}")
"""What can be a slug: a path may hold anything, of which nothing else reaches the database."""


def slug_taken() -> ConflictError:
    """Say that a slug is or was another tenant's, or looks like one."""
    return ConflictError("This slug is taken, or looks like one that is.", code="slug_taken")


for _constraint in ("pk_tenant_slugs", "uq_tenant_slugs_skeleton", "uq_tenants_slug"):
    register_conflict(_constraint, slug_taken)


class TenantService:
    """The tenants of the system.

    A slug, once a tenant's, never leads to another tenant, and neither does one that looks like it. A new tenant
    has an owner and a connector for mailed codes, so that the owner can sign in.
    """

    def __init__(
        self,
        db: Database,
        outbox: Outbox,
        roles: RoleService,
        users: UserService,
        auth_connectors: AuthConnectorService,
    ) -> None:
        self.db = db
        self.outbox = outbox
        self.roles = roles
        self.users = users
        self.auth_connectors = auth_connectors
        self.log = component_logger(self)

    async def get_tenant_by_ref(self, ref: str, executor: ReadExecutor | WriteExecutor | None = None) -> Tenant | None:
        """Find a tenant by its id, its slug or a former slug, whoever asks."""
        id = _tenant_id(ref)
        slug = None if id else ref.lower()
        if slug is not None and not _SLUG.fullmatch(slug):
            return None
        row = await (executor or self.db.unscoped()).first(queries.RESOLVE_TENANT, id=id, slug=slug)
        return None if row is None else tenant_from(row)

    async def with_tenant_by_ref(
        self, ref: str, use: Callable[[Tenant], Awaitable[T]], executor: ReadExecutor | WriteExecutor | None = None
    ) -> T:
        """Find a tenant and use it; `NotFoundError` when there is none."""
        return await use(_found(await self.get_tenant_by_ref(ref, executor)))

    async def get_public(self, ref: str, executor: ReadExecutor | WriteExecutor | None = None) -> TenantPublic:
        """Give what anyone may see of a tenant."""
        tenant = _found(await self.get_tenant_by_ref(ref, executor))
        return TenantPublic(
            id=tenant.id,
            slug=tenant.slug,
            name=tenant.name,
            accent_color=tenant.accent_color,
            background_color=tenant.background_color,
            logo=tenant.logo,
        )

    async def get_own(self, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None) -> Tenant:
        """Give the actor's tenant."""
        reader = executor or self.db.read(actor.tenant_id)
        row = await reader.first(queries.GET_TENANT, id=actor.tenant_id)
        return tenant_from(_found(row))

    async def TX_list_tenants(self, input: ListTenantsInput) -> ListTenantsResponse:
        """Give a page of all tenants of the system."""
        asked, position = open_cursor(input)
        shape = TenantListShape(asked.state is not None, asked.text is not None, asked.sort, position is not None)
        parameters: dict[str, Any] = {"count": asked.limit + 1}
        if asked.state is not None:
            parameters["state"] = asked.state
        if asked.text is not None:
            parameters["pattern"] = like_pattern(asked.text)
        by_time = asked.sort.endswith("created_at")
        if position is not None:
            parameters |= {"after_key": position.time if by_time else position.key, "after_id": position.id}
        async with self.db.platform_read("tenants list") as reader:
            rows = await reader.all(queries.list_tenants(shape), **parameters)
        cursor = None
        if len(rows) > asked.limit:
            last = rows[asked.limit - 1]
            cursor = next_cursor(asked, last["created_at"] if by_time else last["slug"], last["id"])
        return ListTenantsResponse.model_validate(
            {"tenants": [{**r} for r in rows[: asked.limit]], "next_cursor": cursor}
        )

    async def TX_create_tenant(self, input: CreateTenantInput, by: By = SYSTEM, unit: Unit | None = None) -> Tenant:
        """Create a tenant with its first owner and a connector for mailed codes; `ConflictError` for a taken slug."""
        check_slug(input.slug)
        id = TenantId.new()
        async with self.db.write(id, unit) as tx:
            row = await tx.first(queries.INSERT_TENANT, id=id, slug=input.slug, name=input.name)
            await self._take_slug(id, input.slug, tx)
            await self.outbox.add(TenantCreated(tenant_id=id, version=1), by, tx)
            await self.roles.create_built_in_roles(id, tx)
            await self.users.create_user(id, _owner(input), by, tx)
            await self.auth_connectors.create_auth_connector(id, _EMAIL_CODES, by, tx)
        return tenant_from(_found(row))

    async def TX_rename_tenant(self, input: RenameTenantInput, actor: Actor) -> Tenant:
        """Change a tenant's name or slug; `ConflictError` for a taken slug or a stale version."""
        if input.slug is not None:
            check_slug(input.slug)
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            before = await self._lock(input.expected_version, actor, tx)
            if input.slug is not None:
                await self._take_slug(actor.tenant_id, input.slug, tx)
            row = await tx.first(queries.RENAME_TENANT, of_id=actor.tenant_id, new_name=input.name, new_slug=input.slug)
            renamed = TenantRenamed.between(before, _found(row), tenant_id=actor.tenant_id)
            await self.outbox.add(renamed, actor.by, tx)
        return tenant_from(_found(row))

    async def TX_set_branding(self, input: SetTenantBrandingInput, actor: Actor) -> Tenant:
        """Set the colours of a tenant's sign-in page; `ConflictError` for a stale version."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            before = await self._lock(input.expected_version, actor, tx)
            row = await tx.first(
                queries.SET_TENANT_BRANDING,
                of_id=actor.tenant_id,
                new_accent=input.accent_color,
                new_background=input.background_color,
            )
            changed = TenantBrandingChanged.between(before, _found(row), tenant_id=actor.tenant_id)
            await self.outbox.add(changed, actor.by, tx)
        return tenant_from(_found(row))

    async def TX_suspend_tenant(self, input: SuspendTenantInput, actor: Actor) -> Tenant:
        """Suspend a tenant; `ConflictError` for the operator's own, and for one that is to be deleted."""
        tenant = _found(await self.get_tenant_by_ref(input.tenant))
        if tenant.id == actor.tenant_id:
            raise ConflictError("You would lock yourself out; suspend it from another tenant.", code="own_tenant")
        return await self._switch(tenant.id, "suspended", TenantSuspended(tenant_id=tenant.id), actor)

    async def TX_reactivate_tenant(self, input: ReactivateTenantInput, actor: Actor) -> Tenant:
        """Reactivate a tenant; one that is active already stays so. `ConflictError` for one that is to be deleted."""
        tenant = _found(await self.get_tenant_by_ref(input.tenant))
        return await self._switch(tenant.id, "active", TenantReactivated(tenant_id=tenant.id), actor)

    async def hold_active_tenant(self, tenant: TenantId, executor: WriteExecutor) -> None:
        """Keep an active tenant active until the transaction ends; `ForbiddenError` for one that is not."""
        row = await executor.first(queries.HOLD_TENANT, id=tenant)
        check_active(_found(row)["state"])

    async def lock_tenant(self, tenant: TenantId, executor: WriteExecutor) -> Tenant:
        """Keep others from changing a tenant until the transaction ends; `NotFoundError` when there is none."""
        row = await executor.first(queries.LOCK_TENANT, id=tenant)
        return tenant_from(_found(row))

    async def set_state(
        self, tenant: TenantId, state: TenantState, executor: WriteExecutor, *, delete_after: datetime | None = None
    ) -> Tenant:
        """Set a tenant's state, as the platform; `delete_after` comes with `deleting` alone."""
        row = await executor.first(
            queries.SET_TENANT_STATE, of_id=tenant, new_state=state, new_delete_after=delete_after
        )
        return tenant_from(_found(row))

    async def take_slugs(self, tenant: TenantId, slugs: Sequence[str], executor: WriteExecutor) -> None:
        """Take slugs for good, those first that claim their looks; `ConflictError` for one that is another tenant's."""
        for slug in slugs:
            await self._take_slug(tenant, slug, executor)

    async def remove_tenant(self, tenant: TenantId, executor: WriteExecutor) -> bool:
        """Remove what is left of a tenant that is to be deleted, but for its slugs, as the platform."""
        return await executor.execute(queries.DELETE_TENANT, id=tenant) > 0

    async def _switch(self, id: TenantId, state: TenantState, event: Event, actor: Actor) -> Tenant:
        async with self.db.platform_write(f"tenant becomes {state}", actor.unit) as tx:
            tenant = await self.lock_tenant(id, tx)
            if tenant.state == "deleting":
                raise ConflictError("This tenant is to be deleted; restore it first.", code="tenant_deleting")
            if tenant.state == state:
                return tenant
            changed = await self.set_state(id, state, tx)
            await self.outbox.add(event.model_copy(update={"version": changed.version}), actor.by, tx)
            return changed

    async def _lock(self, expected_version: int | None, actor: Actor, tx: WriteExecutor) -> DBTenant:
        """Keep others from changing the tenant; `ConflictError` when somebody did since the caller read it."""
        locked = await tx.first(queries.LOCK_TENANT, id=actor.tenant_id)
        before = _found(locked)
        if expected_version not in {None, before["version"]}:
            raise ConflictError("Somebody else changed this tenant first; read it again.", code="version_conflict")
        return before

    async def _take_slug(self, tenant: TenantId, slug: str, tx: WriteExecutor) -> None:
        """Take a slug for good, unless it is the tenant's already."""
        if await tx.first(queries.FIND_SLUG, tenant_id=tenant, slug=slug) is None:
            await tx.execute(queries.INSERT_SLUG, slug=slug, tenant_id=tenant, skeleton=skeleton(slug))


_EMAIL_CODES = CreateAuthConnectorInput(name="Email", settings=EmailCodeSettingsInput(kind="email_code"), enabled=True)


def _owner(input: CreateTenantInput) -> NewUser:
    return NewUser(email=input.owner_email, display_name=input.owner_name, roles=("owner",))


def tenant_from(row: DBTenant) -> Tenant:
    """Make the DTO of a row."""
    return Tenant.model_validate({**row})


def _found(value: T | None) -> T:
    if value is None:
        raise NotFoundError.of("tenant")
    return value


def _tenant_id(ref: str) -> TenantId | None:
    try:
        return TenantId(ref)
    except ValueError:
        return None
