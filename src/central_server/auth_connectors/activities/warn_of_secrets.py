from temporalio import activity

from central_server.auth_connectors.client_secrets import WARNED_DAYS, ClientSecrets
from central_server.auth_connectors.specs import WarnOfSecretsInput, WarnOfSecretsOutput
from central_server.auth_connectors.tables import DBExpiringSecret
from central_server.infra.upkeep.telling import PAGE, tell_page


class WarnOfSecretsActivity:
    """Tells of client secrets that come to their end, a page of them at a time."""

    def __init__(self, secrets: ClientSecrets) -> None:
        self._secrets = secrets

    @activity.defn(name="auth_connectors.warn_of_secrets")
    async def warn(self, input: WarnOfSecretsInput) -> WarnOfSecretsOutput:
        """Tell of a page of them; what was told before is not told again."""
        due = [(days, secret) for days in WARNED_DAYS for secret in await self._secrets.TX_list_expiring(days, PAGE)]
        warned, is_last = await tell_page(due, self._warn, activity.heartbeat)
        return WarnOfSecretsOutput(warned=input.warned + warned, is_last=is_last)

    async def _warn(self, due: tuple[int, DBExpiringSecret]) -> bool:
        days, secret = due
        return await self._secrets.TX_warn(secret["tenant_id"], secret["id"], days)
