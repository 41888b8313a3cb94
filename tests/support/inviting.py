"""Inviting people, and what the worker and the mail would do about it."""

import json
from dataclasses import dataclass
from typing import Any

from central.auth_connectors.models import AuthConnector
from central.invitations.models import CreateInvitationResponse, Invitation
from central.kernel.ids import EventId, InvitationId
from central_client import AsyncCentral
from central_server.infra.mail import DirectoryMailer, Mailer, StoredMail
from central_server.infra.vault import Vault, associated_data
from central_server.invitations.mailing import InvitationMails
from support.database import superuser
from support.place import BASE_URL, Place
from support.provider import Provider
from support.signing_in import connect_provider


@dataclass(frozen=True)
class Invited:
    """An invitation and the token of its link, wherever that went."""

    invitation: Invitation
    token: str

    @property
    def id(self) -> InvitationId:
        """The invitation's id."""
        return self.invitation.id


def token_of(made: CreateInvitationResponse) -> str:
    """Give the token of a link that was handed over."""
    assert made.link is not None, "not mailed"
    return token_in(made.link)


def token_in(link: str) -> str:
    """Give the token of a link to this server."""
    start, _, token = link.rpartition("/")
    assert start.startswith(f"{BASE_URL}/invitations/")
    return token


async def waiting_token(place: Place, invitation: InvitationId) -> str:
    """Give the token that waits to be mailed, as the worker would open it."""
    async with superuser(place.stack) as connection:
        sealed = await connection.fetchval("SELECT token FROM invitations WHERE id = $1", invitation.uuid)
    assert sealed is not None, "nothing waits"
    vault = await place.stack.central.container.get(Vault)
    return vault.open(sealed, associated_data(place.tenant.id, "invitations", "token", invitation)).decode()


async def invite(place: Place, email: str, *roles: str, by: AsyncCentral | None = None, **fields: Any) -> Invited:
    """Invite an address by mail; gives the token that the mail would hold."""
    made = await (by or place.owner).invitations.create(email=email, roles=list(roles or ("member",)), **fields)
    return Invited(made.invitation, await waiting_token(place, made.invitation.id))


async def invite_by_hand(place: Place, email: str, *roles: str, by: AsyncCentral | None = None) -> Invited:
    """Invite an address without a mail."""
    made = await (by or place.owner).invitations.create(email=email, roles=list(roles or ("member",)), send=False)
    return Invited(made.invitation, token_of(made))


async def mails(place: Place) -> InvitationMails:
    """Give the service behind the mails of invitations."""
    return await place.stack.central.container.get(InvitationMails)


async def mailbox(place: Place, email: str) -> list[StoredMail]:
    """Give the mails to an address, newest first."""
    mailer = await place.stack.central.container.get(Mailer)
    assert isinstance(mailer, DirectoryMailer)
    return [mail for mail in await mailer.mails() if mail.to == email]


async def mail(place: Place, invitation: InvitationId, event: EventId | None = None) -> bool:
    """Do what the worker does about an invitation that is to be mailed."""
    return await (await mails(place)).TX_mail_invitation(place.tenant.id, invitation, event or EventId.new())


async def sso_only(place: Place, provider: Provider, **policy: Any) -> AuthConnector:
    """Let people in by an OpenID provider alone."""
    connector = await connect_provider(place, provider, **policy)
    (codes,) = [c async for c in place.owner.auth_connectors.list() if c.kind == "email_code"]
    await place.owner.auth_connectors.disable(connector=codes.id)
    return connector


async def rows(place: Place, query: str, *arguments: object) -> list[Any]:
    """Read the database behind the API's back; `$1` is the tenant."""
    async with superuser(place.stack) as connection:
        return await connection.fetch(query, place.tenant.id.uuid, *arguments)


async def told(place: Place, kind: str) -> list[dict[str, Any]]:
    """Give the events of a kind, in the order in which they were written."""
    found = await rows(
        place, "SELECT payload FROM outbox WHERE tenant_id = $1 AND kind = $2 ORDER BY created_at, id", kind
    )
    return [json.loads(row["payload"]) for row in found]
