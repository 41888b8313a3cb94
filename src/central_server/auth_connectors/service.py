from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, TypeVar

from central.auth_connectors.events import (
    AuthConnectorCreated,
    AuthConnectorDeleted,
    AuthConnectorDisabled,
    AuthConnectorEnabled,
    AuthConnectorUpdated,
    ClientSecretAdded,
    ClientSecretRemoved,
)
from central.auth_connectors.models import (
    AddClientSecretInput,
    AuthConnector,
    CreateAuthConnectorInput,
    DeleteAuthConnectorInput,
    DisableAuthConnectorInput,
    EnableAuthConnectorInput,
    GetAuthConnectorInput,
    GetTenantAuthConnectorsPublicResponse,
    GetTenantAuthConnectorsResponse,
    ListAuthConnectorsInput,
    ListAuthConnectorsPublicInput,
    OidcSettingsInput,
    RemoveClientSecretInput,
    UpdateAuthConnectorInput,
)
from central.errors import ConflictError, ForbiddenError, NotFoundError, ValidationFailedError
from central.kernel.ids import AuthConnectorId, TenantId
from central.sessions.events import SessionEnd
from central_server.auth_connectors.client_secrets import ClientSecrets
from central_server.auth_connectors.mapping import (
    MAIL,
    among,
    connector_from,
    is_tested,
    public_connector_from,
    secret_of,
    stored_provisioning,
    stored_settings,
    told_of,
)
from central_server.auth_connectors.policy import (
    check_may_trust,
    check_same_provider,
    check_tested,
    given_roles,
    rests_on_same,
)
from central_server.auth_connectors.queries import connectors as queries
from central_server.auth_connectors.tables import DBAuthConnector, DBClientSecret
from central_server.infra.actor import Actor, By
from central_server.infra.config import Settings
from central_server.infra.db import Database, ReadExecutor, WriteExecutor, register_conflict
from central_server.infra.logs import component_logger
from central_server.infra.oidc import OidcError, Providers
from central_server.infra.outbox import Outbox
from central_server.infra.paging import next_cursor, open_cursor
from central_server.roles.policy import check_holds
from central_server.roles.service import RoleService
from central_server.sessions.service import SessionService

T = TypeVar("T")
_MOST_SECRETS = 2

register_conflict(
    "uq_auth_connectors_name", lambda: ConflictError("A connector with this name exists already.", code="name_taken")
)
register_conflict(
    "uq_auth_connectors_email_code",
    lambda: ConflictError("The tenant has a connector for mailed codes already.", code="email_code_exists"),
)


