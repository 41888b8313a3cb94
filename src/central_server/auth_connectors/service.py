from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from central.auth_connectors.events import (
    AuthConnectorCreated,
    AuthConnectorDeleted,
    AuthConnectorDisabled,
    AuthConnectorEnabled,
    AuthConnectorUpdated,
)
from central.auth_connectors.models import (
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
    UpdateAuthConnectorInput,
)
from central.errors import ConflictError, ForbiddenError, NotFoundError, ValidationFailedError
from central.kernel.ids import AuthConnectorId, TenantId
from central.sessions.events import SessionEnd
from central_server.auth_connectors import queries
from central_server.auth_connectors.mapping import connector_from, public_connector_from, secret_of, stored_settings
from central_server.auth_connectors.tables import DBAuthConnector
from central_server.infra.actor import Actor, By
from central_server.infra.config import Settings
from central_server.infra.db import Database, ReadExecutor, WriteExecutor, register_conflict
from central_server.infra.logs import component_logger
from central_server.infra.oidc import OidcError, Providers
from central_server.infra.outbox import Outbox
from central_server.infra.paging import next_cursor, open_cursor
from central_server.infra.vault import Vault, VaultError, associated_data
from central_server.sessions.service import SessionService

T = TypeVar("T")

register_conflict(
    "uq_auth_connectors_name", lambda: ConflictError("A connector with this name exists already.", code="name_taken")
)
register_conflict(
    "uq_auth_connectors_email_code",
    lambda: ConflictError("The tenant has a connector for mailed codes already.", code="email_code_exists"),
)


