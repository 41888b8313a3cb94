from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints

from central.kernel.ids import AuthConnectorId, SignInId
from central.kernel.model import Response, TenantInput
from central.kernel.text import Email, LongLine
from central.sessions.models import SessionPrivate
from central.users.models import UserPrivate


def _without_spaces(value: object) -> object:
    return value.replace(" ", "") if isinstance(value, str) else value


Code = Annotated[
    str, BeforeValidator(_without_spaces), StringConstraints(max_length=12, pattern=r"^(?:[0-9]{6}){1,2}$")
]
"""The digits of a mailed code, six or twelve; spaces between them do not count."""


class StartEmailCodeSignInInput(TenantInput):
    """Whom to mail a code."""

    email: Email


class StartEmailCodeSignInResponse(Response):
    """A sign-in that waits for its code. It looks the same whether or not the address is known."""

    sign_in: SignInId
    expires_at: datetime


class VerifyEmailCodeInput(TenantInput):
    """The code that was mailed, from the browser or client that asked for it."""

    sign_in: SignInId
    code: Code


class SignedInPrivate(Response):
    """Who signed in, and the session they got; its token is in the cookie."""

    user: UserPrivate
    session: SessionPrivate


class StartOidcSignInInput(TenantInput):
    """By which connector to sign in, and where to come back to."""

    connector: AuthConnectorId
    return_to: LongLine = Field(
        default="/", description="A path on this server, or an address whose origin the server allows."
    )
    login_hint: Email | None = Field(default=None, description="Whom the provider should expect.")
    fresh: bool = Field(
        default=False, description="Have the provider ask for credentials again, for what takes a fresh sign-in."
    )


class StartOidcSignInResponse(Response):
    """A sign-in that waits for the provider's answer."""

    sign_in: SignInId
    authorization_url: str = Field(description="Where to send the same browser.")
    expires_at: datetime


class SignOutInput(TenantInput):
    """End the session that asks."""
