from typing import Literal

from central.invitations.models import InvitationDelivery
from central.kernel.events import Changed, Event
from central.kernel.ids import InvitationId, UserId
from central.kernel.unknown import UnknownValue


class InvitationCreated(Event):
    """Somebody was invited; by hand means that whoever invited them was shown the link."""

    kind: Literal["invitation.created"] = "invitation.created"
    invitation_id: InvitationId
    delivery: InvitationDelivery | UnknownValue


class InvitationUpdated(Changed):
    """A pending invitation was made again: with other roles, words or time, or with a new link."""

    told = frozenset({"roles", "expires_at"})
    withheld = frozenset({"message"})

    kind: Literal["invitation.updated"] = "invitation.updated"
    invitation_id: InvitationId
    delivery: InvitationDelivery | UnknownValue


class InvitationMailRequested(Event):
    """The link of an invitation is to be mailed."""

    kind: Literal["invitation.mail_requested"] = "invitation.mail_requested"
    invitation_id: InvitationId


class InvitationMailed(Event):
    """The link of an invitation was handed to the mail server."""

    kind: Literal["invitation.mailed"] = "invitation.mailed"
    invitation_id: InvitationId


class InvitationMailRefused(Event):
    """The mail server refused an invitation's mail for good: nobody has this address."""

    kind: Literal["invitation.mail_refused"] = "invitation.mail_refused"
    invitation_id: InvitationId


class InvitationAccepted(Event):
    """An invitation was used up: the user holds its roles."""

    kind: Literal["invitation.accepted"] = "invitation.accepted"
    invitation_id: InvitationId
    user_id: UserId


class InvitationRevoked(Event):
    """A pending invitation was revoked."""

    kind: Literal["invitation.revoked"] = "invitation.revoked"
    invitation_id: InvitationId


class InvitationExpired(Event):
    """A pending invitation ran out; that was at its end, and is told some minutes later, or when a new one is made."""

    kind: Literal["invitation.expired"] = "invitation.expired"
    invitation_id: InvitationId
