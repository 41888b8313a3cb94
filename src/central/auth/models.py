from datetime import datetime
from typing import Annotated, Literal, TypeAlias

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

Prompt: TypeAlias = Literal["login", "select_account"]


class StartEmailCodeSignInInput(TenantInput):
    """Whom to mail a code, and where the link in the mail leads after the sign-in."""

    email: Email
    return_to: LongLine | None = Field(
        default=None,
        description="A path on this server, or an address whose origin the server allows; for the mailed link.",
    )


class StartEmailCodeSignInResponse(Response):
    """A sign-in that waits for its code. It looks the same whether or not the address is known."""

    sign_in: SignInId
    expires_at: datetime


class VerifyEmailCodeInput(TenantInput):
    """The code that was mailed, from the browser or client that began the sign-in."""

    sign_in: SignInId
    code: Code


class SignedInPrivate(Response):
    """Who signed in, and the session they got; its token is in the cookie."""

    user: UserPrivate
    session: SessionPrivate


class StartProviderSignInInput(TenantInput):
    """By which connector to sign in, and where to come back to."""

    connector: AuthConnectorId
    return_to: LongLine = Field(
        default="/", description="A path on this server, or an address whose origin the server allows."
    )
    login_hint: Email | None = Field(default=None, description="Whom the provider should expect.")
    prompt: Prompt | None = Field(
        default=None, description="What the provider is to ask for, even of somebody whom it knows already."
    )
    max_age: int | None = Field(
        default=None,
        ge=0,
        le=2_592_000,
        description="How many seconds ago the provider may have asked for the person's credentials; 0: it asks now. "
        "It must then say when it did (`auth_time`), or the sign-in is refused.",
    )


class StartProviderSignInResponse(Response):
    """A sign-in that waits for the provider's answer."""

    sign_in: SignInId
    authorization_url: str = Field(description="Where to send the same browser.")
    expires_at: datetime


class SignOutInput(TenantInput):
    """End the session that asks."""
