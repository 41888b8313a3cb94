from central.access import Anyone, TenantPermission
from central.errors import (
    ConflictError,
    ForbiddenError,
    GoneError,
    NotFoundError,
    RateLimitedError,
    UnauthenticatedError,
)
from central.invitations.models import (
    AcceptInvitationInput,
    AcceptInvitationResponse,
    CreateInvitationInput,
    CreateInvitationResponse,
    CreateInvitationsInput,
    CreateInvitationsResponse,
    GetInvitationInput,
    GetInvitationPublicInput,
    Invitation,
    InvitationPublic,
    ListInvitationsInput,
    ListInvitationsResponse,
    ResendInvitationInput,
    RevokeInvitationInput,
)
from central.kernel.operation import Operation

CREATE_INVITATION = Operation(
    "invitations.create",
    "POST",
    "/v1/tenants/{tenant}/invitations",
    CreateInvitationInput,
    CreateInvitationResponse,
    access=TenantPermission("invitations:write"),
    summary="Invite somebody, or change their pending invitation",
    errors=(NotFoundError, RateLimitedError),
    description="An address has one pending invitation at most: inviting it again changes that one. Nobody invites to "
    "roles beyond what they hold, and only owners invite owners, also when the invitation is accepted.",
    secret=True,
)
CREATE_INVITATIONS = Operation(
    "invitations.create_many",
    "POST",
    "/v1/tenants/{tenant}/invitation-batches",
    CreateInvitationsInput,
    CreateInvitationsResponse,
    access=TenantPermission("invitations:write"),
    summary="Invite up to a hundred people at once",
    errors=(NotFoundError,),
    description="All in one transaction. An item with a problem is told in its outcome, and stops no other; of two "
    "with the same address the first counts.",
    secret=True,
)
LIST_INVITATIONS = Operation(
    "invitations.list",
    "GET",
    "/v1/tenants/{tenant}/invitations",
    ListInvitationsInput,
    ListInvitationsResponse,
    access=TenantPermission("invitations:read"),
    summary="List invitations, newest first",
    errors=(NotFoundError,),
)
GET_INVITATION = Operation(
    "invitations.get",
    "GET",
    "/v1/tenants/{tenant}/invitations/{invitation}",
    GetInvitationInput,
    Invitation,
    access=TenantPermission("invitations:read"),
    summary="Get an invitation",
    errors=(NotFoundError,),
)
RESEND_INVITATION = Operation(
    "invitations.resend",
    "POST",
    "/v1/tenants/{tenant}/invitations/{invitation}/resend",
    ResendInvitationInput,
    Invitation,
    access=TenantPermission("invitations:write"),
    summary="Mail an invitation again, with a new link and new time",
    errors=(NotFoundError, ConflictError, RateLimitedError),
    description="The old link ends at once. Once a minute for one invitation, ten times in a day for one address.",
)
REVOKE_INVITATION = Operation(
    "invitations.revoke",
    "POST",
    "/v1/tenants/{tenant}/invitations/{invitation}/revoke",
    RevokeInvitationInput,
    Invitation,
    access=TenantPermission("invitations:write"),
    summary="Revoke an invitation: its link ends at once",
    errors=(NotFoundError, ConflictError),
)
GET_INVITATION_PUBLIC = Operation(
    "invitations.get_public",
    "POST",
    "/v1/tenants/{tenant}/auth/invitation",
    GetInvitationPublicInput,
    InvitationPublic,
    access=Anyone(),
    summary="Show whoever holds its link who invites them to what",
    errors=(ForbiddenError, NotFoundError, GoneError),
    description="Changes nothing. The token travels in the body, since addresses end up in logs.",
    rate="code",
)
ACCEPT_INVITATION = Operation(
    "invitations.accept",
    "POST",
    "/v1/tenants/{tenant}/auth/invitation/accept",
    AcceptInvitationInput,
    AcceptInvitationResponse,
    access=Anyone(),
    summary="Accept an invitation",
    errors=(UnauthenticatedError, ForbiddenError, NotFoundError, ConflictError, GoneError),
    description="Somebody new gets an account and is signed in, where the tenant mails codes. Everybody else signs in "
    "by their usual way, before or after: then the sign-in that comes within half an hour, in the same browser or "
    "client, accepts. It is used up only when that succeeds, once, and never by another signed-in user or in "
    "another's name. Whoever is a user already becomes an owner only by a sign-in of the last ten minutes.",
    rate="sign_in",
)

OPERATIONS = (
    CREATE_INVITATION,
    CREATE_INVITATIONS,
    LIST_INVITATIONS,
    GET_INVITATION,
    RESEND_INVITATION,
    REVOKE_INVITATION,
    GET_INVITATION_PUBLIC,
    ACCEPT_INVITATION,
)
