from types import NoneType

from central.access import Anyone, SignedIn
from central.auth.models import (
    SignedInPrivate,
    SignOutInput,
    StartEmailCodeSignInInput,
    StartEmailCodeSignInResponse,
    StartProviderSignInInput,
    StartProviderSignInResponse,
    VerifyEmailCodeInput,
)
from central.errors import ForbiddenError, GoneError, NotFoundError, RateLimitedError, UnauthenticatedError
from central.kernel.operation import BrowserRoute, Operation

START_EMAIL_CODE_SIGN_IN = Operation(
    "auth.start_email_code",
    "POST",
    "/v1/tenants/{tenant}/auth/email-code/start",
    StartEmailCodeSignInInput,
    StartEmailCodeSignInResponse,
    access=Anyone(),
    summary="Mail a sign-in code",
    errors=(NotFoundError, RateLimitedError),
    status=202,
    description="The answer is the same for known and unknown addresses. The code holds for 10 minutes and five "
    "tries, in the browser or client that asked. Where many are asked for, a code has twelve digits and is good for "
    "every sign-in of its address that is under way; some of these are then mailed none of their own.",
    rate="sign_in",
)
VERIFY_EMAIL_CODE = Operation(
    "auth.verify_email_code",
    "POST",
    "/v1/tenants/{tenant}/auth/email-code/verify",
    VerifyEmailCodeInput,
    SignedInPrivate,
    access=Anyone(),
    summary="Sign in with a mailed code",
    errors=(UnauthenticatedError, ForbiddenError, NotFoundError, GoneError),
    rate="code",
)
START_PROVIDER_SIGN_IN = Operation(
    "auth.start_provider",
    "POST",
    "/v1/tenants/{tenant}/auth/provider/start",
    StartProviderSignInInput,
    StartProviderSignInResponse,
    access=Anyone(),
    summary="Begin a sign-in at a provider",
    errors=(NotFoundError, ForbiddenError),
    status=201,
    rate="sign_in",
)
SIGN_OUT = Operation(
    "auth.sign_out",
    "POST",
    "/v1/tenants/{tenant}/auth/sign-out",
    SignOutInput,
    NoneType,
    access=SignedIn(impersonation="allowed"),
    summary="Sign out: end the session that asks",
    errors=(NotFoundError,),
    status=204,
)

OPERATIONS = (START_EMAIL_CODE_SIGN_IN, VERIFY_EMAIL_CODE, START_PROVIDER_SIGN_IN, SIGN_OUT)

PROVIDER_START = BrowserRoute(
    "auth.provider_start",
    "GET",
    "/v1/tenants/{tenant}/auth-connectors/{connector}/start",
    "Send the browser to the provider.",
    rate="sign_in",
)
PROVIDER_CALLBACK = BrowserRoute(
    "auth.provider_callback",
    "GET",
    "/v1/tenants/{tenant}/auth-connectors/{connector}/callback",
    "Where the provider sends the browser back: sets the session cookie and returns to the application.",
    rate="sign_in",
)
