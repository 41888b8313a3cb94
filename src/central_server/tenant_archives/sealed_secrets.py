"""Secrets on their way into an archive and out of one: opened here, and sealed under what the other side has."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, TypeAlias

from central.kernel.ids import TenantId, WebhookEndpointId
from central_server.auth_connectors.archiving import SECRETS as CLIENT_SECRETS
from central_server.auth_connectors.client_secrets import ClientSecrets
from central_server.infra.archives import ArchiveReader, ArchiveWriter, Manifest, open_secrets, seal_secrets
from central_server.infra.db import WriteExecutor
from central_server.infra.db.archiving import Archived
from central_server.tenant_archives.contents import SEALED, sealed_member
from central_server.tenant_archives.policy import row_invalid, row_of
from central_server.webhooks.archiving import SIGNING_SECRETS
from central_server.webhooks.policy import sign_for
from central_server.webhooks.signing_secrets import SigningSecrets

SecretRows: TypeAlias = Mapping[Archived, Sequence[Mapping[str, Any]]]
_MOST_BYTES: Final = 16 * 1024 * 1024


class SealedSecrets:
    """Client secrets of connectors and signing secrets of webhook endpoints, a file of an archive for each table."""

    def __init__(self, clients: ClientSecrets, signing: SigningSecrets) -> None:
        self.clients = clients
        self.signing = signing

    async def write(self, writer: ArchiveWriter, manifest: Manifest, rows: SecretRows, passphrase: str) -> Manifest:
        """Write rows as they are kept here, sealed with the passphrase; gives the manifest that says how."""
        tenant = manifest.tenant_id
        plain = {
            archived.table.name: b"\n".join(archived.line(self._opened(archived, tenant, row)) for row in found)
            for archived, found in rows.items()
        }
        sealed = await seal_secrets(plain, passphrase, tenant)
        for archived, found in rows.items():
            member = writer.open(sealed_member(archived))
            member.write_bytes([sealed.contents[archived.table.name]], len(found))
            writer.close(member)
        return manifest.model_copy(update={"sealed_with": sealed.how})

    async def read(
        self, reader: ArchiveReader, passphrase: str | None, endpoints: Collection[WebhookEndpointId]
    ) -> SecretRows | None:
        """Open the secrets, if they are there and can be; None for an archive or an import without.

        `ArchiveError` where they are not those by which these endpoints can sign.
        """
        how, tenant = reader.manifest.sealed_with, reader.manifest.tenant_id
        if how is None or passphrase is None:
            return None
        sealed = {one.table.name: reader.content(sealed_member(one), _MOST_BYTES) for one in SEALED}
        plain = await open_secrets(sealed, passphrase, how, tenant)
        rows = {one: [row_of(one, line) for line in plain[one.table.name].split(b"\n") if line] for one in SEALED}
        if not sign_for(endpoints, rows[SIGNING_SECRETS]):
            raise row_invalid(SIGNING_SECRETS.table.name)
        return rows

    async def insert(
        self,
        tenant: TenantId,
        rows: SecretRows | None,
        endpoints: Collection[WebhookEndpointId],
        executor: WriteExecutor,
    ) -> int:
        """Keep secrets that were read; gives how many. Without any, each endpoint has a new one that nobody knows."""
        if rows is None:
            for endpoint in endpoints:
                await self.signing.insert(tenant, endpoint, executor)
            return 0
        for archived, found in rows.items():
            kept = [{**self._sealed(archived, tenant, row), "tenant_id": tenant} for row in found]
            await executor.execute_many(archived.insert, kept)
        return sum(map(len, rows.values()))

    def _opened(self, archived: Archived, tenant: TenantId, row: Mapping[str, Any]) -> Mapping[str, Any]:
        if archived is CLIENT_SECRETS:
            return {**row, "secret": self.clients.open(tenant, row["connector_id"], row["secret"])}
        return {**row, "secret": self.signing.open_sealed(tenant, row["id"], row["secret"])}

    def _sealed(self, archived: Archived, tenant: TenantId, row: Mapping[str, Any]) -> Mapping[str, Any]:
        if archived is CLIENT_SECRETS:
            return {**row, "secret": self.clients.seal(tenant, row["connector_id"], row["secret"])}
        return {**row, "secret": self.signing.seal(tenant, row["id"], row["secret"])}
