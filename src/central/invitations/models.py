import re
from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from central.auth.models import SignedInPrivate
from central.auth_connectors.models import AuthConnectorPublic
from central.kernel.ids import InvitationId, UserId
from central.kernel.model import Input, Output, Resource, Response, TenantInput
from central.kernel.pages import Page, TenantPageInput
from central.kernel.text import Email, ShortLine
from central.kernel.unknown import UnknownValue
from central.roles.models import Roles
from central.tenants.models import TenantPublic

InvitationState: TypeAlias = Literal["pending", "accepted", "revoked", "expired"]
InvitationDelivery: TypeAlias = Literal["mail", "hand"]
AcceptanceOutcome: TypeAlias = Literal["accepted", "sign_in_needed"]
_CONTROL_BUT_LINE_FEED = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def _plain_text(value: str) -> str:
    text = value.replace("\r\n", "\n")
    if _CONTROL_BUT_LINE_FEED.search(text):
        raise PydanticCustomError("control_character", "Control characters other than line breaks are not allowed")
    return text


Message: TypeAlias = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=500),
    AfterValidator(_plain_text),
]
"""Plain text of up to 500 characters in lines: no markup, no control characters."""

InvitationToken: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
"""The last part of an invitation's link."""

Days: TypeAlias = Annotated[int, Field(ge=1, le=30)]


class Invitation(Resource):
    """An invitation of one address into a tenant, as its administrators see it; the link is not in it."""

    id: InvitationId
    email: str
    roles: list[str] = Field(description="The slugs of the roles that accepting gives.")
    message: str | None = Field(default=None, description="The inviter's words to whom they invite.")
    state: InvitationState | UnknownValue = Field(description="As of now: an invitation runs out by itself.")
    delivery: InvitationDelivery | UnknownValue = Field(
        description="Whether the link that is good now went to the address alone, or to whoever invited them."
    )
    created_by: UserId
    invited_by: UserId = Field(description="Who stands for it: the last to make it, again or anew, or to send it.")
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    accepted_at: datetime | None = None
    accepted_by: UserId | None = None
    revoked_at: datetime | None = None
    revoked_by: UserId | None = None
    sent_count: int = Field(description="How many mails with its link went out.")
    last_sent_at: datetime | None = None
    version: int


class InvitationPublic(Resource):
    """What whoever holds its link may see of an invitation that can be accepted."""

    tenant: TenantPublic
    invited: str = Field(description="The invited address, masked but for its first letter and its domain.")
    invited_by: str = Field(description="What whoever stands for the invitation is called.")
    roles: list[str]
    message: str = Field(description="The inviter's words, as plain text; empty when there are none.")
    expires_at: datetime


class CreateInvitationInput(TenantInput):
    """Whom to invite, and to what."""

    email: Email
    roles: Roles = ["member"]
    message: Message | None = Field(default=None, description="Up to 500 characters of plain text, in lines.")
    expires_in_days: Days = Field(default=7, description="How long it can be accepted, 1 to 30.")
    send: bool = Field(default=True, description="Mail the link; else it is in the answer, once, to be handed over.")


class CreateInvitationResponse(Response):
    """The invitation, whether it is a new one, and its link if that is not mailed."""

    invitation: Invitation
    created: bool = Field(description="False when the address had a pending invitation, which was changed.")
    mail_requested: bool = Field(
        description="Whether a mail goes out; none does within a minute of the last, whose link then stays good."
    )
    link: str | None = Field(default=None, repr=False, description="Shown this once: whoever holds it can accept.")


class InvitationItemInput(Input):
    """One of many to invite. What is wrong with it is told in its outcome, and the others are invited."""

    email: Annotated[str, StringConstraints(max_length=500)]
    roles: list[Annotated[str, StringConstraints(max_length=100)]] = Field(default=["member"], max_length=50)
    message: Annotated[str, StringConstraints(max_length=2000)] | None = None


class CreateInvitationsInput(TenantInput):
    """Whom to invite, up to a hundred at once, each to roles of their own."""

    items: list[InvitationItemInput] = Field(min_length=1, max_length=100)
    expires_in_days: Days = Field(default=7, description="How long they can be accepted, 1 to 30.")
    send: bool = Field(default=True, description="Mail the links; else they are in the answer, once.")


class InvitationOutcome(Output):
    """What became of one item: an invitation, or a problem."""

    invitation: Invitation | None = None
    created: bool = False
    mail_requested: bool = False
    link: str | None = Field(default=None, repr=False, description="Shown this once: whoever holds it can accept.")
    problem: str | None = Field(default=None, description="A stable word for why it was not invited.")
    detail: str | None = Field(default=None, description="The same for people.")


class CreateInvitationsResponse(Response):
    """What became of each item, in the order of the input."""

    outcomes: list[InvitationOutcome]


class ListInvitationsInput(TenantPageInput):
    """Which invitations to list, newest first."""

    state: InvitationState | None = Field(default=None, description="As of now.")
    text: ShortLine | None = Field(default=None, description="Part of the address, without case.")


class ListInvitationsResponse(Page[Invitation]):
    """One page of invitations."""

    invitations: list[Invitation]


class GetInvitationInput(TenantInput):
    """Which invitation to get."""

    invitation: InvitationId


class ResendInvitationInput(TenantInput):
    """Which invitation to mail again, with a new link; the old one ends."""

    invitation: InvitationId
    expires_in_days: Days = Field(default=7, description="How long it can be accepted from now, 1 to 30.")


class RevokeInvitationInput(TenantInput):
    """Which invitation to revoke."""

    invitation: InvitationId


class GetInvitationPublicInput(TenantInput):
    """Which invitation to show, by its link."""

    token: InvitationToken = Field(repr=False, description="The last part of the link.")


class AcceptInvitationInput(TenantInput):
    """Which invitation to accept, by its link."""

    token: InvitationToken = Field(repr=False, description="The last part of the link.")


class AcceptInvitationResponse(Response):
    """Whether it is accepted, or will be by the sign-in that comes next in the same browser or client."""

    outcome: AcceptanceOutcome | UnknownValue
    connector: AuthConnectorPublic | None = Field(
        default=None, description="Where a sign-in is needed: the tenant's way in, if there is only one."
    )
    signed_in: SignedInPrivate | None = Field(
        default=None, description="The new session, if accepting began one; its token is in the cookie."
    )
