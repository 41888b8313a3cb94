from types import NoneType

from central.access import SignedIn, TenantPermission
from central.emails.models import (
    AddMyEmailInput,
    AddUserEmailInput,
    ListMyEmailsInput,
    ListMyEmailsResponse,
    ListUserEmailsInput,
    ListUserEmailsResponse,
    MakeMyEmailPrimaryInput,
    MakeUserEmailPrimaryInput,
    RemoveMyEmailInput,
    RemoveUserEmailInput,
    StartEmailVerificationInput,
    StartEmailVerificationResponse,
    UserEmail,
    VerifyMyEmailInput,
)
from central.errors import ConflictError, ForbiddenError, GoneError, NotFoundError, RateLimitedError
from central.kernel.operation import Operation

LIST_USER_EMAILS = Operation(
    "emails.list",
    "GET",
    "/v1/tenants/{tenant}/users/{user}/emails",
    ListUserEmailsInput,
    ListUserEmailsResponse,
    access=TenantPermission("users:read"),
    summary="List a user's addresses, oldest first",
    errors=(NotFoundError,),
)

ADD_USER_EMAIL = Operation(
    "emails.add",
    "POST",
    "/v1/tenants/{tenant}/users/{user}/emails",
    AddUserEmailInput,
    UserEmail,
    access=TenantPermission("users:write"),
    summary="Give a user a further address",
    errors=(NotFoundError, ConflictError),
    status=201,
    description="It is not verified, and leads nobody to the user before it is.",
)

MAKE_USER_EMAIL_PRIMARY = Operation(
    "emails.make_primary",
    "POST",
    "/v1/tenants/{tenant}/users/{user}/emails/{email}/make-primary",
    MakeUserEmailPrimaryInput,
    UserEmail,
    access=TenantPermission("users:write", fresh=True),
    summary="Make an address of a user the one they are known by",
    errors=(NotFoundError,),
)

REMOVE_USER_EMAIL = Operation(
    "emails.remove",
    "DELETE",
    "/v1/tenants/{tenant}/users/{user}/emails/{email}",
    RemoveUserEmailInput,
    NoneType,
    access=TenantPermission("users:write"),
    summary="Take an address from a user",
    errors=(NotFoundError, ConflictError),
    status=204,
)

LIST_MY_EMAILS = Operation(
    "emails.list_mine",
    "GET",
    "/v1/tenants/{tenant}/me/emails",
    ListMyEmailsInput,
    ListMyEmailsResponse,
    access=SignedIn(),
    summary="List one's own addresses, oldest first",
    errors=(NotFoundError,),
)

ADD_MY_EMAIL = Operation(
    "emails.add_mine",
    "POST",
    "/v1/tenants/{tenant}/me/emails",
    AddMyEmailInput,
    UserEmail,
    access=SignedIn(),
    summary="Add an address of one's own",
    errors=(NotFoundError, ConflictError),
    status=201,
)

START_EMAIL_VERIFICATION = Operation(
    "emails.start_verification",
    "POST",
    "/v1/tenants/{tenant}/me/emails/{email}/start-verification",
    StartEmailVerificationInput,
    StartEmailVerificationResponse,
    access=SignedIn(fresh=True),
    summary="Mail a code to an address of one's own",
    errors=(NotFoundError, ConflictError, RateLimitedError),
    status=202,
    description="The code holds for 10 minutes and five tries. A verified address is a way to sign in.",
)

VERIFY_MY_EMAIL = Operation(
    "emails.verify",
    "POST",
    "/v1/tenants/{tenant}/me/emails/verify",
    VerifyMyEmailInput,
    UserEmail,
    access=SignedIn(fresh=True),
    summary="Show by the mailed code that an address is one's own",
    errors=(NotFoundError, GoneError, ForbiddenError),
)

MAKE_MY_EMAIL_PRIMARY = Operation(
    "emails.make_mine_primary",
    "POST",
    "/v1/tenants/{tenant}/me/emails/{email}/make-primary",
    MakeMyEmailPrimaryInput,
    UserEmail,
    access=SignedIn(fresh=True),
    summary="Be known by another of one's verified addresses",
    errors=(NotFoundError, ConflictError),
)

REMOVE_MY_EMAIL = Operation(
    "emails.remove_mine",
    "DELETE",
    "/v1/tenants/{tenant}/me/emails/{email}",
    RemoveMyEmailInput,
    NoneType,
    access=SignedIn(),
    summary="Remove an address of one's own",
    errors=(NotFoundError, ConflictError),
    status=204,
)

OPERATIONS = (
    LIST_USER_EMAILS,
    ADD_USER_EMAIL,
    MAKE_USER_EMAIL_PRIMARY,
    REMOVE_USER_EMAIL,
    LIST_MY_EMAILS,
    ADD_MY_EMAIL,
    START_EMAIL_VERIFICATION,
    VERIFY_MY_EMAIL,
    MAKE_MY_EMAIL_PRIMARY,
    REMOVE_MY_EMAIL,
)
