"""Signing tools in, by somebody in a browser: terminals, notebooks and remote machines."""

from types import NoneType

from central.access import Anyone, SignedIn
from central.auth.models import SignedInPrivate
from central.errors import ConflictError, ForbiddenError, GoneError, NotFoundError, RateLimitedError
from central.kernel.operation import Operation
from central.tool_sign_ins.models import (
    ApproveDeviceSignInInput,
    DenyDeviceSignInInput,
    DenyDeviceSignInResponse,
    ExchangeLoopbackCodeInput,
    GetDeviceSignInInput,
    PollDeviceSignInInput,
    StartDeviceSignInInput,
    StartDeviceSignInResponse,
    StartLoopbackSignInInput,
    StartLoopbackSignInResponse,
    ToolSignIn,
)

START_DEVICE_SIGN_IN = Operation(
    "auth.start_device",
    "POST",
    "/v1/tenants/{tenant}/auth/device/start",
    StartDeviceSignInInput,
    StartDeviceSignInResponse,
    access=Anyone(),
    summary="Begin the sign-in of a tool, to be approved in any browser",
    errors=(NotFoundError, ForbiddenError),
    status=201,
    description="The device grant of RFC 8628. The tool shows the code and the address, and polls.",
    rate="sign_in",
)
POLL_DEVICE_SIGN_IN = Operation(
    "auth.poll_device",
    "POST",
    "/v1/tenants/{tenant}/auth/device/poll",
    PollDeviceSignInInput,
    SignedInPrivate,
    access=Anyone(),
    summary="Take the session of a tool, once it is approved",
    errors=(ConflictError, ForbiddenError, GoneError, NotFoundError, RateLimitedError),
    description="Until then 409 `authorization_pending`; 429 `slow_down` for polling too often: five more seconds "
    "between polls from then on; 403 `access_denied`; 410 `expired_token`, also after the one time it gave a session.",
)
GET_DEVICE_SIGN_IN = Operation(
    "auth.get_device",
    "GET",
    "/v1/tenants/{tenant}/auth/device",
    GetDeviceSignInInput,
    ToolSignIn,
    access=SignedIn(),
    summary="See which tool asks, before approving it",
    errors=(NotFoundError, RateLimitedError),
    description="A wrong code counts: after ten the caller waits for the next, a minute each.",
)
APPROVE_DEVICE_SIGN_IN = Operation(
    "auth.approve_device",
    "POST",
    "/v1/tenants/{tenant}/auth/device/approve",
    ApproveDeviceSignInInput,
    NoneType,
    access=SignedIn(fresh=True),
    summary="Let a tool act as oneself",
    errors=(ConflictError, ForbiddenError, NotFoundError, RateLimitedError),
    status=204,
    description="The approval ends with the session that gave it.",
)
DENY_DEVICE_SIGN_IN = Operation(
    "auth.deny_device",
    "POST",
    "/v1/tenants/{tenant}/auth/device/deny",
    DenyDeviceSignInInput,
    DenyDeviceSignInResponse,
    access=SignedIn(),
    summary="Refuse a tool",
    errors=(ConflictError, NotFoundError, RateLimitedError),
    description="A tool that listens on the person's machine waits for their browser: send it to `redirectUrl`.",
)
START_LOOPBACK_SIGN_IN = Operation(
    "auth.start_loopback",
    "POST",
    "/v1/tenants/{tenant}/auth/loopback/start",
    StartLoopbackSignInInput,
    StartLoopbackSignInResponse,
    access=Anyone(),
    summary="Begin the sign-in of a tool, to be approved in the browser beside it",
    errors=(NotFoundError, ForbiddenError),
    status=201,
    description="The loopback redirection of RFC 8252 with PKCE. All that the page acts on is sent here before "
    "(RFC 9126), so that nothing can be changed in the browser's address. After the approval the browser goes to "
    "`redirectUri` with `code` and `state`, or with `error=access_denied` and `state`.",
    rate="sign_in",
)
EXCHANGE_LOOPBACK_CODE = Operation(
    "auth.exchange_loopback_code",
    "POST",
    "/v1/tenants/{tenant}/auth/loopback/exchange",
    ExchangeLoopbackCodeInput,
    SignedInPrivate,
    access=Anyone(),
    summary="Take the session of a tool for the code that the browser brought",
    errors=(ForbiddenError, GoneError, NotFoundError),
    description="The code holds for 60 seconds and one try, be it a wrong one.",
    rate="code",
)

OPERATIONS = (
    START_DEVICE_SIGN_IN,
    POLL_DEVICE_SIGN_IN,
    GET_DEVICE_SIGN_IN,
    APPROVE_DEVICE_SIGN_IN,
    DENY_DEVICE_SIGN_IN,
    START_LOOPBACK_SIGN_IN,
    EXCHANGE_LOOPBACK_CODE,
)
