from typing import Literal, TypeAlias

from central.kernel.events import Event
from central.kernel.ids import AuthConnectorId, SignInId
from central.kernel.unknown import UnknownValue

SignInFailure: TypeAlias = Literal[
    "provider_refused",
    "token_refused",
    "user_unknown",
    "email_not_verified",
    "email_taken",
    "domain_not_allowed",
    "domain_not_verified",
    "user_disabled",
    "connector_disabled",
]


class EmailCodeRequested(Event):
    """A sign-in code is to be mailed; the mail goes out only if the address belongs to an active user."""

    kind: Literal["auth.email_code.requested"] = "auth.email_code.requested"
    sign_in_id: SignInId


class SignInFailed(Event):
    """A sign-in by a provider was refused, and why; for the tenant's administrators."""

    kind: Literal["auth.sign_in.failed"] = "auth.sign_in.failed"
    connector_id: AuthConnectorId
    reason: SignInFailure | UnknownValue
