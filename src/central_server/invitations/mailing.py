from central.invitations.events import InvitationMailed, InvitationMailRefused
from central.kernel.ids import EventId, InvitationId, TenantId
from central.tenants.models import Tenant
from central_server.infra.actor import SYSTEM
from central_server.infra.db import Database
from central_server.infra.mail import Mail, Mailer, MailTemplates, message_id_for
from central_server.infra.outbox import Outbox
from central_server.infra.text import shortened, unlinked
from central_server.invitations import queries
from central_server.invitations.links import InvitationLinks
from central_server.invitations.tables import DBMailableInvitation
from central_server.tenants.service import TenantService
from central_server.users.service import UserService


class InvitationMails:
    """Mails invitations: the one way by which a link that proves a mailbox leaves."""

    def __init__(
        self,
        db: Database,
        outbox: Outbox,
        tenants: TenantService,
        users: UserService,
        links: InvitationLinks,
        mailer: Mailer,
        templates: MailTemplates,
    ) -> None:
        self.db = db
        self.outbox = outbox
        self.tenants = tenants
        self.users = users
        self.links = links
        self.mailer = mailer
        self.templates = templates

    async def TX_mail_invitation(self, tenant: TenantId, invitation: InvitationId, event: EventId) -> bool:
        """Mail the link that waits; `False` when the invitation is over or nothing waits."""
        async with self.db.write(tenant) as tx:
            row = await tx.first(queries.GET_MAILABLE, tenant_id=tenant, id=invitation)
        found = await self.tenants.get_tenant_by_ref(tenant)
        if row is None or found is None or found.state != "active":
            return False
        await self.mailer.send(await self._mail(found, invitation, row, event))
        async with self.db.write(tenant) as tx:
            sent = await tx.first(queries.FORGET_SENT_TOKEN, of_tenant=tenant, of_id=invitation, hash=row["token_hash"])
            if sent is not None:
                await self.outbox.add(InvitationMailed(tenant_id=tenant, invitation_id=invitation), SYSTEM, tx)
        return True

    async def TX_give_up(self, tenant: TenantId, invitation: InvitationId) -> None:
        """Forget the link that waits, since nobody takes its mail, and tell the tenant's administrators."""
        async with self.db.write(tenant) as tx:
            row = await tx.first(queries.GET_MAILABLE, tenant_id=tenant, id=invitation)
            if row is None:
                return
            await tx.first(queries.FORGET_TOKEN, of_tenant=tenant, of_id=invitation, hash=row["token_hash"])
            await self.outbox.add(InvitationMailRefused(tenant_id=tenant, invitation_id=invitation), SYSTEM, tx)

    async def _mail(self, tenant: Tenant, invitation: InvitationId, row: DBMailableInvitation, event: EventId) -> Mail:
        inviter = await self.users.get_user_by_id(tenant.id, row["invited_by"])
        name = tenant.name if inviter is None else inviter.display_name
        token = self.links.open(tenant.id, invitation, row["token"])
        body = self.templates.render(
            "invitation",
            tenant_name=unlinked(tenant.name),
            inviter_name=unlinked(name),
            message=unlinked(row["message"] or ""),
            link=self.links.address(tenant.slug, token),
            ends_on=f"{row['expires_at'].day} {row['expires_at']:%B %Y}",
        )
        return Mail(
            to=row["email"],
            subject=f"{shortened(name)} invites you to {shortened(tenant.name)}",
            text=body.text,
            html=body.html,
            message_id=message_id_for(event, self.mailer.host),
        )
