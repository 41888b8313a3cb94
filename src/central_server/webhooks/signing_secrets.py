from collections.abc import Collection, Sequence
from datetime import timedelta

from central.kernel.ids import TenantId, WebhookEndpointId, WebhookSecretId
from central_server.infra.db import Database, ReadExecutor, WriteExecutor
from central_server.infra.vault import Vault, associated_data
from central_server.webhooks.policy import new_secret
from central_server.webhooks.queries import secrets as queries
from central_server.webhooks.tables import DBWebhookSecret


class SigningSecrets:
    """The secrets that bodies are signed with, sealed, each in its own row: the one of now, and the one before it."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self.db = db
        self.vault = vault

    async def list_of(
        self,
        tenant: TenantId,
        endpoints: Collection[WebhookEndpointId],
        executor: ReadExecutor | WriteExecutor | None = None,
    ) -> Sequence[DBWebhookSecret]:
        """Give the valid secrets of endpoints, sealed, the newest first."""
        ids = [endpoint.uuid for endpoint in endpoints]
        return await (executor or self.db.read(tenant)).all(queries.LIST_SECRETS, tenant_id=tenant, endpoints=ids)

    async def list_to_sign(
        self, endpoints: Collection[tuple[TenantId, WebhookEndpointId]], executor: ReadExecutor
    ) -> Sequence[DBWebhookSecret]:
        """Give the valid secrets of endpoints of several tenants, sealed, the newest first."""
        return await executor.all(
            queries.LIST_SECRETS_TO_SIGN,
            tenants=list({tenant.uuid for tenant, _ in endpoints}),
            endpoints=[endpoint.uuid for _, endpoint in endpoints],
        )

    async def insert(self, tenant: TenantId, endpoint: WebhookEndpointId, executor: WriteExecutor) -> str:
        """Make an endpoint's first secret; it is in the answer, and else only sealed."""
        id, secret = WebhookSecretId.new(), new_secret()
        sealed = self.seal(tenant, id, secret.encode())
        await executor.execute(queries.INSERT_SECRET, tenant_id=tenant, id=id, endpoint_id=endpoint, secret=sealed)
        return secret

    async def rotate(
        self, tenant: TenantId, endpoint: WebhookEndpointId, overlap: timedelta, executor: WriteExecutor
    ) -> str:
        """Make a new secret: the one of now stays valid for a while, an older one does not."""
        of = {"of_tenant": tenant, "of_endpoint": endpoint}
        await executor.execute(queries.DELETE_OLD_SECRETS, **of)
        await executor.execute(queries.EXPIRE_SECRET, **of, overlap_seconds=int(overlap.total_seconds()))
        return await self.insert(tenant, endpoint, executor)

    def open(self, row: DBWebhookSecret) -> str:
        """Open a secret, to sign with it; `VaultError` anywhere but in its own row."""
        return self.open_sealed(row["tenant_id"], row["id"], row["secret"]).decode()

    def open_sealed(self, tenant: TenantId, secret: WebhookSecretId, sealed: bytes) -> bytes:
        """Open a secret, for an archive that seals it otherwise; `VaultError` in any other place."""
        return self.vault.open(sealed, _place(tenant, secret))

    def seal(self, tenant: TenantId, id: WebhookSecretId, secret: bytes) -> bytes:
        """Seal a secret as it is kept here, in the row of this id."""
        return self.vault.seal(secret, _place(tenant, id))

    async def TX_rewrap(self, count: int) -> int:
        """Re-wrap up to `count` secrets that are not under the primary key; gives how many it did."""
        async with self.db.platform_write("vault keys rotate") as tx:
            rows = await tx.all(queries.LIST_SEALED_SECRETS, prefix=self.vault.primary_prefix, count=count)
            for row in rows:
                sealed = self.vault.rewrap(row["secret"], _place(row["tenant_id"], row["id"]))
                await tx.execute(
                    queries.REPLACE_SEALED_SECRET, of_tenant=row["tenant_id"], of_id=row["id"], new_secret=sealed
                )
        return len(rows)


def _place(tenant: TenantId, secret: WebhookSecretId) -> str:
    return associated_data(tenant, "webhook_secrets", "secret", secret)
