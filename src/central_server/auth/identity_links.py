from pydantic_core import from_json

from central.errors import NotFoundError
from central.identities.events import IdentityUnlinked
from central.identities.models import (
    ListIdentitiesInput,
    ListIdentitiesResponse,
    ListMyIdentitiesInput,
    ListMyIdentitiesResponse,
    UnlinkIdentityInput,
)
from central.kernel.ids import TenantId
from central_server.auth.provisioner import profile_place
from central_server.auth.queries import identities as queries
from central_server.auth.tables import DBLinkedIdentity
from central_server.infra.actor import Actor
from central_server.infra.db import Database, ReadExecutor, WriteExecutor
from central_server.infra.logs import component_logger
from central_server.infra.outbox import Outbox
from central_server.infra.vault import Vault, VaultError
from central_server.users.service import UserService

_HIDDEN = {"tenant_id", "user_id", "profile"}


class IdentityLinks:
    """Who people are at providers, as they and administrators see it; what a provider said, they alone see."""

    def __init__(self, db: Database, outbox: Outbox, users: UserService, vault: Vault) -> None:
        self.db = db
        self.outbox = outbox
        self.users = users
        self.vault = vault
        self.log = component_logger(self)

    async def list_mine(
        self, input: ListMyIdentitiesInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> ListMyIdentitiesResponse:
        """Give the actor's identities, all on one page."""
        del input  # there is one page
        reader = executor or self.db.read(actor.tenant_id)
        rows = await reader.all(queries.LIST_IDENTITIES, tenant_id=actor.tenant_id, user_id=actor.user_id)
        identities = [{**_shown(row), "claims": self._claims(actor.tenant_id, row)} for row in rows]
        return ListMyIdentitiesResponse.model_validate({"identities": identities})

    async def list(
        self, input: ListIdentitiesInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> ListIdentitiesResponse:
        """Give a user's identities, all on one page."""
        reader = executor or self.db.read(actor.tenant_id)
        if await self.users.get_user_by_id(actor.tenant_id, input.user, reader) is None:
            raise NotFoundError.of("user")
        rows = await reader.all(queries.LIST_IDENTITIES, tenant_id=actor.tenant_id, user_id=input.user)
        return ListIdentitiesResponse.model_validate({"identities": [_shown(row) for row in rows]})

    async def TX_unlink(self, input: UnlinkIdentityInput, actor: Actor) -> None:
        """Unlink a user from an identity, with the roles that it gave, and end all their sessions."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            await self.users.guard.lock(input.user, actor, tx)
            gone = await tx.first(
                queries.DELETE_IDENTITY, tenant_id=actor.tenant_id, user_id=input.user, id=input.identity
            )
            if gone is None:
                raise NotFoundError.of("identity")
            connector = gone["connector_id"]
            await self.users.grants.follow_groups(input.user, connector, (), actor.by, tx)
            await self.users.sessions.end_sessions_of_user(
                actor.tenant_id, input.user, "identity_unlinked", actor.by, tx
            )
            event = IdentityUnlinked(
                tenant_id=actor.tenant_id, identity_id=input.identity, user_id=input.user, connector_id=connector
            )
            await self.outbox.add(event, actor.by, tx)

    def _claims(self, tenant: TenantId, row: DBLinkedIdentity) -> dict[str, object]:
        if row["profile"] is None:
            return {}
        try:
            told = self.vault.open(row["profile"], profile_place(tenant, row["id"]))
        except VaultError:
            # Its key was taken out of the ring; the next sign-in writes it anew.
            self.log.warning("profile cannot be opened", identity=row["id"])
            return {}
        claims: dict[str, object] = from_json(told)
        return claims


def _shown(row: DBLinkedIdentity) -> dict[str, object]:
    return {name: value for name, value in row.items() if name not in _HIDDEN}