class AuthConnectorService:
    """The ways into tenants.

    A connector's kind and issuer never change, as people are known by them. An OIDC connector exists only after its
    provider's discovery document was fetched and checked. Its secret lives in the vault, bound to its row. The last
    enabled connector of a tenant stays enabled.
    """

    def __init__(
        self,
        db: Database,
        outbox: Outbox,
        sessions: SessionService,
        vault: Vault,
        providers: Providers,
        settings: Settings,
    ) -> None:
        self.db = db
        self.outbox = outbox
        self.sessions = sessions
        self.vault = vault
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
        return connector_from(row, self.public_url)

    async def list(
        self, input: ListAuthConnectorsInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> GetTenantAuthConnectorsResponse:
        """Give a page of the connectors of the actor's tenant, oldest first."""
        rows, cursor = await self._list(input, actor.tenant_id, executor, also_disabled=True)
        connectors = [connector_from(row, self.public_url) for row in rows]
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
        """Check the provider, then create the connector; `ConflictError` for a taken name."""
        await self._check_provider(input)
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            row = await self.create_auth_connector(actor.tenant_id, input, actor.by, tx)
        return connector_from(row, self.public_url)

    async def create_auth_connector(
        self, tenant: TenantId, input: CreateAuthConnectorInput, by: By, executor: WriteExecutor
    ) -> DBAuthConnector:
        """Create a connector, as part of more steps; its provider was checked before."""
        id = AuthConnectorId.new()
        row = await executor.first(
            queries.INSERT_AUTH_CONNECTOR,
            tenant_id=tenant,
            id=id,
            kind=input.settings.kind,
            name=input.name,
            enabled=input.enabled,
            settings=stored_settings(input.settings),
            client_secret=self._seal(tenant, id, secret_of(input.settings)),
            just_in_time=input.provisioning.just_in_time,
            allowed_domains=input.provisioning.allowed_domains,
        )
        await self.outbox.add(AuthConnectorCreated(tenant_id=tenant, connector_id=id), by, executor)
        return _found(row)

    async def TX_update_auth_connector(self, input: UpdateAuthConnectorInput, actor: Actor) -> AuthConnector:
        """Change a connector; `ConflictError` for a taken name or a stale version."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            locked = await tx.first(queries.LOCK_AUTH_CONNECTOR, tenant_id=actor.tenant_id, id=input.connector)
            before = _found(locked)
            if input.expected_version not in {None, before["version"]}:
                raise ConflictError(
                    "Somebody else changed this connector first; read it again.", code="version_conflict"
                )
            row = await tx.first(
                queries.UPDATE_AUTH_CONNECTOR,
                of_tenant=actor.tenant_id,
                of_id=input.connector,
                **self._changed(input, before),
            )
            event = AuthConnectorUpdated(tenant_id=actor.tenant_id, connector_id=input.connector)
            await self.outbox.add(event, actor.by, tx)
        return connector_from(_found(row), self.public_url)

    async def TX_enable_auth_connector(self, input: EnableAuthConnectorInput, actor: Actor) -> AuthConnector:
        """Enable a connector; one that is enabled already stays so."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            return await self._set_enabled(input.connector, actor, tx, enabled=True)

    async def TX_disable_auth_connector(self, input: DisableAuthConnectorInput, actor: Actor) -> AuthConnector:
        """Disable a connector and end the sessions that came by it; `ConflictError` for the last enabled one."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            await self._check_other_remains(input.connector, actor.tenant_id, tx)
            connector = await self._set_enabled(input.connector, actor, tx, enabled=False)
            await self._end_sessions(input.connector, "connector_disabled", actor, tx)
        return connector

    async def TX_delete_auth_connector(self, input: DeleteAuthConnectorInput, actor: Actor) -> None:
        """Delete a connector with its identities and end its sessions; `ConflictError` for the last enabled one."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            await self._check_other_remains(input.connector, actor.tenant_id, tx)
            _found(await tx.first(queries.LOCK_AUTH_CONNECTOR, tenant_id=actor.tenant_id, id=input.connector))
            await self._end_sessions(input.connector, "connector_deleted", actor, tx)
            if not await tx.execute(queries.DELETE_AUTH_CONNECTOR, tenant_id=actor.tenant_id, id=input.connector):
                raise NotFoundError.of("auth connector")
            event = AuthConnectorDeleted(tenant_id=actor.tenant_id, connector_id=input.connector)
            await self.outbox.add(event, actor.by, tx)

    async def TX_rewrap_secrets(self, count: int) -> int:
        """Re-wrap up to `count` secrets that are not under the primary key; gives how many it did."""
        async with self.db.platform_write("vault keys rotate") as tx:
            rows = await tx.all(queries.LIST_SEALED_SECRETS, prefix=self.vault.primary_prefix, count=count)
            for row in rows:
                assert row["client_secret"] is not None, "the query asks for those that have one"
                secret = self.vault.rewrap(row["client_secret"], _place(row["tenant_id"], row["id"]))
                await tx.execute(
                    queries.REPLACE_SEALED_SECRET, of_tenant=row["tenant_id"], of_id=row["id"], new_secret=secret
                )
        return len(rows)

    async def TX_count_opened_secrets(self, most: int) -> tuple[int, int]:
        """Try to open up to `most` stored secrets; gives how many opened, and of how many."""
        async with self.db.platform_read("vault keys check") as reader:
            rows = await reader.all(queries.SAMPLE_SEALED_SECRETS, count=most)
        return sum(self._opens(row) for row in rows), len(rows)

    def open_secret(self, row: DBAuthConnector) -> str | None:
        """Open the client secret of a connector."""
        if row["client_secret"] is None:
            return None
        return self.vault.open(row["client_secret"], _place(row["tenant_id"], row["id"])).decode()

    def _opens(self, row: DBAuthConnector) -> bool:
        try:
            self.open_secret(row)
        except VaultError:
            return False
        return True

    def _seal(self, tenant: TenantId, connector: AuthConnectorId, secret: bytes | None) -> bytes | None:
        return None if secret is None else self.vault.seal(secret, _place(tenant, connector))

    def _changed(self, input: UpdateAuthConnectorInput, before: DBAuthConnector) -> dict[str, Any]:
        """Give the new values of the columns that can change."""
        settings, secret = before["settings"], before["client_secret"]
        if input.settings is not None:
            _check_same_provider(input, before)
            settings = stored_settings(input.settings)
            secret = self._seal(before["tenant_id"], before["id"], secret_of(input.settings)) or secret
        provisioning = input.provisioning
        return {
            "new_name": input.name or before["name"],
            "new_settings": settings,
            "new_client_secret": secret,
            "new_just_in_time": before["just_in_time"] if provisioning is None else provisioning.just_in_time,
            "new_allowed_domains": before["allowed_domains"] if provisioning is None else provisioning.allowed_domains,
        }

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

    async def _set_enabled(
        self, connector: AuthConnectorId, actor: Actor, tx: WriteExecutor, *, enabled: bool
    ) -> AuthConnector:
        row = await tx.first(queries.SET_ENABLED, of_tenant=actor.tenant_id, of_id=connector, new_enabled=enabled)
        if row is None:
            row = _found(await self.get_auth_connector_by_id(actor.tenant_id, connector, tx))
            return connector_from(row, self.public_url)
        event = AuthConnectorEnabled if enabled else AuthConnectorDisabled
        await self.outbox.add(event(tenant_id=actor.tenant_id, connector_id=connector), actor.by, tx)
        return connector_from(row, self.public_url)

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


def _place(tenant: TenantId, connector: AuthConnectorId) -> str:
    return associated_data(tenant, "auth_connectors", "client_secret", connector)


def _check_same_provider(input: UpdateAuthConnectorInput, before: DBAuthConnector) -> None:
    settings = input.settings
    assert settings is not None, "only called with settings"
    if settings.kind != before["kind"]:
        raise ValidationFailedError.of("settings.kind", "The kind of a connector never changes", code="immutable")
    if isinstance(settings, OidcSettingsInput) and settings.issuer != before["settings"]["issuer"]:
        raise ValidationFailedError.of("settings.issuer", "The issuer of a connector never changes", code="immutable")


def _found(row: DBAuthConnector | None) -> DBAuthConnector:
    if row is None:
        raise NotFoundError.of("auth connector")
    return row
