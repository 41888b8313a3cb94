import base64
import secrets
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from central.kernel.ids import TenantId
from central_server.infra.archives import ArchiveError
from central_server.infra.vault import Vault, VaultError, associated_data


class Passphrases:
    """Passphrases on their way to a worker: sealed in the options of a job, and nowhere else."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault

    def seal(self, tenant: TenantId, passphrase: SecretStr | None) -> dict[str, str]:
        """Give the options that hold a passphrase."""
        if passphrase is None:
            return {}
        place = secrets.token_hex(16)
        sealed = self.vault.seal(passphrase.get_secret_value().encode(), _bound(tenant, place))
        return {"passphrase": base64.b64encode(sealed).decode(), "passphrase_place": place}

    def open(self, tenant: TenantId, options: Mapping[str, Any]) -> str | None:
        """Give the passphrase of a job, if it has one."""
        if "passphrase" not in options:
            return None
        sealed = base64.b64decode(options["passphrase"])
        try:
            return self.vault.open(sealed, _bound(tenant, options["passphrase_place"])).decode()
        except VaultError:
            raise ArchiveError(
                "passphrase_lost", "The key that kept the passphrase is gone; start again, with the passphrase."
            ) from None


def _bound(tenant: TenantId, place: str) -> str:
    return associated_data(tenant, "jobs", "passphrase", place)
