from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json

from central.kernel.ids import IdentityId, TenantId, UserId
from central_server.auth.gains import claim_names, gains_of, kept_claims
from central_server.auth.queries import identities as queries
from central_server.auth_connectors.tables import DBAuthConnector
from central_server.infra.actor import By
from central_server.infra.db import Database, WriteExecutor
from central_server.infra.vault import Vault, associated_data
from central_server.users.service import UserService

_MOST_BYTES = 16_384


class Provisioner:
    """Keeps what providers tell of people: sealed, for themselves, and as the attributes and roles that it gives."""

    def __init__(self, db: Database, vault: Vault, users: UserService) -> None:
        self.db = db
        self.vault = vault
        self.users = users

    async def take_over(
        self,
        tenant: TenantId,
        user: UserId,
        identity: IdentityId,
        connector: DBAuthConnector,
        claims: Mapping[str, Any],
        by: By,
        executor: WriteExecutor,
    ) -> None:
        """Bring a user, whom the caller has locked, up to date with what was told of them just now."""
        gains = gains_of(connector, claims)
        if gains.attributes:
            await self.users.keep_attributes(tenant, user, gains.attributes, by, executor)
        await self.users.grants.follow_groups(user, connector["id"], gains.roles, by, executor)
        told = to_json(kept_claims(claims))
        await executor.execute(
            queries.NOTE_SEEN,
            of_tenant=tenant,
            of_id=identity,
            new_profile=self.vault.seal(told if len(told) <= _MOST_BYTES else b"{}", profile_place(tenant, identity)),
            new_claim_names=claim_names(claims),
        )

    async def TX_rewrap_profiles(self, count: int) -> int:
        """Re-wrap up to `count` profiles that are not under the primary key; gives how many it did."""
        async with self.db.platform_write("vault keys rotate") as tx:
            rows = await tx.all(queries.LIST_SEALED_PROFILES, prefix=self.vault.primary_prefix, count=count)
            for row in rows:
                sealed = self.vault.rewrap(row["profile"], profile_place(row["tenant_id"], row["id"]))
                await tx.execute(
                    queries.REPLACE_SEALED_PROFILE, of_tenant=row["tenant_id"], of_id=row["id"], new_profile=sealed
                )
        return len(rows)


def profile_place(tenant: TenantId, identity: IdentityId) -> str:
    """Give what a sealed profile is bound to."""
    return associated_data(tenant, "identities", "profile", identity)
