"""Why a sign-in at a provider failed: a stable `reason` for programs and tests, a message for an admin."""

import contextlib
from collections.abc import Generator
from typing import Final, Literal, TypeAlias, get_args

from central_server.infra.outbound import BadStatusError, OutboundError, OutboundReason

Reason: TypeAlias = Literal[
    OutboundReason,
    # of discovery and keys
    "bad_metadata",
    "issuer_mismatch",
    "code_unsupported",
    "pkce_unsupported",
    "algorithm_unsupported",
    "no_keys",
    # of the callback and the token endpoint
    "callback_issuer_missing",
    "callback_issuer_mismatch",
    "client_auth_unsupported",
    "client_rejected",
    "code_rejected",
    "exchange_failed",
    "bad_token_response",
    # of the ID token
    "token_too_large",
    "token_malformed",
    "token_type",
    "algorithm_refused",
    "crit_refused",
    "unknown_key",
    "ambiguous_key",
    "bad_signature",
    "wrong_issuer",
    "wrong_audience",
    "wrong_authorized_party",
    "expired",
    "not_yet_valid",
    "missing_claim",
    "bad_claim",
    "bad_subject",
    "wrong_nonce",
    "wrong_at_hash",
    "auth_time_missing",
    "auth_time_too_old",
    # of userinfo
    "no_userinfo",
    "userinfo_subject_mismatch",
]
REASONS: Final[tuple[Reason, ...]] = get_args(Reason)


class OidcError(Exception):
    """A step of a sign-in that failed; `transient` says that the same step may succeed later."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(reason, message)
        self.reason: Reason = reason
        self.message = message
        self.transient = False

    def __str__(self) -> str:
        return self.message


class DiscoveryError(OidcError):
    """The provider's metadata or keys cannot be had or used."""


class CallbackError(OidcError):
    """What the browser brought back is not of the provider that was asked."""


class ExchangeError(OidcError):
    """The token endpoint gave no tokens."""


class IdTokenError(OidcError):
    """The ID token is not one for this sign-in."""


class UserinfoError(OidcError):
    """The userinfo endpoint gave nothing, or another person."""


@contextlib.contextmanager
def telling(error: type[OidcError], what: str) -> Generator[None]:
    """Turn an `OutboundError` into this error, under the reason it has there."""
    try:
        yield
    except OutboundError as failure:
        told = error(failure.reason, f"{what}: {failure}")
        told.transient = failure.transient or (isinstance(failure, BadStatusError) and failure.status >= 500)
        raise told from None
