from central.webhooks.events import WebhookEndpointDisabled
from central_server.webhooks.mailing import WebhookMails


class TellOwners:
    """Mails a tenant's owners that an endpoint was disabled."""

    def __init__(self, mails: WebhookMails) -> None:
        self._mails = mails

    async def handle(self, event: WebhookEndpointDisabled) -> None:
        """Mail each at least once; a repeat has the same Message-ID."""
        await self._mails.TX_tell_owners(event.tenant_id, event.endpoint_id, event.id)
