from typing import Literal, TypeAlias

from pydantic import Field

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
    "not_recent",
    "wrong_code",
    "code_expired",
    "code_used",
    "too_many_tries",
    "other_browser",
]
SignInFault: TypeAlias = Literal[
    # what the provider said (RFC 6749, OpenID Connect Core 3.1.2.6)
    "access_denied",
    "account_selection_required",
    "consent_required",
    "interaction_required",
    "invalid_request",
    "invalid_scope",
    "login_required",
    "server_error",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_response_type",
    # what was wrong with what it said, or with how it could be reached
    "address_refused",
    "algorithm_refused",
    "algorithm_unsupported",
    "ambiguous_key",
    "auth_time_missing",
    "auth_time_too_old",
    "bad_claim",
    "bad_metadata",
    "bad_signature",
    "bad_status",
    "bad_subject",
    "bad_token_response",
    "callback_issuer_mismatch",
    "callback_issuer_missing",
    "client_auth_unsupported",
    "client_rejected",
    "code_rejected",
    "code_unsupported",
    "connect_failed",
    "crit_refused",
    "dns_failed",
    "encoding_refused",
    "exchange_failed",
    "expired",
    "invalid_url",
    "issuer_mismatch",
    "missing_claim",
    "no_keys",
    "no_userinfo",
    "not_https",
    "not_json",
    "not_yet_valid",
    "pkce_unsupported",
    "redirect_refused",
    "timeout",
    "token_malformed",
    "token_too_large",
    "token_type",
    "too_large",
    "unknown_key",
    "userinfo_subject_mismatch",
    "wrong_at_hash",
    "wrong_audience",
    "wrong_authorized_party",
    "wrong_issuer",
    "wrong_nonce",
]


class EmailCodeRequested(Event):
    """A sign-in code is to be mailed; the mail goes out only if the address belongs to an active user."""

    kind: Literal["auth.email_code.requested"] = "auth.email_code.requested"
    sign_in_id: SignInId


class SignInFailed(Event):
    """A sign-in was refused, and why; for the tenant's administrators."""

    kind: Literal["auth.sign_in.failed"] = "auth.sign_in.failed"
    connector_id: AuthConnectorId
    reason: SignInFailure | UnknownValue
    fault: SignInFault | UnknownValue | None = Field(
        default=None, description="What exactly was wrong with the provider's answer, where it is about that."
    )
    sign_in_id: SignInId | None = Field(default=None, description="Which sign-in it was, where that is known.")
