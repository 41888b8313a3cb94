from temporalio import activity

from central_server.auth_connectors.client_secrets import WARNED_DAYS, ClientSecrets
from central_server.auth_connectors.specs import WarnOfSecretsInput, WarnOfSecretsOutput

_PAGE = 100


class WarnOfSecretsActivity:
    """Tells of client secrets that come to their end, a page of them at a time."""

    def __init__(self, secrets: ClientSecrets) -> None:
        self._secrets = secrets

    @activity.defn(name="auth_connectors.warn_of_secrets")
    async def warn(self, input: WarnOfSecretsInput) -> WarnOfSecretsOutput:
        """Tell of a page of them; what was told before is not told again."""
        found = 0
        for days in WARNED_DAYS:
            for due in await self._secrets.TX_list_expiring(days, _PAGE):
                activity.heartbeat()
                found += await self._secrets.TX_warn(due["tenant_id"], due["id"], days)
        return WarnOfSecretsOutput(warned=input.warned + found, is_last=found == 0)