class AuthConnectorService:
    """The ways into tenants.

    A connector's kind and provider never change, as people are known by them. An OIDC connector exists only after its
    provider's discovery document was fetched and checked. One for a provider is enabled once a test sign-in by its
    settings has succeeded, unless that is forced. Nobody lets a connector give roles that they do not hold, and only
    owners let it link by addresses. The last enabled connector of a tenant stays enabled.
    """

    def __init__(
        self,
        db: Database,
        outbox: Outbox,
        sessions: SessionService,
        roles: RoleService,
        secrets: ClientSecrets,
        providers: Providers,
        settings: Settings,
    ) -> None:
        self.db = db
        self.outbox = outbox
        self.sessions = sessions
        self.roles = roles
        self.secrets = secrets
        self.providers = providers
        self.public_url = settings.public_url
        self.log = component_logger(self)

    async def get_auth_connector_by_id(
        self,
        tenant: TenantId,
        connector: AuthConnectorId,
        executor: ReadExecutor | WriteExecutor | None = None,
    ) -> DBAuthConnector | None:
        """Find a connector, as services need it: with its sealed secret."""
        reader = executor or self.db.read(tenant)
        return await reader.first(queries.GET_AUTH_CONNECTOR, tenant_id=tenant, id=connector)

    async def with_auth_connector_by_id(
        self,
        tenant: TenantId,
        connector: AuthConnectorId,
        use: Callable[[DBAuthConnector], Awaitable[T]],
        executor: ReadExecutor | WriteExecutor | None = None,
    ) -> T:
        """Find a connector and use it; `NotFoundError` when there is none."""
        return await use(_found(await self.get_auth_connector_by_id(tenant, connector, executor)))

    async def get_email_code_connector(
        self, tenant: TenantId, executor: ReadExecutor | WriteExecutor | None = None
    ) -> DBAuthConnector | None:
        """Find the tenant's connector for mailed codes, if it is enabled."""
        return await (executor or self.db.read(tenant)).first(queries.GET_EMAIL_CODE_CONNECTOR, tenant_id=tenant)

    async def hold_enabled_auth_connector(
        self, tenant: TenantId, connector: AuthConnectorId, executor: WriteExecutor
    ) -> DBAuthConnector:
        """Keep an enabled connector enabled until the transaction ends; `ForbiddenError` for one that is not."""
        row = await executor.first(queries.HOLD_ENABLED_AUTH_CONNECTOR, tenant_id=tenant, id=connector)
        if row is None:
            raise ForbiddenError("This way of signing in is switched off.", code="connector_disabled")
        return row

    async def hold_auth_connector(self, tenant: TenantId, connector: AuthConnectorId, executor: WriteExecutor) -> None:
        """Keep a connector, enabled or not, until the transaction ends; `NotFoundError` when there is none."""
        if await executor.first(queries.HOLD_AUTH_CONNECTOR, tenant_id=tenant, id=connector) is None:
            raise NotFoundError.of("auth connector")

    async def get(
        self, input: GetAuthConnectorInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> AuthConnector:
        """Give a connector of the actor's tenant."""
        row = _found(await self.get_auth_connector_by_id(actor.tenant_id, input.connector, executor))
        return await self._described(row, executor)

    async def list(
        self, input: ListAuthConnectorsInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> GetTenantAuthConnectorsResponse:
        """Give a page of the connectors of the actor's tenant, oldest first."""
        rows, cursor = await self._list(input, actor.tenant_id, executor, also_disabled=True)
        secrets = await self.secrets.list_of(actor.tenant_id, [row["id"] for row in rows], executor)
        connectors = [connector_from(row, _of(row, secrets), self.public_url) for row in rows]
        return GetTenantAuthConnectorsResponse(auth_connectors=connectors, next_cursor=cursor)

    async def list_public(
        self,
        tenant: TenantId,
        input: ListAuthConnectorsPublicInput,
        executor: ReadExecutor | WriteExecutor | None = None,
    ) -> GetTenantAuthConnectorsPublicResponse:
        """Give a page of the enabled connectors of a tenant, as anyone may see them."""
        rows, cursor = await self._list(input, tenant, executor, also_disabled=False)
        connectors = [public_connector_from(row) for row in rows]
        return GetTenantAuthConnectorsPublicResponse(auth_connectors=connectors, next_cursor=cursor)

    async def TX_create_auth_connector(self, input: CreateAuthConnectorInput, actor: Actor) -> AuthConnector:
        """Check the provider, then create the connector; `ConflictError` for a taken name, or for one untested."""
        check_may_trust(actor, None, stored_settings(input.settings))
        await self._check_provider(input)
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            await self._check_may_give(given_roles(input.provisioning), actor, tx)
            row = await self.create_auth_connector(actor.tenant_id, input, actor.by, tx)
            return await self._described(row, tx)

    async def create_auth_connector(
        self, tenant: TenantId, input: CreateAuthConnectorInput, by: By, executor: WriteExecutor
    ) -> DBAuthConnector:
        """Create a connector, as part of more steps; its provider was checked before."""
        id, is_mail = AuthConnectorId.new(), input.settings.kind == MAIL
        if input.enabled:
            check_tested(tested=is_mail, force=input.force)
        inserted = await executor.first(
            queries.INSERT_AUTH_CONNECTOR,
            tenant_id=tenant,
            id=id,
            kind=input.settings.kind,
            name=input.name,
            enabled=input.enabled,
            settings=stored_settings(input.settings),
            **stored_provisioning(input.provisioning),
        )
        if (secret := secret_of(input.settings)) is not None:
            await self.secrets.insert(tenant, id, secret, input.client_secret_expires_at, by.user, executor)
        created = AuthConnectorCreated(
            tenant_id=tenant, connector_id=id, version=1, forced=input.enabled and not is_mail
        )
        await self.outbox.add(created, by, executor)
        return _found(inserted)

    async def TX_update_auth_connector(self, input: UpdateAuthConnectorInput, actor: Actor) -> AuthConnector:
        """Change a connector; `ConflictError` for a taken name or a stale version."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            before = await self._lock(input.connector, actor, tx)
            if input.expected_version not in {None, before["version"]}:
                raise ConflictError(
                    "Somebody else changed this connector first; read it again.", code="version_conflict"
                )
            if input.provisioning is not None:
                await self._check_may_give({*_given_before(before), *given_roles(input.provisioning)}, actor, tx)
            changed = await self._changed(input, before, actor, tx)
            row = await tx.first(
                queries.UPDATE_AUTH_CONNECTOR, of_tenant=actor.tenant_id, of_id=input.connector, **changed
            )
            event = AuthConnectorUpdated.between(
                told_of(before), told_of(_found(row)), tenant_id=actor.tenant_id, connector_id=input.connector
            )
            await self.outbox.add(event, actor.by, tx)
            return await self._described(_found(row), tx)

    async def TX_add_client_secret(self, input: AddClientSecretInput, actor: Actor) -> AuthConnector:
        """Give a connector a further secret; `ConflictError` when it has two, or mails codes."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            connector = await self._lock(input.connector, actor, tx)
            if connector["kind"] == MAIL:
                raise ConflictError("Mailed codes need no client secret.", code="no_client_secret")
            if len(await self.secrets.list_of(actor.tenant_id, [input.connector], tx)) >= _MOST_SECRETS:
                raise ConflictError(
                    f"A connector has {_MOST_SECRETS} secrets at most; remove one first.", code="too_many_secrets"
                )
            secret, tenant = input.client_secret.get_secret_value().encode(), actor.tenant_id
            id = await self.secrets.insert(tenant, input.connector, secret, input.expires_at, actor.user_id, tx)
            event = ClientSecretAdded(tenant_id=tenant, connector_id=input.connector, secret_id=id)
            await self.outbox.add(event, actor.by, tx)
            return await self._described(connector, tx)

    async def TX_remove_client_secret(self, input: RemoveClientSecretInput, actor: Actor) -> None:
        """Forget a secret of a connector; `ConflictError` for the last one."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            await self._lock(input.connector, actor, tx)
            held = await self.secrets.list_of(actor.tenant_id, [input.connector], tx)
            if [secret["id"] for secret in held] == [input.secret]:
                raise ConflictError("This is the connector's only secret; add another one first.", code="last_secret")
            if not await self.secrets.delete(actor.tenant_id, input.connector, input.secret, tx):
                raise NotFoundError.of("client secret")
            event = ClientSecretRemoved(tenant_id=actor.tenant_id, connector_id=input.connector, secret_id=input.secret)
            await self.outbox.add(event, actor.by, tx)

    async def TX_enable_auth_connector(self, input: EnableAuthConnectorInput, actor: Actor) -> AuthConnector:
        """Enable a connector; one that is enabled already stays so. `ConflictError` for one that was not tested."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            before = await self._lock(input.connector, actor, tx)
            if before["enabled"]:
                return await self._described(before, tx)
            check_tested(tested=is_tested(before), force=input.force)
            row = await self._set_enabled(before, tx, enabled=True)
            event = AuthConnectorEnabled(
                tenant_id=actor.tenant_id,
                connector_id=input.connector,
                version=row["version"],
                forced=not is_tested(before),
            )
            await self.outbox.add(event, actor.by, tx)
            return await self._described(row, tx)

    async def TX_disable_auth_connector(self, input: DisableAuthConnectorInput, actor: Actor) -> AuthConnector:
        """Disable a connector and end the sessions that came by it; `ConflictError` for the last enabled one."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            await self._check_other_remains(input.connector, actor.tenant_id, tx)
            before = await self._lock(input.connector, actor, tx)
            if not before["enabled"]:
                return await self._described(before, tx)
            row = await self._set_enabled(before, tx, enabled=False)
            await self._end_sessions(input.connector, "connector_disabled", actor, tx)
            event = AuthConnectorDisabled(
                tenant_id=actor.tenant_id, connector_id=input.connector, version=row["version"]
            )
            await self.outbox.add(event, actor.by, tx)
            return await self._described(row, tx)

    async def TX_delete_auth_connector(self, input: DeleteAuthConnectorInput, actor: Actor) -> None:
        """Delete a connector with its identities and end its sessions; `ConflictError` for the last enabled one."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            await self._check_other_remains(input.connector, actor.tenant_id, tx)
            await self._lock(input.connector, actor, tx)
            await self._end_sessions(input.connector, "connector_deleted", actor, tx)
            if not await tx.execute(queries.DELETE_AUTH_CONNECTOR, tenant_id=actor.tenant_id, id=input.connector):
                raise NotFoundError.of("auth connector")
            event = AuthConnectorDeleted(tenant_id=actor.tenant_id, connector_id=input.connector)
            await self.outbox.add(event, actor.by, tx)

    async def note_tested(
        self, tenant: TenantId, connector: AuthConnectorId, settings_version: int, executor: WriteExecutor
    ) -> None:
        """Record that a test sign-in has succeeded by the settings of this version."""
        await executor.execute(
            queries.NOTE_TESTED, of_tenant=tenant, of_id=connector, new_tested_version=settings_version
        )

    async def _described(
        self, row: DBAuthConnector, executor: ReadExecutor | WriteExecutor | None = None
    ) -> AuthConnector:
        secrets = await self.secrets.list_of(row["tenant_id"], [row["id"]], executor)
        return connector_from(row, secrets, self.public_url)

    async def _lock(self, connector: AuthConnectorId, actor: Actor, tx: WriteExecutor) -> DBAuthConnector:
        locked = await tx.first(queries.LOCK_AUTH_CONNECTOR, tenant_id=actor.tenant_id, id=connector)
        return _found(locked)

    async def _check_may_give(self, roles: Collection[str], actor: Actor, tx: WriteExecutor) -> None:
        """Refuse to let a connector give roles beyond what the actor holds; they stay as they are until the end."""
        check_holds(actor.permissions, await self.roles.hold_permissions_of(actor.tenant_id, roles, tx))

    async def _changed(
        self, input: UpdateAuthConnectorInput, before: DBAuthConnector, actor: Actor, tx: WriteExecutor
    ) -> dict[str, Any]:
        """Give the new values of the columns that can change; a new secret takes the place of the others."""
        settings, version = before["settings"], before["settings_version"]
        if input.settings is not None:
            settings, secret = stored_settings(input.settings), secret_of(input.settings)
            check_same_provider(input.settings.kind, settings, before)
            check_may_trust(actor, before["settings"], settings)
            if secret is not None:
                await self.secrets.delete_all(actor.tenant_id, before["id"], tx)
                await self.secrets.insert(actor.tenant_id, before["id"], secret, None, actor.user_id, tx)
            version += secret is not None or not rests_on_same(settings, before["settings"])
        given = input.provisioning
        provisioning = among(before, *queries.PROVISIONING) if given is None else stored_provisioning(given)
        columns = {"name": input.name or before["name"], "settings": settings, **provisioning}
        return {f"new_{name}": value for name, value in {**columns, "settings_version": version}.items()}

    async def _check_provider(self, input: CreateAuthConnectorInput) -> None:
        if isinstance(input.settings, OidcSettingsInput):
            try:
                self.providers.forget(input.settings.issuer)
                await self.providers.metadata(input.settings.issuer)
            except OidcError as error:
                raise ValidationFailedError.of("settings.issuer", str(error), code=error.reason) from None

    async def _check_other_remains(self, connector: AuthConnectorId, tenant: TenantId, tx: WriteExecutor) -> None:
        rows = await tx.all(queries.LOCK_ENABLED_AUTH_CONNECTORS, tenant_id=tenant)
        if [row["id"] for row in rows] == [connector]:
            raise ConflictError(
                "This is the tenant's last enabled connector; enable another one first.", code="last_connector"
            )

    async def _end_sessions(
        self, connector: AuthConnectorId, reason: SessionEnd, actor: Actor, tx: WriteExecutor
    ) -> None:
        """End the sessions that came by a locked connector: who is signing in by it now is waited for."""
        await self.sessions.end_sessions_of_connector(actor.tenant_id, connector, reason, actor.by, tx)

    async def _set_enabled(self, before: DBAuthConnector, tx: WriteExecutor, *, enabled: bool) -> DBAuthConnector:
        row = await tx.first(
            queries.SET_ENABLED, of_tenant=before["tenant_id"], of_id=before["id"], new_enabled=enabled
        )
        return _found(row)

    async def _list(
        self,
        input: ListAuthConnectorsInput | ListAuthConnectorsPublicInput,
        tenant: TenantId,
        executor: ReadExecutor | WriteExecutor | None,
        *,
        also_disabled: bool,
    ) -> tuple[Sequence[DBAuthConnector], str | None]:
        asked, position = open_cursor(input)
        which: dict[str, Any] = {"tenant_id": tenant, "count": asked.limit + 1, "also_disabled": also_disabled}
        query = queries.LIST_AUTH_CONNECTORS
        if position is not None:
            query = queries.LIST_AUTH_CONNECTORS_AFTER
            which |= {"after_key": position.time, "after_id": position.id}
        rows = await (executor or self.db.read(tenant)).all(query, **which)
        if len(rows) <= asked.limit:
            return rows, None
        last = rows[asked.limit - 1]
        return rows[: asked.limit], next_cursor(asked, last["created_at"], last["id"])


def _of(connector: DBAuthConnector, secrets: Sequence[DBClientSecret]) -> list[DBClientSecret]:
    return [secret for secret in secrets if secret["connector_id"] == connector["id"]]


def _given_before(row: DBAuthConnector) -> set[str]:
    return {*row["default_roles"], *(each["role"] for each in row["group_roles"])}


def _found(row: DBAuthConnector | None) -> DBAuthConnector:
    if row is None:
        raise NotFoundError.of("auth connector")
    return row
