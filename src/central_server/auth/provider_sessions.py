from typing import NamedTuple

from central.kernel.ids import SessionId, TenantId
from central_server.auth_connectors.mapping import signed_out_address
from central_server.auth_connectors.service import AuthConnectorService
from central_server.auth_connectors.tables import DBAuthConnector
from central_server.infra.actor import Actor
from central_server.infra.config import Settings
from central_server.infra.db import Database, ReadExecutor, WriteExecutor
from central_server.infra.logs import component_logger
from central_server.infra.oidc import OidcError, Providers, end_session_url
from central_server.infra.vault import Vault, VaultError, associated_data
from central_server.sessions.service import SessionService


class ProviderSession(NamedTuple):
    """The session that somebody has at the provider they signed in at, and where it can be ended."""

    connector: DBAuthConnector
    endpoint: str
    id_token: bytes | None


class ProviderSessions:
    """The other end of sessions that were begun at a provider: signing out there (RP-Initiated Logout 1.0).

    The ID token, by which the provider knows whom to sign out, is kept sealed while the session lives.
    """

    def __init__(
        self,
        db: Database,
        sessions: SessionService,
        auth_connectors: AuthConnectorService,
        providers: Providers,
        vault: Vault,
        settings: Settings,
    ) -> None:
        self.db = db
        self.sessions = sessions
        self.auth_connectors = auth_connectors
        self.providers = providers
        self.vault = vault
        self.return_address = signed_out_address(settings.public_url)
        self.log = component_logger(self)

    async def keep(self, tenant: TenantId, session: SessionId, id_token: str, executor: WriteExecutor) -> None:
        """Keep the ID token of a new session."""
        sealed = self.vault.seal(id_token.encode(), _place(tenant, session))
        await self.sessions.keep_id_token(tenant, session, sealed, executor)

    async def find(self, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None) -> ProviderSession | None:
        """Find the actor's session at a provider; none where the provider does not offer to end it, or is away."""
        origin = await self.sessions.find_origin(actor.tenant_id, actor.session_id, executor)
        if origin is None or origin["connector_id"] is None:
            return None
        connector = await self.auth_connectors.get_auth_connector_by_id(
            actor.tenant_id, origin["connector_id"], executor
        )
        if connector is None or connector["kind"] != "oidc":
            return None
        try:
            provider = await self.providers.metadata(connector["settings"]["issuer"])
        except OidcError as error:
            self.log.warning("provider away at sign-out", connector=connector["id"], reason=error.reason)
            return None
        endpoint = provider.end_session_endpoint
        return None if endpoint is None else ProviderSession(connector, endpoint, origin["id_token"])

    def end_address(self, found: ProviderSession, actor: Actor, state: str | None) -> str:
        """Give where to send the browser to end the session there; it comes back with `state`."""
        return end_session_url(
            found.endpoint,
            client_id=found.connector["settings"]["client_id"],
            id_token=self._open(found, actor),
            redirect_uri=self.return_address,
            state=state,
        )

    async def TX_rewrap_id_tokens(self, count: int) -> int:
        """Re-wrap up to `count` ID tokens that are not under the primary key; gives how many it did."""
        async with self.db.platform_write("vault keys rotate") as tx:
            rows = await self.sessions.list_sealed_id_tokens(self.vault.primary_prefix, count, tx)
            for row in rows:
                sealed = self.vault.rewrap(row["id_token"], _place(row["tenant_id"], row["id"]))
                await self.sessions.keep_id_token(row["tenant_id"], row["id"], sealed, tx)
        return len(rows)

    def _open(self, found: ProviderSession, actor: Actor) -> str | None:
        if found.id_token is None:
            return None
        try:
            return self.vault.open(found.id_token, _place(actor.tenant_id, actor.session_id)).decode()
        except VaultError:
            # Its key was taken out of the ring: the provider asks the person instead.
            self.log.warning("ID token cannot be opened", session=actor.session_id)
            return None


def _place(tenant: TenantId, session: SessionId) -> str:
    return associated_data(tenant, "sessions", "id_token", session)
