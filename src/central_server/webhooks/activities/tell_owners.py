from temporalio import activity

from central_server.infra.db import Database
from central_server.infra.outbox import Outbox
from central_server.webhooks.mailing import WebhookMails
from central_server.webhooks.specs import TellOwnersInput, TellOwnersOutput


class TellOwnersActivity:
    """Mails a tenant's owners that an endpoint was disabled, and writes the receipt of the event that said so."""

    def __init__(self, mails: WebhookMails, outbox: Outbox, database: Database) -> None:
        self._mails = mails
        self._outbox = outbox
        self._database = database

    @activity.defn(name="webhooks.tell_owners")
    async def tell(self, input: TellOwnersInput) -> TellOwnersOutput:
        """Mail each at least once; a repeat has the same Message-ID."""
        sent = await self._mails.TX_tell_owners(input.tenant_id, input.endpoint_id, input.event_id)
        async with self._database.write(input.tenant_id) as executor:
            await self._outbox.settle(input.event_id, executor)
        return TellOwnersOutput(sent=sent)
