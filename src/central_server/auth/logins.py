from datetime import datetime, timedelta
from typing import NamedTuple

from central.errors import GoneError
from central.kernel.ids import AuthConnectorId, ConnectorTestId, SignInId, TenantId
from central_server.auth.queries import sign_ins as queries
from central_server.auth.tables import DBLoginTransaction
from central_server.infra.actor import Caller
from central_server.infra.db import Database, ReadExecutor, WriteExecutor
from central_server.infra.http.cookies import CookieNames
from central_server.infra.oidc import new_verifier
from central_server.infra.tokens import is_token, new_token, token_hash
from central_server.infra.vault import Vault, associated_data

LIFETIME = timedelta(minutes=10)


class Begun(NamedTuple):
    """A sign-in that has begun, and what goes with the browser to the provider."""

    id: SignInId
    state: str
    nonce: str
    verifier: str
    expires_at: datetime


class LoginTransactions:
    """Sign-ins on their way to a provider and back: rows, used up once, within ten minutes, by one browser."""

    def __init__(self, db: Database, vault: Vault, cookies: CookieNames) -> None:
        self.db = db
        self.vault = vault
        self.cookies = cookies

    async def TX_begin(
        self,
        tenant: TenantId,
        connector: AuthConnectorId,
        issuer: str,
        return_to: str,
        caller: Caller,
        *,
        max_age: int | None = None,
        test: ConnectorTestId | None = None,
    ) -> Begun:
        """Begin one, bound to the browser by a cookie; with `test` it only tries the connector."""
        id, nonce, verifier = SignInId.new(), new_verifier(), new_verifier()
        state, binding = f"{id}.{new_token()}", self.bind(caller)
        async with self.db.write(tenant) as tx:
            row = await tx.first(
                queries.INSERT_LOGIN_TRANSACTION,
                tenant_id=tenant,
                id=id,
                connector_id=connector,
                issuer=issuer,
                state_hash=token_hash(state),
                nonce=nonce,
                verifier=self.vault.seal(verifier.encode(), _place(tenant, id)),
                binding_hash=token_hash(binding),
                return_to=return_to,
                max_age=max_age,
                test_id=test,
                lifetime_seconds=int(LIFETIME.total_seconds()),
            )
        assert row is not None, "an INSERT returns its row or raises"
        return Begun(id, state, nonce, verifier, row["expires_at"])

    def bind(self, caller: Caller) -> str:
        """Give what the browser is known by while it signs in, and have it keep that."""
        kept = caller.cookies.sign_in
        binding = kept if kept is not None and is_token(kept) else new_token()
        caller.cookies.set(self.cookies.sign_in, binding, int(LIFETIME.total_seconds()))
        return binding

    async def TX_consume(
        self, tenant: TenantId, connector: str, state: str | None, caller: Caller
    ) -> DBLoginTransaction:
        """Use one up, before anything else happens; `GoneError` when this browser has no such one."""
        ended = GoneError("This sign-in has ended, or was begun in another browser; begin again.", code="sign_in_ended")
        if state is None or caller.cookies.sign_in is None:
            raise ended
        try:
            id, of_connector = SignInId(state.partition(".")[0]), AuthConnectorId(connector)
        except ValueError:
            raise ended from None
        async with self.db.write(tenant) as tx:
            login = await tx.first(
                queries.CONSUME_LOGIN_TRANSACTION,
                of_tenant=tenant,
                of_id=id,
                of_connector=of_connector,
                state=token_hash(state),
                binding=token_hash(caller.cookies.sign_in),
            )
        if login is None:
            raise ended
        return login

    async def find_return(
        self, tenant: TenantId, state: str | None, caller: Caller, executor: ReadExecutor | WriteExecutor | None = None
    ) -> str | None:
        """Find where a sign-in of this browser was to return to, however it ended."""
        try:
            id = SignInId((state or "").partition(".")[0])
        except ValueError:
            return None
        row = await (executor or self.db.autocommit(tenant)).first(
            queries.GET_RETURN,
            tenant_id=tenant,
            id=id,
            state=token_hash(state or ""),
            binding=token_hash(caller.cookies.sign_in or ""),
        )
        return None if row is None else row["return_to"]

    def verifier_of(self, tenant: TenantId, login: DBLoginTransaction) -> str:
        """Open the PKCE verifier of one."""
        return self.vault.open(login["verifier"], _place(tenant, login["id"])).decode()


def _place(tenant: TenantId, sign_in: SignInId) -> str:
    return associated_data(tenant, "login_transactions", "verifier", sign_in)
