"""Between invitations as the database keeps them and as callers see them."""

from central.invitations.models import Invitation, InvitationPublic
from central.tenants.models import TenantPublic
from central_server.invitations.policy import masked
from central_server.invitations.tables import DBInvitation, DBOpenInvitation


def invitation_from(row: DBInvitation) -> Invitation:
    """Make the DTO of a row."""
    return Invitation.model_validate({**row})


def public_invitation_from(row: DBOpenInvitation, tenant: TenantPublic, inviter: str) -> InvitationPublic:
    """Make what the holder of the link may see of a row."""
    return InvitationPublic(
        tenant=tenant,
        invited=masked(row["email"]),
        invited_by=inviter,
        roles=row["roles"],
        message=row["message"] or "",
        expires_at=row["expires_at"],
    )
