from typing import NamedTuple

from central.kernel.ids import InvitationId, TenantId
from central_server.infra.config import Settings
from central_server.infra.tokens import new_token, token_hash
from central_server.infra.vault import Vault, associated_data


class NewLink(NamedTuple):
    """A token that exists nowhere else yet, and what is kept of it: its hash, and sealed while it is to be mailed."""

    token: str
    hash: bytes
    sealed: bytes


class InvitationLinks:
    """The links of invitations: each ends in a token of 256 random bits, which is all that it takes to accept."""

    def __init__(self, vault: Vault, settings: Settings) -> None:
        self.vault = vault
        self.public_url = settings.public_url

    def issue(self, tenant: TenantId, invitation: InvitationId) -> NewLink:
        """Make a new token for an invitation."""
        token = new_token()
        return NewLink(token, hash_of(tenant, token), self.vault.seal(token.encode(), _place(tenant, invitation)))

    def open(self, tenant: TenantId, invitation: InvitationId, sealed: bytes) -> str:
        """Open a token that waits to be mailed; `VaultError` anywhere but in its own row."""
        return self.vault.open(sealed, _place(tenant, invitation)).decode()

    def rewrap(self, tenant: TenantId, invitation: InvitationId, sealed: bytes) -> bytes:
        """Wrap a token that waits to be mailed under the primary key."""
        return self.vault.rewrap(sealed, _place(tenant, invitation))

    def address(self, slug: str, token: str) -> str:
        """Write the link; its host is that of the settings, whatever a request says."""
        return f"{self.public_url}/invitations/{slug}/{token}"


def hash_of(tenant: TenantId, token: str) -> bytes:
    """Give what is kept of a token; it stands for an invitation of this tenant, and for nothing else."""
    return token_hash(f"invitation|{tenant}|{token}")


def _place(tenant: TenantId, invitation: InvitationId) -> str:
    return associated_data(tenant, "invitations", "token", invitation)
