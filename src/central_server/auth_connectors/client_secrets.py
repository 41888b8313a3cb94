from collections.abc import Collection, Sequence
from datetime import datetime

from central.auth_connectors.events import ClientSecretExpiring
from central.kernel.ids import AuthConnectorId, ClientSecretId, TenantId, UserId
from central_server.auth_connectors.queries import secrets as queries
from central_server.auth_connectors.tables import DBClientSecret, DBExpiringSecret
from central_server.infra.actor import SYSTEM
from central_server.infra.db import Database, ReadExecutor, WriteExecutor
from central_server.infra.outbox import Outbox
from central_server.infra.vault import Vault, VaultError, associated_data

WARNED_DAYS = (1, 7, 30)
"""How many days before the end of a secret that is told, the nearest first: a late warning stands for earlier ones."""


class ClientSecrets:
    """The secrets by which connectors show their providers who asks.

    They are sealed, and bound to their connector: two of one connector are good for the same.
    """

    def __init__(self, db: Database, outbox: Outbox, vault: Vault) -> None:
        self.db = db
        self.outbox = outbox
        self.vault = vault

    async def list_of(
        self,
        tenant: TenantId,
        connectors: Collection[AuthConnectorId],
        executor: ReadExecutor | WriteExecutor | None = None,
    ) -> Sequence[DBClientSecret]:
        """Give the secrets of connectors, sealed, the newest first."""
        ids = [connector.uuid for connector in connectors]
        return await (executor or self.db.read(tenant)).all(queries.LIST_SECRETS, tenant_id=tenant, connectors=ids)

    async def open_all(
        self, tenant: TenantId, connector: AuthConnectorId, executor: ReadExecutor | WriteExecutor | None = None
    ) -> list[str]:
        """Open the secrets of a connector, the newest first."""
        return [self._open(row) for row in await self.list_of(tenant, [connector], executor)]

    async def insert(
        self,
        tenant: TenantId,
        connector: AuthConnectorId,
        secret: bytes,
        expires_at: datetime | None,
        created_by: UserId | None,
        executor: WriteExecutor,
    ) -> ClientSecretId:
        """Keep a further secret of a connector."""
        id = ClientSecretId.new()
        await executor.execute(
            queries.INSERT_SECRET,
            tenant_id=tenant,
            id=id,
            connector_id=connector,
            secret=self.vault.seal(secret, _place(tenant, connector)),
            created_by=created_by,
            expires_at=expires_at,
        )
        return id

    def open(self, tenant: TenantId, connector: AuthConnectorId, sealed: bytes) -> bytes:
        """Open a secret of a connector, for an archive that seals it otherwise; `VaultError` in any other place."""
        return self.vault.open(sealed, _place(tenant, connector))

    def seal(self, tenant: TenantId, connector: AuthConnectorId, secret: bytes) -> bytes:
        """Seal a secret as it is kept here."""
        return self.vault.seal(secret, _place(tenant, connector))

    async def delete_all(self, tenant: TenantId, connector: AuthConnectorId, executor: WriteExecutor) -> None:
        """Forget the secrets of a connector."""
        await executor.execute(queries.DELETE_SECRETS, tenant_id=tenant, connector_id=connector)

    async def delete(
        self, tenant: TenantId, connector: AuthConnectorId, secret: ClientSecretId, executor: WriteExecutor
    ) -> bool:
        """Forget one secret; False when the connector has no such."""
        which = {"tenant_id": tenant, "connector_id": connector, "id": secret}
        return await executor.execute(queries.DELETE_SECRET, **which) > 0

    async def TX_list_expiring(self, days: int, count: int) -> Sequence[DBExpiringSecret]:
        """List secrets of all tenants that end within so many days, and of which that was not told."""
        async with self.db.platform_read("client secrets expire", routine=True) as reader:
            return await reader.all(queries.LIST_EXPIRING, days=days, count=count)

    async def TX_warn(self, tenant: TenantId, secret: ClientSecretId, days: int) -> bool:
        """Tell that a secret ends within so many days; False when that was told before, or it is gone."""
        async with self.db.write(tenant) as tx:
            row = await tx.first(queries.NOTE_WARNED, of_tenant=tenant, of_id=secret, days=days)
            if row is None or row["expires_at"] is None:
                return False
            event = ClientSecretExpiring(
                tenant_id=tenant, connector_id=row["connector_id"], secret_id=secret, expires_at=row["expires_at"]
            )
            await self.outbox.add(event, SYSTEM, tx)
        return True

    async def TX_rewrap(self, count: int) -> int:
        """Re-wrap up to `count` secrets that are not under the primary key; gives how many it did."""
        async with self.db.platform_write("vault keys rotate") as tx:
            rows = await tx.all(queries.LIST_SEALED_SECRETS, prefix=self.vault.primary_prefix, count=count)
            for row in rows:
                sealed = self.vault.rewrap(row["secret"], _place(row["tenant_id"], row["connector_id"]))
                await tx.execute(
                    queries.REPLACE_SEALED_SECRET, of_tenant=row["tenant_id"], of_id=row["id"], new_secret=sealed
                )
        return len(rows)

    async def TX_count_opened(self, most: int) -> tuple[int, int]:
        """Try to open up to `most` stored secrets; gives how many opened, and of how many."""
        async with self.db.platform_read("vault keys check") as reader:
            rows = await reader.all(queries.SAMPLE_SEALED_SECRETS, count=most)
        return sum(self._opens(row) for row in rows), len(rows)

    def _opens(self, row: DBClientSecret) -> bool:
        try:
            self._open(row)
        except VaultError:
            return False
        return True

    def _open(self, row: DBClientSecret) -> str:
        return self.vault.open(row["secret"], _place(row["tenant_id"], row["connector_id"])).decode()


def _place(tenant: TenantId, connector: AuthConnectorId) -> str:
    """Give what a secret is bound to: its connector, in whose row the first ones stood."""
    return associated_data(tenant, "auth_connectors", "client_secret", connector)
