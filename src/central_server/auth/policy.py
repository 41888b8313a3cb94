"""The decisions of signing in, as pure functions: whom a provider's word makes a user, and where to return to."""

import hmac
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from central.auth.events import SignInFailure, SignInFault
from central.errors import CentralError, ConflictError, ForbiddenError, UnauthenticatedError, ValidationFailedError
from central.kernel.ids import UserId
from central.kernel.text import Email
from central.users.models import User
from central_server.infra.oidc import Profile
from central_server.roles.policy import permissions_of
from central_server.sessions.tables import DBPrincipal
from central_server.users.policy import OWNER

_CODE_OF_TOKEN = b"central mailed code"
_EMAIL: TypeAdapter[str] = TypeAdapter(Email)
_REFUSALS: dict[SignInFailure, str] = {
    "provider_refused": "The identity provider did not sign you in.",
    "token_refused": "The identity provider's answer could not be trusted.",
    "user_unknown": "There is no account for you here; ask an administrator.",
    "email_not_verified": "The identity provider does not vouch for your address.",
    "email_taken": "Your address belongs to an account that is not linked to this provider; ask an administrator.",
    "domain_not_allowed": "Addresses of your domain are not let in here.",
    "domain_not_verified": "The domain of your address is not verified here; ask an administrator.",
    "user_disabled": "This account is disabled; ask an administrator.",
    "connector_disabled": "This way of signing in is switched off.",
    "not_recent": "The identity provider did not ask you to sign in again, as this needs.",
    "wrong_code": "This is not the code that was mailed.",
    "code_expired": "This code has expired.",
    "code_used": "This code was used already.",
    "too_many_tries": "This code was tried too often.",
    "other_browser": "This sign-in was begun in another browser.",
}
_REASONS: dict[str, SignInFailure] = {reason: reason for reason in _REFUSALS}
_FAULTS: dict[str, SignInFault] = {fault: fault for fault in get_args(SignInFault)}
LocalUser: TypeAlias = Literal["none", "unlinked", "linked"]


@dataclass(frozen=True, slots=True)
class Link:
    """Link the person to the existing user with this address, and sign in."""

    email: str


@dataclass(frozen=True, slots=True)
class Create:
    """Create a user with this address, and sign in."""

    email: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """Do not sign in."""

    reason: SignInFailure


Decision: TypeAlias = Link | Create | Refuse


@dataclass(frozen=True, slots=True)
class ConnectorTrust:
    """What a connector may do with a verified address, by its domain."""

    trusted_domains: Collection[str]
    just_in_time: bool
    allowed_domains: Collection[str]


def verified_email(profile: Profile) -> str | None:
    """Give the address that the provider vouches for: `email_verified` is the boolean true, and the address is one."""
    if not profile.email_verified:
        return None
    try:
        return _EMAIL.validate_python(profile.email)
    except ValidationError:
        return None


def decide_unknown_person(
    email: str | None, local: LocalUser, trust: ConnectorTrust, *, domain_verified: bool
) -> Decision:
    """Decide about a person whose `(connector, issuer, subject)` is new.

    `email` is the `verified_email`; `local` says whether a user has it, and whether they are linked to another
    person at this connector; `domain_verified` whether the tenant has shown that the address's domain is theirs. An
    address alone never finds a user: it must be verified, of a verified domain that the connector is trusted for, and
    the user unlinked (CVE-2026-56666, CVE-2023-3128).
    """
    if email is None:
        return Refuse("email_not_verified")
    domain = email.rpartition("@")[2].lower()
    if local == "linked" or (local == "unlinked" and domain not in trust.trusted_domains):
        return Refuse("email_taken")
    if local == "none" and not trust.just_in_time:
        return Refuse("user_unknown")
    if local == "none" and domain not in trust.allowed_domains:
        return Refuse("domain_not_allowed")
    if not domain_verified:
        return Refuse("domain_not_verified")
    return Link(email) if local == "unlinked" else Create(email)


def refusal(reason: SignInFailure) -> ForbiddenError:
    """Give the error that says why somebody was not signed in."""
    return ForbiddenError(_REFUSALS[reason], code=reason)


def reason_of(error: CentralError) -> SignInFailure | None:
    """Give the reason that administrators are told of, if it is one of theirs to know."""
    return _REASONS.get(error.code)


def fault_of(word: str | None) -> SignInFault | None:
    """Give what was wrong with a provider's answer, if it is a word that is known: providers may say anything."""
    return _FAULTS.get(word or "")


def code_of(token: str, digits: int) -> str:
    """Give the digits that stand for a mailed token, for typing.

    Whoever has the token has the code, and not the other way round; all codes are equally likely.
    """
    number = int.from_bytes(hmac.digest(token.encode(), _CODE_OF_TOKEN, "sha256"))
    return f"{number % 10**digits:0{digits}d}"


def check_may_impersonate(impersonator: UserId, user: User, system_permissions: Collection[str]) -> None:
    """Refuse to let somebody act as themselves, as an owner or as an operator; what others may do is judged apart."""
    if user.id == impersonator:
        raise ConflictError("You are this person already.", code="own_account")
    if OWNER in user.roles:
        raise ForbiddenError("Nobody acts in an owner's name.", code="owner_not_impersonated")
    if system_permissions:
        raise ForbiddenError("Nobody acts in an operator's name.", code="operator_not_impersonated")


def impersonated_permissions(principal: DBPrincipal, permissions: frozenset[str]) -> frozenset[str]:
    """Give what somebody may do in another's name: what both may.

    `UnauthenticatedError` when they may no longer act so, or the other has become an owner.
    """
    theirs = permissions_of(
        tuple(principal["impersonator_roles"] or ()), tuple(principal["impersonator_granted"] or ())
    )
    if "users:impersonate" not in theirs or OWNER in principal["roles"]:
        raise UnauthenticatedError("You may no longer act in this person's name.", code="impersonation_ended")
    return permissions & theirs


def check_return_to(target: str, own_origin: str, allowed_origins: Collection[str]) -> str:
    r"""Give the address to return to after a sign-in: a path on this server, or an address of an allowed origin.

    Read as a browser would (WHATWG URL): no control characters, no backslashes, nothing that a leading `//` or a
    user name could turn into another host. Raises `ValidationFailedError` for anything else.
    """
    not_allowed = ValidationFailedError.of(
        "returnTo", "Expected a path like '/app' or an address of an allowed origin", code="return_not_allowed"
    )
    if not target.isascii() or not target.isprintable() or "\\" in target or " " in target:
        raise not_allowed
    if target.startswith("/") and not target.startswith("//"):
        return target
    try:
        parts = urlsplit(target)
        origin = f"{parts.scheme}://{parts.netloc.lower()}"
    except ValueError:
        raise not_allowed from None
    if "@" not in parts.netloc and target.lower().startswith(f"{origin}") and origin in {own_origin, *allowed_origins}:
        return target
    raise not_allowed
