from central.kernel.ids import EventId, TenantId, WebhookEndpointId
from central.tenants.models import Tenant
from central.users.models import User
from central.webhooks.models import WebhookEndpoint
from central_server.infra.db import Database
from central_server.infra.logs import component_logger
from central_server.infra.mail import Mail, Mailer, MailRefusedError, MailTemplates, message_id_for
from central_server.infra.text import shortened, unlinked
from central_server.tenants.service import TenantService
from central_server.users.guard import UserGuard
from central_server.users.service import UserService
from central_server.webhooks.service import WebhookService


class WebhookMails:
    """Tells the owners of a tenant by mail that an endpoint gets nothing any more, since it does not answer."""

    def __init__(
        self,
        db: Database,
        webhooks: WebhookService,
        tenants: TenantService,
        users: UserService,
        guard: UserGuard,
        mailer: Mailer,
        templates: MailTemplates,
    ) -> None:
        self.db = db
        self.webhooks = webhooks
        self.tenants = tenants
        self.users = users
        self.guard = guard
        self.mailer = mailer
        self.templates = templates
        self.log = component_logger(self)

    async def TX_tell_owners(self, tenant: TenantId, endpoint: WebhookEndpointId, event: EventId) -> int:
        """Mail each owner; gives to how many a mail went. Nobody hears of what somebody did, or was put right."""
        found = await self.webhooks.get_endpoint_by_id(tenant, endpoint)
        of = await self.tenants.get_tenant_by_ref(tenant)
        if found is None or of is None or of.state != "active" or found.disabled_reason not in {"failing", "gone"}:
            return 0
        return sum([await self._send(self._mail(of, found, owner, event)) for owner in await self._owners(tenant)])

    async def _owners(self, tenant: TenantId) -> list[User]:
        async with self.db.write(tenant) as tx:
            ids = sorted(await self.guard.lock_owners(tenant, tx))
            found = [await self.users.get_user_by_id(tenant, id, tx) for id in ids]
        return [owner for owner in found if owner is not None]

    async def _send(self, mail: Mail) -> bool:
        """Send one mail; False for one that is refused for good, which keeps no other owner from theirs."""
        try:
            await self.mailer.send(mail)
        except MailRefusedError as error:
            self.log.warning("owner not told of a webhook", reason=error.message)
            return False
        return True

    def _mail(self, tenant: Tenant, endpoint: WebhookEndpoint, owner: User, event: EventId) -> Mail:
        # What stands behind the path may be a credential.
        body = self.templates.render(
            "webhook_disabled",
            tenant_name=unlinked(tenant.name),
            url=unlinked(endpoint.url.partition("?")[0]),
            description=unlinked(endpoint.description or ""),
            gone=endpoint.disabled_reason == "gone",
            endpoint_id=endpoint.id,
        )
        return Mail(
            to=owner.email,
            subject=f"A webhook of {shortened(tenant.name)} was disabled",
            text=body.text,
            html=body.html,
            message_id=message_id_for(event, self.mailer.host, owner.id),
        )
